// Changes that touch no file: alter, tags, rollback, names and namespaces; sources and statistics.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataFile } from "#contracts/catalog.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { FIELDS, openCatalog, putFile, type OpenOptions } from "./open-catalog.suite.ts";

async function open(t: HasAfter, options: OpenOptions = {}) {
  const house = await openCatalog(await tempDir(t), { in_memory: true, ...options });
  t.after(() => house.stop());
  return house;
}

const source = (content_sha256: string) => ({
  ingest_id: `i-${content_sha256}`,
  content_sha256,
  name: `${content_sha256}.csv`,
  rows: 1,
});

eachTransport("alter changes schema, partitioning and properties", async (connect, t) => {
  const { catalog, storage, journal } = await open(t, { connect });
  const name = "d";
  await catalog.register({ name, fields: FIELDS, properties: { a: 1, b: "two" } });
  await catalog.commit({
    name,
    operation: "append",
    added: [await putFile(storage, "d/a.parquet")],
  });
  const altered = await catalog.alter({
    name,
    fields: [
      { change: "add", name: "at", type: "timestamp" },
      { change: "rename", name: "name", to: "label" },
      { change: "make_nullable", name: "id" },
      { change: "move", name: "at", after: null },
    ],
    partition_by: [
      { column: "at", transform: "day" },
      { column: "id", transform: "bucket[4]" },
    ],
    set_properties: { c: [1] },
    remove_properties: ["a"],
  });
  assert.deepEqual(
    altered.fields.map((field) => [field.field_id, field.name, field.nullable]),
    [
      [3, "at", true],
      [1, "id", true],
      [2, "label", true],
    ],
  );
  assert.deepEqual(altered.partition_by, [
    { column: "at", transform: "day", name: "at_day" },
    { column: "id", transform: "bucket[4]", name: "id_bucket" },
  ]);
  assert.deepEqual(altered.properties, { b: "two", c: [1] });
  assert.deepEqual([altered.rows, altered.schema_id, altered.last_field_id], [1, 1, 3]);
  assert.deepEqual(await catalog.alter({ name }), altered);
  const back = await catalog.alter({ name, partition_by: [] });
  assert.deepEqual([back.partition_by, back.partition_spec_id], [[], 0]);
  for (const [change, reason] of [
    [{ change: "drop", name: "none" }, "no_such_field"],
    [{ change: "rename", name: "at", to: "id" }, "duplicate_field"],
    [{ change: "add", name: "ID", type: "int" }, "duplicate_field"],
    [{ change: "widen", name: "id", type: "int" }, "schema_differs"],
  ] as const) {
    await assert.rejects(catalog.alter({ name, fields: [change] }), failsWith("invalid", reason));
  }
  await catalog.alter({ name, partition_by: [{ column: "id" }] });
  const drop = catalog.alter({ name, fields: [{ change: "drop", name: "id" }] });
  await assert.rejects(drop, failsWith("conflict", "schema_differs"));
  const { events } = await journal.list({ action: "catalog.alter" });
  assert.equal(events.length, 3);
});

test("files say which partition they are of, and it must be one", async (t) => {
  const { catalog, storage } = await open(t);
  const name = "d";
  const partition_by = [{ column: "id", transform: "bucket[4]" }];
  const { dataset } = await catalog.register({ name, fields: FIELDS, partition_by });
  assert.deepEqual(dataset.partition_by, [
    { column: "id", transform: "bucket[4]", name: "id_bucket" },
  ]);
  const again = await catalog.register({ name, fields: FIELDS, partition_by });
  assert.equal(again.created, false);
  const other = catalog.register({ name, fields: FIELDS, partition_by: [{ column: "name" }] });
  await assert.rejects(other, failsWith("conflict", "partitioning_differs"));
  const file = await putFile(storage, "d/a.parquet", 3);
  const commit = (partition: DataFile["partition"]) =>
    catalog.commit({ name, operation: "append", added: [{ ...file, partition }] });
  await assert.rejects(commit({ day: 1 }), failsWith("invalid", "bad_commit"));
  await assert.rejects(commit({ id_bucket: "x" }), failsWith("invalid", "bad_commit"));
  await commit({ id_bucket: 3 });
  const found = await catalog.statistics({ name });
  assert.deepEqual(found.partitions, [{ partition: { id_bucket: 3 }, files: 1, rows: 3 }]);
  assert.deepEqual((await catalog.files({ name })).files[0]!.partition, { id_bucket: 3 });
});

