// Tables in Iceberg's own words: made, loaded, committed together, registered, dropped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { failsWith } from "#ports/object-store.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { commitForeign, getBytes, putBytes, writeForeign } from "./foreign-writer.suite.ts";
import { parseTableMetadata } from "./iceberg/table-metadata.ts";
import { FIELDS, openCatalog, putFile, type OpenOptions } from "./open-catalog.suite.ts";

async function open(t: HasAfter, options: OpenOptions = {}) {
  const house = await openCatalog(await tempDir(t), { in_memory: true, ...options });
  t.after(() => house.stop());
  return house;
}

const SCHEMA = {
  type: "struct",
  "schema-id": 7,
  "identifier-field-ids": [11],
  fields: [
    { id: 11, name: "id", required: true, type: "long", doc: "the key" },
    { id: 20, name: "day", required: false, type: "date" },
  ],
};

eachTransport("a table is made from an Iceberg schema and loaded as it is", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  const input = {
    name: "t",
    schema: SCHEMA,
    partition_spec: {
      fields: [{ "source-id": 20, "field-id": 1000, name: "day", transform: "identity" }],
    },
    properties: { "format-version": "2", owner: "me" },
  };
  const staged = await catalog.create_table({ ...input, staged: true });
  assert.equal(staged.metadata_location, null);
  await assert.rejects(catalog.get({ name: "t" }), failsWith("not_found"));
  const made = await catalog.create_table(input);
  const loaded = await catalog.load_table({ name: "t" });
  assert.deepEqual(loaded, made);
  const stored = parseTableMetadata((await getBytes(storage, loaded.metadata_location)).toString());
  assert.deepEqual(stored as unknown, loaded.metadata);
  assert.deepEqual(stored.schemas[0]!["identifier-field-ids"], [1]);
  const dataset = await catalog.get({ name: "t" });
  assert.deepEqual(
    dataset.fields.map((field) => [field.field_id, field.name, field.nullable]),
    [
      [1, "id", false],
      [2, "day", true],
    ],
  );
  assert.deepEqual(dataset.partition_by, [{ column: "day", transform: "identity", name: "day" }]);
  assert.deepEqual(dataset.properties, { owner: "me" });
  await assert.rejects(catalog.create_table(input), failsWith("conflict", "dataset_exists"));
  for (const wrong of [
    { schema: { type: "struct", fields: [], "schema-id": "x" } },
    { location: "file:///etc/passwd" },
    { location: "s3://elsewhere/t" },
    { properties: { "format-version": "3" } },
  ]) {
    const refused = catalog.create_table({ ...input, name: "other", ...wrong });
    await assert.rejects(refused, failsWith("invalid", "bad_table"), JSON.stringify(wrong));
  }
});

test("what evolution does not speak of stays with the fields", async (t) => {
  const { catalog } = await open(t);
  await catalog.create_table({ name: "t", schema: SCHEMA });
  const fields = [
    { name: "id", type: "long", nullable: false },
    { name: "day", type: "date" },
    { name: "more", type: "string" },
  ];
  await catalog.register({ name: "t", fields, evolve: true });
  const { metadata } = await catalog.load_table({ name: "t" });
  const schema = (metadata as { schemas: Record<string, unknown>[] }).schemas[1]!;
  assert.deepEqual(schema["identifier-field-ids"], [1]);
  assert.equal((schema["fields"] as { doc?: string }[])[0]!.doc, "the key");
});

