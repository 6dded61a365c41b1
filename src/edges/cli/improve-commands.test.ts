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

test("of a set in BEIR form, texts of another set that find nothing are counted", async (t) => {
  const dir = await tempDir(t);
  await intentSet(dir);
  const set = join(dir, "tides");
  await mkdir(join(set, "qrels"), { recursive: true });
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const documents = [
    { _id: "d1", text: "Spring tides come when moon and sun pull the sea in one line." },
    { _id: "d2", text: "Neap tides are the smallest, a week after the spring tide." },
  ];
  await writeFile(join(set, "corpus.jsonl"), lines(documents));
  await writeFile(
    join(set, "queries.jsonl"),
    lines([{ _id: "q1", text: "when are spring tides" }]),
  );
  await writeFile(join(set, "qrels/test.tsv"), "query-id\tcorpus-id\tscore\nq1\td1\t1\n");
  const line = await openCommandLine(t, "");
  const asked = ["eval", set, "--split", "test", "--off-topic", "desk"];
  const { code, out, notes } = await line.run("--json", ...asked);
  assert.equal(code, 0, notes);
  const { by_mode } = JSON.parse(out) as { by_mode: Record<string, Record<string, number>> };
  assert.equal(by_mode["matrix"]!["recall@1"], 1);
  assert.equal(by_mode["matrix"]!["refused"], 0);
  const off = by_mode["off topic"]!;
  assert.deepEqual([off["refused, desk"], off["refused, desk, n"]], [1, 2]);
  const unknown = await line.run("eval", set, "--split", "test", "--off-topic", "tide");
  assert.match(unknown.notes, /not_found\/no_such_set/);
  const other_form = await line.run("eval", join(dir, "desk"), "--off-topic", "tides");
  assert.match(other_form.notes, /rejected\/set_not_understood/);
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
