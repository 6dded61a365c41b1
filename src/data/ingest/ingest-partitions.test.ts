// Partitioned datasets, first ingests that fail, sources of formats we do not read, many files.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import { lakesOfOneEngine, put, select, type Lake } from "./open-lake.suite.ts";

const openLake = lakesOfOneEngine();

const ROWS = "id,city,since\n1,Rome,2024-01-05\n2,Bern,2024-01-06\n3,Rome,2024-01-05\n4,,\n";

async function partitionsOf(lake: Lake, name: string) {
  const { files } = await lake.catalog.files({ name });
  return files.map(({ partition, rows }) => [...Object.values(partition), rows]).toSorted();
}

test("rows are divided over files by partition, now and later", async (t) => {
  const lake = await openLake(t);
  const partition_by = "day(since),city";
  await put(lake, "p", "a.csv", ROWS, { partition_by });
  const { dataset } = await lake.catalog.files({ name: "p" });
  assert.deepEqual(
    dataset.partition_by.map(({ column, transform, name }) => [column, transform, name]),
    [
      ["since", "day", "since_day"],
      ["city", "identity", "city"],
    ],
  );
  assert.deepEqual(await partitionsOf(lake, "p"), [
    [null, null, 1],
    ["2024-01-05", "Rome", 2],
    ["2024-01-06", "Bern", 1],
  ]);
  await put(lake, "p", "b.csv", "id,city,since\n5,Rome,2024-01-05\n", { partition_by });
  await put(lake, "p", "c.csv", "id,city,since\n3,Bern,2024-01-06\n", {
    mode: "upsert",
    key: "id",
  });
  assert.deepEqual(await select(lake, "SELECT id, city FROM p ORDER BY id"), [
    [1, "Rome"],
    [2, "Bern"],
    [3, "Bern"],
    [4, null],
    [5, "Rome"],
  ]);
  const { files, files_total } = await lake.catalog.files({
    name: "p",
    where: [{ op: "eq", column: "city", value: "Rome" }],
  });
  assert.ok(
    files.length < files_total && files.every(({ partition }) => partition["city"] === "Rome"),
  );
});

test("partitioning that cannot be is refused, and leaves no dataset", async (t) => {
  const lake = await openLake(t);
  const wrong = ["week(since)", "day(city)", "nope", "bucket[4](id),bucket[8](id)", "day("];
  for (const partition_by of wrong) {
    const sent = put(lake, "p", "a.csv", ROWS, { partition_by });
    await assert.rejects(sent, { reason: "bad_partitioning" }, partition_by);
  }
  assert.deepEqual((await lake.catalog.list({})).datasets, []);
  await put(lake, "p", "a.csv", ROWS);
  const other = put(lake, "p", "b.csv", "id,city,since\n9,x,\n", { partition_by: "city" });
  await assert.rejects(other, { reason: "bad_partitioning", code: "conflict" });
});

test("a first ingest that comes to nothing leaves no dataset and no file", async (t) => {
  let fails = true;
  const lake = await openLake(t, {
    wrapCatalog: (client) => ({
      ...client,
      async commit(input, call) {
        if (!fails) return client.commit(input, call);
        throw new LakehouseError("conflict", "not now", { reason: "file_exists" });
      },
    }),
  });
  await assert.rejects(put(lake, "p", "a.csv", ROWS), { reason: "file_exists" });
  assert.deepEqual((await lake.catalog.list({ include_tombstoned: true })).datasets, []);
  const { objects } = await lake.storage.list({ limit: 1000 });
  assert.deepEqual(
    objects.filter(({ key }) => key.endsWith(".parquet")),
    [],
  );
  fails = false;
  assert.equal((await put(lake, "p", "a.csv", ROWS)).outcome, "committed");
});

test("data files tell the bytes they came from and belong to one commit only", async (t) => {
  let lost = 1;
  const lake = await openLake(t, {
    wrapCatalog: (client) => ({
      ...client,
      async commit(input, call) {
        // The answer got lost, so nobody knows: files stay.
        if (lost-- > 0) throw new LakehouseError("unavailable", "no answer");
        return client.commit(input, call);
      },
    }),
  });
  await lake.catalog.register({ name: "p", fields: [{ name: "id", type: "long" }] });
  await assert.rejects(put(lake, "p", "a.csv", "id\n1\n"), { code: "unavailable" });
  await put(lake, "p", "a.csv", "id\n1\n");
  const { objects } = await lake.storage.list({ limit: 1000 });
  const files = objects.filter(({ key }) => key.endsWith(".parquet"));
  const digest = createHash("sha256").update("id\n1\n").digest("hex").slice(0, 32);
  assert.deepEqual(
    files.map(({ key }) => basename(key).startsWith(`${digest}-`)),
    [true, true],
  );
  // What nobody knows to be committed is an orphan; what is committed is never taken for one.
  const cleaned = await lake.catalog.remove_orphans({ name: "p", older_than_ms: 0 });
  assert.equal(cleaned.orphans, 1);
  assert.deepEqual(await select(lake, "SELECT id FROM p"), [[1]]);
});

