// Deletes and compaction on a real lake: rows that nobody deleted stay, whoever else writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { commitForeign } from "#data/catalog/foreign-writer.suite.ts";
import { lakesOfOneEngine, put, select, type Lake } from "#data/ingest/open-lake.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { keysOf } from "./rewrite.suite.ts";

const openLake = lakesOfOneEngine();

const MODEL_COLUMNS = "id,grp,v";

async function parquetObjects(lake: Lake): Promise<number> {
  const { objects } = await lake.storage.list({ limit: 1000 });
  return objects.filter(({ key }) => key.endsWith(".parquet")).length;
}

eachTransport(
  "rows are deleted; files without them stay, files of nothing else go",
  async (connect, t) => {
    const lake = await openLake(t, { connect });
    for (const [from, v] of [
      ["1,a", "x"],
      ["2,b", "y"],
      ["3,c", "x"],
    ]) {
      await put(lake, "d", "f.csv", `${MODEL_COLUMNS}\n${from},${v}\n1${from},z\n`);
    }
    const before = await keysOf(lake, "d");
    const done = await lake.rewrite.delete_rows({ dataset: "d", where: "id = 2" });
    const { deleted_rows, removed_files, added_files, rows } = done;
    assert.deepEqual([deleted_rows, removed_files, added_files, rows], [1, 1, 1, 5]);
    assert.equal((await keysOf(lake, "d")).filter((key) => before.includes(key)).length, 2);
    // Every row of a file: nothing is written anew, and the snapshot is a delete.
    const whole = await lake.rewrite.delete_rows({
      dataset: "d",
      where: "id IN ($1, 13)",
      params: [3],
    });
    assert.deepEqual([whole.removed_files, whole.added_files, whole.rows], [1, 0, 3]);
    assert.equal((await lake.catalog.snapshots({ name: "d" })).snapshots[0]!.operation, "delete");
    const none = await lake.rewrite.delete_rows({ dataset: "d", where: "d.v = 'nope'" });
    assert.deepEqual([none.snapshot_id, none.deleted_rows, none.rows], [null, 0, 3]);
    const at = { at: done.snapshot_id! };
    assert.deepEqual(await select(lake, "SELECT count(*) FROM d", at), [[5]]);
    const all = await lake.rewrite.delete_rows({ dataset: "d", where: "true" });
    assert.deepEqual([all.rows, all.deleted_rows], [0, 3]);
    assert.deepEqual(await select(lake, "SELECT count(*) FROM d"), [[0]]);
  },
);

test("a condition that is not one is refused, and changes nothing", async (t) => {
  const lake = await openLake(t);
  await put(lake, "d", "f.csv", "id,v\n1,a\n2,b\n");
  const before = [await keysOf(lake, "d"), await parquetObjects(lake)];
  const wrong = [
    ["id = ", "sql_syntax"],
    ["id = 1) OR (true", "sql_syntax"],
    ["true; DROP TABLE d", "not_read_only"],
    ["true; SELECT 1", "many_statements"],
    ["id = (SELECT max(id) FROM d)", "not_read_only"],
    ["id IN (SELECT id FROM read_csv('/etc/passwd'))", "not_read_only"],
    ["nope = 1", "sql_failed"],
    ["v::INTEGER = 1", "sql_failed"],
  ];
  for (const [where, reason] of wrong) {
    await assert.rejects(
      lake.rewrite.delete_rows({ dataset: "d", where: where! }),
      (error: { reason: string; message: string }) => {
        assert.equal(error.reason, reason, `${where}: ${error.message}`);
        return true;
      },
      where,
    );
  }
  await assert.rejects(lake.rewrite.delete_rows({ dataset: "none", where: "true" }), {
    reason: "no_such_dataset",
  });
  assert.deepEqual([await keysOf(lake, "d"), await parquetObjects(lake)], before);
});

test("compaction lessens files and keeps rows, and has nothing to do the next time", async (t) => {
  const lake = await openLake(t);
  for (let at = 0; at < 8; at++) {
    const csv = `id,city\n${at},Rome\n1${at},Bern\n2${at},\n`;
    await put(lake, "c", "f.csv", csv, { partition_by: "city" });
  }
  const rows = await select(lake, "SELECT id, city FROM c ORDER BY id");
  const done = await lake.rewrite.compact({ dataset: "c" });
  assert.deepEqual([done.removed_files, done.added_files, done.rows], [24, 3, 24]);
  assert.deepEqual(await select(lake, "SELECT id, city FROM c ORDER BY id"), rows);
  const { snapshots } = await lake.catalog.snapshots({ name: "c" });
  assert.deepEqual(
    [snapshots[0]!.operation, snapshots[0]!.snapshot_id],
    ["replace", done.snapshot_id],
  );
  const again = await lake.rewrite.compact({ dataset: "c" });
  assert.deepEqual([again.snapshot_id, again.removed_files, again.rows], [null, 0, 24]);
  const all = await lake.rewrite.compact({ dataset: "c", all: true });
  assert.deepEqual([all.removed_files, all.added_files], [3, 3]);
  // Sources are still known after their files were written anew.
  const csv = "id,city\n3,Rome\n13,Bern\n23,\n";
  assert.equal((await put(lake, "c", "f.csv", csv)).outcome, "unchanged");
});

