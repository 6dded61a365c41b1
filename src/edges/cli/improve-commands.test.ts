// `lakehouse eval` and `lift` on a set that stands anywhere.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openCommandLine } from "./command-line.suite.ts";

/** Three requests to remember and two to ask, as its test part. */
async function intentSet(dir: string): Promise<string> {
  const set = join(dir, "desk");
  const parts = {
    train: { lamp: ["turn on the lamp", "lamp on please"], song: ["play the next song"] },
    test: { lamp: ["please turn the lamp on"], song: ["play another song"] },
  };
  for (const [part, labels] of Object.entries(parts)) {
    await mkdir(join(set, part), { recursive: true });
    const lines = Object.entries(labels).flatMap(([label, texts]) =>
      texts.map((text) => ({ label, text })),
    );
    await writeFile(join(set, part, "seq.in"), lines.map(({ text }) => `${text}\n`).join(""));
    await writeFile(join(set, part, "label"), lines.map(({ label }) => `${label}\n`).join(""));
  }
  return set;
}

test("a path names a set outside of the configured folder, and its test part can be asked", async (t) => {
  const set = await intentSet(await tempDir(t));
  const line = await openCommandLine(t, "");
  const { code, out, notes } = await line.run("--json", "eval", set, "--split", "test");
  assert.equal(code, 0, notes);
  const report = JSON.parse(out) as { set: string; queries: number; corpus_items: number };
  assert.deepEqual([report.set, report.queries, report.corpus_items], ["desk", 2, 3]);
  const bare = await line.run("eval", "desk");
  assert.equal(bare.code, 2);
  assert.match(bare.notes, /no query set "desk"/);
});

test("a server reads no sets of its callers' folders, and says so", async (t) => {
  const set = await intentSet(await tempDir(t));
  const line = await openCommandLine(t, "");
  for (const command of [
    ["eval", set],
    ["lift", "--set", set],
  ]) {
    const { code, notes } = await line.run("--url", "http://127.0.0.1:9", ...command);
    assert.equal(code, 2);
    assert.match(notes, /invalid\/sets_elsewhere/);
  }
});
