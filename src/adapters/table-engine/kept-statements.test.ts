// Asking the same again: each answer is of its own values, its own tables and its own moment.
import assert from "node:assert/strict";
import { test } from "node:test";
import { convertText, failsWith } from "#ports/table-engine.suite.ts";
import { openEngine } from "./kept-statements.suite.ts";

test("a value that is left out is missed, never taken from who asked before", async (t) => {
  const { ask } = await openEngine(t);
  const sql = "SELECT $1 AS a, $2 AS b";
  assert.deepEqual(await ask(sql, ["mine", "secret"]), [["mine", "secret"]]);
  await assert.rejects(ask(sql, ["yours"]), failsWith("invalid", "sql_failed"));
  assert.deepEqual(await ask(sql, [1, 2.5]), [[1, 2.5]]);
  assert.deepEqual(await ask(sql, ["x", null]), [["x", null]]);
});

test("a table that changed, also its columns, is read as it is now", async (t) => {
  const { dir, engine, ask } = await openEngine(t);
  const sql = "SELECT * FROM people WHERE id >= $1 ORDER BY id";
  const shown = async (text: string) => {
    const { columns, target_path } = await convertText(engine, dir, text);
    const uris = [target_path];
    const relation = { kind: "parquet", schema: "main", name: "people", columns, uris } as const;
    return { relations: [relation] };
  };
  const first = await shown("id\n1\n2\n");
  const second = await shown("id,city\n2,Bern\n3,Rome\n");
  for (const _ of [1, 2]) {
    assert.deepEqual(await ask(sql, [2], first), [[2]]);
    assert.deepEqual(await ask(sql, [1], first), [[1], [2]]);
    assert.deepEqual(await ask(sql, [3], second), [[3, "Rome"]]);
  }
});

test("the time, chance and failures are of each run", async (t) => {
  const { ask } = await openEngine(t);
  const sql = "SELECT epoch_us(now()), random() AS any_number";
  const [first] = await ask(sql);
  const [second] = await ask(sql);
  assert.ok(Number(second![0]) > Number(first![0]), `${String(first)} ${String(second)}`);
  assert.notEqual(second![1], first![1]);
  const cast = "SELECT CAST($1 AS INTEGER) AS n";
  assert.deepEqual(await ask(cast, ["7"]), [[7]]);
  await assert.rejects(ask(cast, ["seven"]), failsWith("invalid", "sql_failed"));
  assert.deepEqual(await ask(cast, ["8"]), [[8]]);
});
