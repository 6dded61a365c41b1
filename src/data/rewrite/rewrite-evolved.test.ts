// Deletes and reads over columns that came later, were renamed, widened, dropped or hold NULL.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lakesOfOneEngine, put, select, type Lake } from "#data/ingest/open-lake.suite.ts";

const openLake = lakesOfOneEngine();

const ids = async (lake: Lake, where: string): Promise<unknown[]> =>
  (await select(lake, `SELECT id FROM d WHERE ${where} ORDER BY id`)).flat();

test("a delete takes rows for which its condition is true, not those where it is NULL", async (t) => {
  const lake = await openLake(t);
  await put(lake, "d", "a.csv", "id,v\n1,x\n2,\n3,y\n");
  // Files from before the column: all NULL there, and no statistics of it.
  await put(lake, "d", "b.csv", "id,v,w\n4,,5\n5,x,\n", { evolve: true });
  const deleted = async (where: string, params: number[] = []) =>
    (await lake.rewrite.delete_rows({ dataset: "d", where, params })).deleted_rows;
  assert.equal(await deleted("v = NULL"), 0);
  assert.equal(await deleted("v NOT IN ('q', NULL)"), 0);
  assert.equal(await deleted("w > 5 OR NOT (w <= 5)"), 0);
  assert.equal(await deleted("v <> 'x' AND w IS NULL"), 1);
  assert.deepEqual(await ids(lake, "true"), [1, 2, 4, 5]);
  assert.equal(await deleted("v IS DISTINCT FROM 'x' AND w IS NULL"), 1);
  assert.deepEqual(await ids(lake, "true"), [1, 4, 5]);
  assert.equal(await deleted("w IS NULL"), 2);
  assert.equal(await deleted("v IS NULL AND w = $1", [5]), 1);
  assert.deepEqual(await ids(lake, "true"), []);
});

test("files are found by what their columns were, whatever these are called now", async (t) => {
  const lake = await openLake(t);
  const { catalog } = lake;
  const alter = (...fields: Parameters<typeof catalog.alter>[0]["fields"] & object) =>
    catalog.alter({ name: "d", fields });
  const fields = [
    { name: "id", type: "int" },
    { name: "v", type: "float" },
    { name: "s", type: "string" },
  ];
  await catalog.register({ name: "d", fields });
  await put(lake, "d", "a.csv", "id,v,s\n1,0.1,old\n2,2.5,\n");
  await alter(
    { change: "widen", name: "id", type: "long" },
    { change: "widen", name: "v", type: "double" },
    { change: "drop", name: "s" },
    { change: "add", name: "s", type: "string" },
  );
  await put(lake, "d", "b.csv", "id,v,s\n5000000000,0.1,old\n-1,1e300,new\n");
  // Bounds of four bytes and of eight, of floats and of doubles.
  assert.deepEqual(await ids(lake, "id >= 2"), [2, 5_000_000_000]);
  assert.deepEqual(await ids(lake, "id < 2"), [-1, 1]);
  assert.deepEqual(await ids(lake, "v = 0.1::FLOAT"), [1]);
  assert.deepEqual(await ids(lake, "v = 0.1"), [5_000_000_000]);
  assert.deepEqual(await ids(lake, "v > 1e100"), [-1]);
  // The name is back, the column is another one.
  assert.deepEqual(await ids(lake, "s = 'old'"), [5_000_000_000]);
  assert.deepEqual(await ids(lake, "s IS NULL"), [1, 2]);
  await alter(
    { change: "rename", name: "v", to: "id2" },
    { change: "rename", name: "id", to: "v" },
  );
  await alter({ change: "rename", name: "id2", to: "id" });
  const done = await lake.rewrite.delete_rows({ dataset: "d", where: "v = 2 AND id = 2.5" });
  assert.deepEqual([done.deleted_rows, done.removed_files], [1, 1]);
  await lake.rewrite.compact({ dataset: "d", all: true });
  assert.deepEqual(await select(lake, "SELECT v, s FROM d ORDER BY v"), [
    [-1, "new"],
    [1, null],
    [5_000_000_000, "old"],
  ]);
});
