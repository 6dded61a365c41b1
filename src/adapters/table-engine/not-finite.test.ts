// Numbers too large for a double in a statement: it runs, and is guarded as any other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allRows, failsWith, sqlRequest } from "#ports/table-engine.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createDuckDbEngine } from "./duckdb-table-engine.ts";

test("a statement with a number that overflows runs, and stays read-only", async (t) => {
  const dir = await tempDir(t);
  const opened = { memory_mb: 128, threads: 1, temp_dir: `${dir}/tmp`, data_dir: dir };
  const engine = await createDuckDbEngine(opened);
  t.after(() => engine.close());
  const ask = (sql: string) => allRows(engine, sqlRequest(sql));
  assert.deepEqual(await ask("SELECT 1 < 1e400, -1e400 < 1, 1e400::DOUBLE = 'inf'::DOUBLE"), [
    [true, true, true],
  ]);
  assert.deepEqual(await ask(`SELECT ':Infinity "NaN\\' AS ",-Infinity", 1 < 1e400; -- end`), [
    [':Infinity "NaN\\', true],
  ]);
  assert.deepEqual(await ask("SELECT i FROM range(3) r(i) WHERE i < -1e400 OR i > 1"), [[2]]);
  await assert.rejects(ask("SELECT 1e400 INTO x"), failsWith("invalid", "sql_syntax"));
  for (const sql of [
    "DELETE FROM x WHERE i < 1e400",
    "SELECT 1e400, content FROM read_text('/etc/passwd')",
    "SELECT list_resize([1], 1e400)",
    "SELECT len(range(1e400))",
    "SELECT repeat('x', 1e400)",
  ]) {
    await assert.rejects(ask(sql), failsWith("forbidden", "not_read_only"), sql);
  }
});