eachTransport("a tag names a snapshot, rollback goes back to it", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  const name = "d";
  await catalog.register({ name, fields: FIELDS });
  const none = catalog.tag({ name, tag: "empty" });
  await assert.rejects(none, failsWith("not_found", "no_such_snapshot"));
  const ids: string[] = [];
  for (const key of ["a", "b", "c"]) {
    const added = [await putFile(storage, `d/${key}.parquet`)];
    const { snapshot } = await catalog.commit({ name, operation: "append", added });
    ids.push(snapshot.snapshot_id);
  }
  await catalog.tag({ name, tag: "v1", snapshot_id: ids[0]! });
  const tagged = await catalog.tag({ name, tag: "v3" });
  assert.deepEqual(tagged.tags, { v1: ids[0], v3: ids[2] });
  assert.deepEqual(await catalog.tag({ name, tag: "v3" }), tagged);
  const other = catalog.tag({ name, tag: "v1" });
  await assert.rejects(other, failsWith("conflict", "tag_exists"));
  assert.equal((await catalog.files({ name, at: "v1" })).files.length, 1);
  const back = await catalog.rollback({ name, to: "v1" });
  assert.deepEqual([back.current_snapshot_id, back.rows], [ids[0], 1]);
  assert.equal((await catalog.files({ name, at: "v3" })).files.length, 3);
  const added = [await putFile(storage, "d/e.parquet")];
  const on_top = await catalog.commit({ name, operation: "append", added });
  assert.equal(on_top.snapshot.parent_snapshot_id, ids[0]);
  assert.equal(on_top.snapshot.sequence_number, 4);
  const { tags } = await catalog.untag({ name, tag: "v3" });
  assert.deepEqual(tags, { v1: ids[0] });
  for (const tag of ["v3", "main"]) {
    await assert.rejects(catalog.untag({ name, tag }), failsWith("not_found", "no_such_tag"));
  }
  const lost = catalog.rollback({ name, to: "nowhere" });
  await assert.rejects(lost, failsWith("not_found", "no_such_snapshot"));
});

eachTransport("a dataset gets another name and keeps all else", async (connect, t) => {
  const { catalog, storage, journal } = await open(t, { connect });
  await catalog.create_namespace({ namespace: "sales" });
  await catalog.register({ name: "a", fields: FIELDS });
  await catalog.register({ name: "b", fields: FIELDS });
  const added = [await putFile(storage, "d/a.parquet")];
  const commit = { name: "a", operation: "append" as const, added, sources: [source("x")] };
  const { dataset } = await catalog.commit(commit);
  const taken = catalog.rename({ name: "a", to: "b" });
  await assert.rejects(taken, failsWith("conflict", "dataset_exists"));
  const nowhere = catalog.rename({ name: "a", to: "none.a" });
  await assert.rejects(nowhere, failsWith("not_found", "no_such_namespace"));
  const renamed = await catalog.rename({ name: "a", to: "sales.orders" });
  assert.deepEqual(
    { ...renamed, updated_at: "" },
    { ...dataset, name: "sales.orders", updated_at: "" },
  );
  await assert.rejects(catalog.get({ name: "a" }), failsWith("not_found", "no_such_dataset"));
  assert.equal((await catalog.files({ name: "sales.orders" })).files.length, 1);
  assert.equal((await catalog.sources({ name: "sales.orders" })).sources.length, 1);
  const { events } = await journal.list({ action: "catalog.rename" });
  assert.deepEqual([events.length, events[0]!.before, events[0]!.after], [1, "a", "sales.orders"]);
});

