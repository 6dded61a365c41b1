// Rows onto a dataset with columns of every type: exact values are taken, the others told.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LakehouseError } from "#kernel/problem.ts";
import { lakesOfOneEngine, put, select, textOf, type Lake } from "./open-lake.suite.ts";

const openLake = lakesOfOneEngine();

const TYPES = {
  n: "int",
  big: "long",
  pay: "decimal(10,2)",
  f: "float",
  day: "date",
  at: "timestamptz",
  id: "uuid",
  ok: "boolean",
  note: "string",
};

async function register(lake: Lake, name: string, types: Readonly<Record<string, string>>) {
  const fields = Object.entries(types).map(([column, type]) => ({
    name: column,
    type,
    nullable: true,
  }));
  await lake.catalog.register({ name, fields });
}

const ID = "550e8400-e29b-41d4-a716-446655440000";
const GOOD = ["7", "9", "12.50", "0.1", "2024-01-05", "2024-01-05T12:00:00+02:00", ID, "true"];

test("CSV and NDJSON go onto columns of every type; rows that do not fit are kept aside", async (t) => {
  const lake = await openLake(t);
  await register(lake, "all_types", TYPES);
  const names = Object.keys(TYPES);
  const bad = GOOD.with(2, "12.505");
  const csv = [names, [...GOOD, "007"], [...bad, "cut"], GOOD.with(0, "3000000000")]
    .map((row) => row.join(","))
    .join("\n");
  const first = await put(lake, "all_types", "a.csv", csv);
  assert.deepEqual([first.rows, first.rejected_rows], [1, 2]);
  assert.deepEqual(
    first.columns.map(({ name, type }) => [name, type]),
    Object.entries(TYPES),
  );
  const kept = await lake.storage.get({ key: first.rejects_key! });
  const rejects = (await textOf(kept.body)).trimEnd().split("\n");
  assert.deepEqual(rejects.map((line) => JSON.parse(line) as unknown).at(0), {
    line: 3,
    column: "pay",
    reason: '"12.505" does not fit decimal(10,2)',
    text: [...bad, "cut"].join(","),
  });
  const object = (row: readonly string[]) =>
    JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at]])));
  const ndjson = `${object([...GOOD, "x"])}\n${object([...bad, "y"])}\n`;
  const second = await put(lake, "all_types", "b.ndjson", ndjson);
  assert.deepEqual([second.rows, second.rejected_rows], [1, 1]);
  const rows = await select(lake, "SELECT * FROM all_types ORDER BY note");
  const exact = [7, 9, 12.5, Math.fround(0.1), "2024-01-05", "2024-01-05T10:00:00Z", ID, true];
  assert.deepEqual(
    rows.map((row) => row.with(3, Math.fround(Number(row[3])))),
    [
      [...exact, "007"],
      [...exact, "x"],
    ],
  );
});

test("evolve widens a column for a later file; without it such rows are kept aside", async (t) => {
  const lake = await openLake(t);
  await register(lake, "w", { n: "int" });
  const csv = "n\n1\n3000000000\n";
  const narrow = await put(lake, "w", "a.csv", csv);
  assert.deepEqual([narrow.rows, narrow.rejected_rows, narrow.columns[0]!.type], [1, 1, "int"]);
  const wide = await put(lake, "w", "b.csv", "n\n2\n4000000000\n", { evolve: true });
  assert.deepEqual([wide.rows, wide.rejected_rows, wide.columns[0]!.type], [2, 0, "long"]);
  assert.deepEqual(await select(lake, "SELECT n FROM w ORDER BY n"), [[1], [2], [4000000000]]);
  const never = put(lake, "w", "c.csv", "n\nx\n", { evolve: true });
  await assert.rejects(never, (error: LakehouseError) => {
    assert.equal(error.reason, "schema_differs");
    assert.match(error.message, /"n" is long, and "x" \(string\) in row 1 does not fit/);
    return true;
  });
});