eachTransport("a foreign commit is read with its deletes", async (connect, t) => {
  const house = await open(t, { connect });
  const { catalog, storage } = house;
  await catalog.register({ name: "d", fields: FIELDS });
  const added = [await putFile(storage, "d/a.parquet", 5)];
  await catalog.commit({ name: "d", operation: "append", added });
  for (const key of ["d/b.parquet", "d/del-a.parquet", "d/del-all.parquet"]) {
    await putFile(storage, key);
  }
  const snapshot_id = await commitForeign(house, "d", [
    { key: "d/b.parquet", rows: 4 },
    { key: "d/del-a.parquet", content: 1, about: "d/a.parquet" },
    { key: "d/del-all.parquet", content: 1, rows: 2 },
  ]);
  const later = [await putFile(storage, "d/c.parquet")];
  const { dataset } = await catalog.commit({ name: "d", operation: "append", added: later });
  assert.deepEqual([dataset.rows, dataset.files], [10, 3]);
  const { files } = await catalog.files({ name: "d" });
  const deletes = new Map(
    files.map((file) => [file.key, file.deletes.map((one) => one.location.split("/").at(-1))]),
  );
  assert.deepEqual(deletes.get("d/a.parquet"), ["del-a.parquet", "del-all.parquet"]);
  assert.deepEqual(deletes.get("d/b.parquet"), ["del-all.parquet"]);
  assert.deepEqual(deletes.get("d/c.parquet"), []);
  assert.ok(files[0]!.deletes.every((one) => one.uri.endsWith(".parquet")));
  const { snapshots } = await catalog.snapshots({ name: "d" });
  assert.deepEqual(
    snapshots.map((one) => one.summary.total_rows),
    [10, 9, 5],
  );
  assert.equal(snapshots[1]!.snapshot_id, snapshot_id);
  const gone = { operation: "delete" as const, removed_keys: ["d/a.parquet", "d/b.parquet"] };
  await catalog.commit({ name: "d", ...gone });
  assert.equal((await catalog.statistics({ name: "d" })).delete_files, 0);
});

test("equality deletes are refused, and nothing is quarantined for them", async (t) => {
  const house = await open(t);
  await house.catalog.register({ name: "d", fields: FIELDS });
  await commitForeign(house, "d", [{ key: "d/a.parquet" }, { key: "d/eq.parquet", content: 2 }]);
  const refused = house.catalog.files({ name: "d" });
  await assert.rejects(refused, failsWith("rejected", "unreadable_deletes"));
  assert.equal((await house.catalog.get({ name: "d" })).status, "healthy");
});

eachTransport("several tables are committed together or not at all", async (connect, t) => {
  const house = await open(t, { connect });
  const { catalog, storage, journal } = house;
  for (const name of ["a", "b"]) await catalog.register({ name, fields: FIELDS });
  const write = async (name: string, key: string) => {
    await putFile(storage, key);
    const { snapshot_id: _, ...change } = await writeForeign(house, name, [{ key }]);
    return change;
  };
  const stale = await write("a", "d/stale.parquet");
  const both = [await write("a", "d/1.parquet"), await write("b", "d/2.parquet")];
  const { tables } = await catalog.commit_tables({ changes: both });
  assert.deepEqual(
    tables.map((one) => one.name),
    ["a", "b"],
  );
  for (const name of ["a", "b"]) assert.equal((await catalog.files({ name })).files.length, 1);
  const before = (await catalog.list({})).datasets;
  const half = [await write("b", "d/3.parquet"), stale];
  const lost = catalog.commit_tables({ changes: half });
  await assert.rejects(lost, failsWith("conflict", "requirement_failed"));
  const list = await write("b", "d/4.parquet");
  const snapshot = (list.updates[0] as { snapshot: Record<string, unknown> }).snapshot;
  const nothing = { ...snapshot, "manifest-list": `${before[1]!.location}/metadata/none.avro` };
  const updates = [{ action: "add-snapshot", snapshot: nothing }, list.updates[1]!];
  const missing = catalog.commit_tables({ changes: [{ ...list, updates }] });
  await assert.rejects(missing, failsWith("conflict", "missing_object"));
  const away = [{ action: "set-location", location: "file:///tmp/x" }];
  const outside = catalog.commit_tables({ changes: [{ ...list, updates: away }] });
  await assert.rejects(outside, failsWith("invalid", "bad_update"));
  const none = catalog.commit_tables({ changes: [{ ...list, name: "none" }] });
  await assert.rejects(none, failsWith("not_found", "no_such_dataset"));
  assert.deepEqual((await catalog.list({})).datasets, before);
  const { events } = await journal.list({ action: "catalog.commit_table" });
  assert.deepEqual(events.map((event) => event.subject).toSorted(), ["dataset:a", "dataset:b"]);
});