test("compaction brings files into the partitioning of today", async (t) => {
  const lake = await openLake(t);
  await put(lake, "c", "a.csv", "id,city\n1,Rome\n2,Bern\n");
  await lake.catalog.alter({ name: "c", partition_by: [{ column: "city" }] });
  await put(lake, "c", "b.csv", "id,city\n3,Rome\n");
  const done = await lake.rewrite.compact({ dataset: "c" });
  assert.deepEqual([done.removed_files, done.added_files], [1, 2]);
  const { files } = await lake.catalog.files({ name: "c" });
  const cities = files.map(({ partition }) => String(partition["city"])).toSorted();
  assert.deepEqual(cities, ["Bern", "Rome", "Rome"]);
  assert.deepEqual(await select(lake, "SELECT id FROM c ORDER BY id"), [[1], [2], [3]]);
});

/** Deletes rows of one file by their places, as other engines do. */
async function deleteByPlace(lake: Lake, name: string, about: string, places: readonly number[]) {
  const { dataset } = await lake.catalog.files({ name });
  const bucket = /^s3:\/\/([^/]+)\//.exec(dataset.location)![1]!;
  const rows = places.map((pos) => `SELECT 's3://${bucket}/${about}' AS file_path, ${pos} AS pos`);
  const union = rows.join(" UNION ALL ");
  const sql = `SELECT file_path, pos::BIGINT AS pos FROM (${union})`;
  const { body } = await lake.query.sql({ sql, format: "parquet" });
  const key = about.replace(/\.parquet$/, `-deletes-${places.join("-")}.parquet`);
  await lake.storage.put({ key, body });
  await commitForeign(lake, name, [{ key, content: 1, rows: places.length }]);
}

test("rows that another engine deleted by place stay deleted, and compaction takes them out", async (t) => {
  const lake = await openLake(t);
  await put(lake, "d", "a.csv", "id\n0\n1\n2\n3\n");
  await put(lake, "d", "b.csv", "id\n10\n11\n");
  const keys = await keysOf(lake, "d");
  const { files } = await lake.catalog.files({
    name: "d",
    where: [{ op: "lt", column: "id", value: 5 }],
  });
  const [first] = files;
  await deleteByPlace(lake, "d", first!.key, [1, 3]);
  assert.deepEqual(await select(lake, "SELECT id FROM d ORDER BY id"), [[0], [2], [10], [11]]);
  // Deleted by condition beside them: what is left of the file is written anew without deletes.
  const done = await lake.rewrite.delete_rows({ dataset: "d", where: "id = 2 OR id = 3" });
  assert.deepEqual([done.deleted_rows, done.removed_files, done.added_files], [1, 1, 1]);
  assert.deepEqual(await select(lake, "SELECT id FROM d ORDER BY id"), [[0], [10], [11]]);
  const kept = keys.find((key) => key !== first!.key)!;
  await deleteByPlace(lake, "d", kept, [0]);
  const joined = await lake.rewrite.compact({ dataset: "d" });
  assert.deepEqual([joined.removed_files, joined.added_files, joined.rows], [2, 1, 2]);
  assert.deepEqual(await select(lake, "SELECT id FROM d ORDER BY id"), [[0], [11]]);
  const after = (await lake.catalog.files({ name: "d" })).files;
  assert.deepEqual(
    after.map((file) => [file.rows, file.deletes.length]),
    [[2, 0]],
  );
  // An upsert replaces a row that stands, and makes anew one that was deleted by place.
  const upsert = { mode: "upsert", key: ["id"] };
  await deleteByPlace(lake, "d", after[0]!.key, [0]);
  const report = await put(lake, "d", "c.csv", "id\n0\n11\n12\n", upsert);
  assert.equal(report.updated_rows, 1);
  assert.deepEqual(await select(lake, "SELECT id FROM d ORDER BY id"), [[0], [11], [12]]);
});

test("what others append while rows are deleted or files joined stays", async (t) => {
  const rivals: (() => Promise<unknown>)[] = [];
  const lake = await openLake(t, {
    wrapCatalog: (client) => ({
      ...client,
      async commit(input, call) {
        if (input.operation !== "append") await rivals.pop()?.();
        return client.commit(input, call);
      },
    }),
  });
  const append = (id: number, v: string) => () => put(lake, "d", "r.csv", `id,v\n${id},${v}\n`);
  for (let id = 0; id < 4; id++) await append(id, "a")();
  rivals.push(append(100, "b"));
  const joined = await lake.rewrite.compact({ dataset: "d" });
  assert.deepEqual([joined.removed_files, joined.rows], [4, 5]);
  // A row that the condition cannot match is no conflict; one that it does is deleted too.
  rivals.push(append(101, "b"));
  const first = await lake.rewrite.delete_rows({ dataset: "d", where: "id < 2" });
  assert.deepEqual([first.deleted_rows, first.rows], [2, 4]);
  rivals.push(append(-1, "b"));
  const second = await lake.rewrite.delete_rows({ dataset: "d", where: "id < 3" });
  assert.deepEqual([second.deleted_rows, rivals.length], [2, 0]);
  assert.deepEqual(await select(lake, "SELECT id FROM d ORDER BY id"), [[3], [100], [101]]);
});

test("a rewrite that never stands says so, and leaves no file", async (t) => {
  const lake = await openLake(t, {
    rewrite: { tries_max: 2 },
    wrapCatalog: (client) => ({
      ...client,
      async commit(input, call) {
        if (input.operation !== "append") await put(lake, "d", "r.csv", `id\n${++next}\n`);
        return client.commit(input, call);
      },
    }),
  });
  let next = 10;
  await put(lake, "d", "a.csv", "id\n1\n2\n");
  const deleting = lake.rewrite.delete_rows({ dataset: "d", where: "id <> 1" });
  await assert.rejects(deleting, { reason: "snapshot_moved" });
  assert.equal(await parquetObjects(lake), (await keysOf(lake, "d")).length);
});
