// `lakehouse memory export` to standard output and to a file.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openCommandLine } from "./command-line.suite.ts";

test("memory is exported to standard output unless a file is named, byte for byte", async (t) => {
  const line = await openCommandLine(t, "");
  const added = await line.run("memory", "add", "gate 4 is shut – Mondays", "--class", "notes");
  assert.equal(added.code, 0, added.notes);
  const file = join(await tempDir(t), "memory.jsonl");
  assert.equal((await line.run("memory", "export", file, "--class", "notes")).code, 0);
  const written = await readFile(file, "utf8");
  assert.match(written, /gate 4 is shut – Mondays/);
  for (const named of [[], ["-"]]) {
    const { code, out, notes } = await line.run("memory", "export", ...named, "--class", "notes");
    assert.deepEqual([code, out], [0, written], notes);
    assert.match(notes, /1 rows?/);
  }
});