eachTransport("namespaces are made, described, and dropped when empty", async (connect, t) => {
  const { catalog, journal } = await open(t, { connect });
  const nowhere = catalog.register({ name: "sales.d", fields: FIELDS });
  await assert.rejects(nowhere, failsWith("not_found", "no_such_namespace"));
  await catalog.create_namespace({ namespace: "sales", properties: { owner: "me" } });
  const twice = catalog.create_namespace({ namespace: "sales" });
  await assert.rejects(twice, failsWith("conflict", "namespace_exists"));
  const set = { set_properties: { a: 1 }, remove_properties: ["owner", "none"] };
  const altered = await catalog.alter_namespace({ namespace: "sales", ...set });
  assert.deepEqual(altered, { namespace: "sales", properties: { a: 1 }, missing: ["none"] });
  assert.deepEqual((await catalog.namespaces({})).namespaces, [
    { namespace: "default", properties: {} },
    { namespace: "sales", properties: { a: 1 } },
  ]);
  await catalog.register({ name: "sales.d", fields: FIELDS });
  await catalog.register({ name: "d", fields: FIELDS });
  const named = async (namespace: string) =>
    (await catalog.list({ namespace })).datasets.map((one) => one.name);
  assert.deepEqual([await named("sales"), await named("default")], [["sales.d"], ["d"]]);
  for (const namespace of ["sales", "default"]) {
    const drop = catalog.drop_namespace({ namespace });
    await assert.rejects(drop, failsWith("conflict", "namespace_not_empty"));
  }
  await catalog.drop_table({ name: "sales.d" });
  assert.deepEqual(await catalog.drop_namespace({ namespace: "sales" }), { dropped: true });
  const gone = catalog.drop_namespace({ namespace: "sales" });
  await assert.rejects(gone, failsWith("not_found", "no_such_namespace"));
  const { events } = await journal.list({ subject: "namespace:sales", order: "oldest" });
  assert.deepEqual(
    events.map((event) => event.action.slice(8)),
    ["create_namespace", "alter_namespace", "drop_namespace"],
  );
});

eachTransport("the same bytes commit once, until their rows are gone", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  const name = "d";
  await catalog.register({ name, fields: FIELDS });
  const commit = async (key: string, sha256: string, more = {}) => {
    const added = [await putFile(storage, `d/${key}.parquet`)];
    const sources = [source(sha256)];
    return catalog.commit({ name, operation: "append", added, sources, ...more });
  };
  const exists = failsWith("conflict", "source_exists");
  const first = await commit("a", "x");
  await assert.rejects(commit("b", "x"), exists);
  await commit("b", "y");
  const current = async () => {
    const { sources } = await catalog.sources({ name });
    return sources.filter((one) => one.current).map((one) => one.content_sha256);
  };
  assert.deepEqual((await current()).toSorted(), ["x", "y"]);
  await catalog.rollback({ name, to: first.snapshot.snapshot_id });
  assert.deepEqual(await current(), ["x"]);
  const again = await commit("c", "y");
  assert.deepEqual((await current()).toSorted(), ["x", "y"]);
  await catalog.rollback({ name, to: first.snapshot.snapshot_id });
  await catalog.expire_snapshots({ name, snapshot_ids: [again.snapshot.snapshot_id] });
  assert.deepEqual(await current(), ["x"], "what was rolled back stays so when it has expired");
  await commit("e", "y");
  const whole = { operation: "overwrite", replace_all: true };
  await commit("f", "x", whole);
  assert.deepEqual(await current(), ["x"]);
  await commit("g", "y");
  const one = await catalog.sources({ name, content_sha256: "x" });
  assert.deepEqual(
    one.sources.map((told) => [told.content_sha256, told.name, told.rows, told.current]),
    [["x", "x.csv", 1, true]],
  );
  assert.deepEqual((await catalog.sources({ name, content_sha256: "none" })).sources, []);
});