test("a transaction makes a table, once", async (t) => {
  const { catalog } = await open(t);
  const { metadata } = await catalog.create_table({ name: "t", schema: SCHEMA, staged: true });
  const staged = metadata as { "table-uuid": string; location: string; schemas: unknown[] };
  const change = {
    name: "t",
    requirements: [{ type: "assert-create" }],
    updates: [
      { action: "assign-uuid", uuid: staged["table-uuid"] },
      { action: "set-location", location: staged.location },
      { action: "add-schema", schema: staged.schemas[0] },
      { action: "set-current-schema", "schema-id": -1 },
    ],
  };
  await catalog.commit_tables({ changes: [change] });
  assert.equal((await catalog.get({ name: "t" })).fields.length, 2);
  const again = catalog.commit_tables({ changes: [change] });
  await assert.rejects(again, failsWith("conflict", "dataset_exists"));
});

eachTransport("a table that stands in storage is taken over", async (connect, t) => {
  const house = await open(t, { connect });
  const { catalog, storage } = house;
  await catalog.register({ name: "old", fields: FIELDS });
  const added = [await putFile(storage, "d/a.parquet", 5)];
  await catalog.commit({ name: "old", operation: "append", added });
  const { metadata_location } = await catalog.load_table({ name: "old" });
  const taken = await catalog.register_table({ name: "new", metadata_location });
  assert.equal(taken.metadata_location, metadata_location);
  const dataset = await catalog.get({ name: "new" });
  assert.deepEqual([dataset.rows, dataset.files], [5, 1]);
  const twice = { name: "new", metadata_location };
  await assert.rejects(catalog.register_table(twice), failsWith("conflict", "dataset_exists"));
  await catalog.register_table({ ...twice, overwrite: true });
  const shared = catalog.remove_orphans({ name: "new", older_than_ms: 0 });
  await assert.rejects(shared, failsWith("conflict", "location_shared"));
  const missing = metadata_location.replace(".metadata.json", "x.metadata.json");
  const nothing = catalog.register_table({ name: "other", metadata_location: missing });
  await assert.rejects(nothing, failsWith("invalid", "missing_object"));
  await putBytes(storage, missing, Buffer.from("{}"));
  const garbage = catalog.register_table({ name: "other", metadata_location: missing });
  await assert.rejects(garbage, failsWith("invalid", "bad_table"));
  const outside = { name: "other", metadata_location: "file:///etc/passwd" };
  await assert.rejects(catalog.register_table(outside), failsWith("invalid", "bad_table"));
});

eachTransport("a dropped table frees its name, purged it is gone", async (connect, t) => {
  const { catalog, storage, journal, pointers } = await open(t, { connect });
  const make = async (key: string) => {
    const { dataset } = await catalog.register({ name: "t", fields: FIELDS });
    const place = dataset.location.replace(/^s3:\/\/[^/]+\//, "");
    const added = [
      await putFile(storage, `${place}/data/${key}`),
      await putFile(storage, `x/${key}`),
    ];
    await catalog.commit({ name: "t", operation: "append", added });
    return { dataset, place };
  };
  const kept = await make("a.parquet");
  assert.equal((await catalog.drop_table({ name: "t" })).removed_keys, 0);
  const aside = await pointers.list("dropped");
  assert.deepEqual(
    aside.map((one) => one.name),
    [`t:${kept.dataset.dataset_id}`],
  );
  const gone = await make("b.parquet");
  assert.notEqual(gone.place, kept.place);
  const dropped = await catalog.drop_table({ name: "t", purge: true });
  assert.equal(dropped.dataset_id, gone.dataset.dataset_id);
  // What it named outside of its own location stays: it may be anybody's.
  assert.equal(dropped.removed_keys, 5);
  const left = async (prefix: string) => (await storage.list({ prefix })).objects.length;
  assert.deepEqual([await left(gone.place), await left(kept.place), await left("x/")], [0, 5, 2]);
  await assert.rejects(catalog.drop_table({ name: "t" }), failsWith("not_found"));
  const { events } = await journal.list({ subject: "dataset:t", order: "oldest" });
  assert.deepEqual(
    events.map((event) => event.action.slice(8)),
    ["register", "commit", "drop", "register", "commit", "drop"],
  );
  assert.deepEqual(await pointers.list("events"), []);
});