test("files made for what a dataset was meanwhile are made anew", async (t) => {
  const rivals: (() => Promise<unknown>)[] = [];
  const lake = await openLake(t, {
    wrapCatalog: (client) => ({
      ...client,
      async commit(input, call) {
        await rivals.pop()?.();
        return client.commit(input, call);
      },
    }),
  });
  const { catalog } = lake;
  const by = (column: string) => () =>
    catalog.alter({ name: "p", partition_by: [{ column, transform: "identity" }] });
  await put(lake, "p", "a.csv", ROWS);
  rivals.push(by("city"));
  await put(lake, "p", "b.csv", "id,city,since\n5,Rome,2024-01-05\n");
  assert.deepEqual(await partitionsOf(lake, "p"), [[4], ["Rome", 1]]);
  rivals.push(by("id"));
  await put(lake, "p", "c.csv", "id,city,since\n5,Bonn,2024-01-05\n", {
    mode: "upsert",
    key: "id",
  });
  assert.deepEqual(await partitionsOf(lake, "p"), [[4], [5, 1]]);
  rivals.push(by("city"));
  await lake.rewrite.delete_rows({ dataset: "p", where: "id = 1" });
  rivals.push(by("since"));
  await lake.rewrite.compact({ dataset: "p", all: true });
  assert.deepEqual(await partitionsOf(lake, "p"), [
    [null, 1],
    ["2024-01-05", 2],
    ["2024-01-06", 1],
  ]);
  await put(lake, "q", "a.csv", ROWS);
  // Another dataset of that name: its columns have other ids.
  rivals.push(async () => {
    const { dataset } = await catalog.files({ name: "q" });
    await catalog.drop_table({ name: "q" });
    const fields = dataset.fields.map(({ name, type }) => ({ name, type })).toReversed();
    await catalog.register({ name: "q", fields });
  });
  await put(lake, "q", "d.csv", "id,city,since\n8,Ulm,2024-02-03\n");
  assert.deepEqual(await select(lake, "SELECT id, city, since FROM q"), [[8, "Ulm", "2024-02-03"]]);
});

test("spreadsheets and archives are refused with what to do", async (t) => {
  const lake = await openLake(t);
  for (const [name, hint] of [
    ["book.xlsx", /save each sheet as CSV/],
    ["old.XLS", /save each sheet as CSV/],
    ["all.zip", /unpack/],
  ] as const) {
    await assert.rejects(put(lake, "p", name, "PK"), (error: LakehouseError) => {
      assert.equal(error.reason, "unknown_format");
      assert.match(error.hint!, hint);
      return true;
    });
  }
});

test("a large source becomes several data files, in order", async (t) => {
  const lake = await openLake(t, { ingest: { file_mb_max: 1 } });
  const random = seededRandom(1);
  const line = (_: unknown, at: number) => `${at},${random.next()},${random.next()}`;
  const lines = Array.from({ length: 150_000 }, line);
  await put(lake, "big", "a.csv", `n,x,y\n${lines.join("\n")}\n`);
  const { files } = await lake.catalog.files({ name: "big" });
  assert.ok(files.length > 1, `${files.length} files`);
  assert.equal(new Set(files.map(({ key }) => key)).size, files.length);
  assert.deepEqual(await select(lake, "SELECT count(*), sum(n) FROM big"), [
    [150_000, 11249925000],
  ]);
});

test("columns of a replacement that evolves are found by their new ids", async (t) => {
  const lake = await openLake(t);
  await put(lake, "r", "a.csv", "a,b\n1.5,x\n");
  await put(lake, "r", "b.csv", "z,b,a\nnew,y,7\n", { mode: "replace", evolve: true });
  assert.deepEqual(await select(lake, "SELECT a, b, z FROM r"), [[7, "y", "new"]]);
  const { fields } = await lake.catalog.get({ name: "r" });
  const types = Object.fromEntries(fields.map(({ name, type }) => [name, type]));
  assert.deepEqual(types, { z: "string", b: "string", a: "double" });
});

test("progress has bytes, rows, rates and an end with nothing left", async (t) => {
  const lake = await openLake(t);
  await put(lake, "p", "a.csv", `id\n${"1\n".repeat(1000)}`, { ingest_id: "one" });
  for await (const told of lake.ingest.progress({ ingest_id: "one" })) {
    assert.deepEqual([told.phase, told.rows_done, told.left_ms], ["done", 1000, 0]);
    assert.deepEqual([told.bytes_done, told.bytes_total], [2003, 2003]);
    assert.ok(told.rows_per_s > 0 && told.bytes_per_s > 0);
  }
});