eachTransport("files that cannot match are left out, and told of", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  const name = "d";
  await catalog.register({ name, fields: FIELDS });
  const added: DataFile[] = [];
  for (const at of [0, 1, 2, 3]) {
    const file = await putFile(storage, `d/${at}.parquet`);
    const stats = [{ field_id: 1, nulls: 0, values: 1, lower: at * 10, upper: at * 10 + 9 }];
    added.push({ ...file, stats });
  }
  await catalog.commit({ name, operation: "append", added });
  const where = [
    { op: "gte" as const, column: "id", value: 15 },
    { op: "in" as const, column: "id", values: [5, 25] },
  ];
  const found = await catalog.files({ name, where });
  assert.deepEqual([found.files.map((file) => file.key), found.files_total], [["d/2.parquet"], 4]);
  assert.ok(found.files[0]!.uri.endsWith("d/2.parquet"));
  assert.deepEqual(found.files[0]!.stats, added[2]!.stats);
  const bare = await catalog.files({ name, where, locate: false });
  assert.equal(bare.files[0]!.uri, "");
  assert.equal((await catalog.files({ name })).files.length, 4);
});

test("statistics are put together from what files tell", async (t) => {
  const { catalog, storage } = await open(t);
  const name = "d";
  const fields = [...FIELDS, { name: "odd", type: "double" }];
  await catalog.register({ name, fields });
  assert.deepEqual((await catalog.statistics({ name })).columns[0], {
    name: "id",
    type: "long",
    field_id: 1,
    nulls: 0,
    size_bytes: 0,
    lower: null,
    upper: null,
  });
  const a = await putFile(storage, "d/a.parquet", 3);
  const b = await putFile(storage, "d/b.parquet", 2);
  const stats = (lower: number, upper: number, text: string, nulls: number) => [
    { field_id: 1, size_bytes: 10, nulls: 0, lower, upper },
    { field_id: 2, size_bytes: 5, nulls, ...(nulls === 2 ? {} : { lower: text, upper: text }) },
  ];
  const added = [
    { ...a, stats: stats(-5, 7, "m", 1) },
    { ...b, stats: stats(3, 100, "", 2) },
  ];
  const { snapshot } = await catalog.commit({ name, operation: "append", added });
  const found = await catalog.statistics({ name, at: snapshot.snapshot_id });
  const { columns, ...totals } = found;
  assert.deepEqual(
    columns.map((one) => [one.name, one.nulls, one.size_bytes, one.lower, one.upper]),
    [
      ["id", 0, 20, -5, 100],
      ["name", 3, 10, "m", "m"],
      ["odd", null, null, null, null],
    ],
  );
  assert.deepEqual(totals, {
    dataset: "d",
    snapshot_id: snapshot.snapshot_id,
    rows: 5,
    files: 2,
    delete_files: 0,
    size_bytes: a.size_bytes + b.size_bytes,
    small_files: 2,
    snapshots: 1,
    manifests: 1,
    partitions: [],
  });
});

test("field ids that moved since a file was written are a conflict", async (t) => {
  const { catalog, storage } = await open(t);
  const name = "d";
  const { dataset } = await catalog.register({ name, fields: FIELDS });
  const { schema_id } = dataset;
  await catalog.alter({ name, fields: [{ change: "add", name: "other", type: "string" }] });
  const added = [await putFile(storage, "d/a.parquet")];
  const commit = { name, operation: "append" as const, added, schema_id };
  const fields = [...FIELDS, { name: "mine", type: "string" }];
  const moved = catalog.commit({ ...commit, fields });
  await assert.rejects(moved, failsWith("conflict", "schema_differs"));
  const unknown = catalog.commit({ ...commit, schema_id: 9 });
  await assert.rejects(unknown, failsWith("invalid", "bad_commit"));
  const same = await catalog.commit({
    ...commit,
    fields: [...FIELDS, { name: "other", type: "string" }],
  });
  assert.equal(same.dataset.fields.length, 3);
});
