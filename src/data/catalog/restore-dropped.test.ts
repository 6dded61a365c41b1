// A name that was given up can be taken by another dataset; the dropped one comes back by its id.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { FIELDS, openCatalog, putFile } from "./open-catalog.suite.ts";

test("a dropped dataset comes back with its rows, history and sources", async (t) => {
  const { catalog, storage, stop } = await openCatalog(await tempDir(t));
  t.after(stop);
  const { dataset } = await catalog.register({ name: "a", fields: FIELDS });
  const file = await putFile(storage, "datasets/a/1.parquet", 3);
  const sources = [{ ingest_id: "i", content_sha256: "s", name: "f.csv", rows: 3 }];
  await catalog.commit({ name: "a", operation: "append", added: [file], sources });
  await catalog.drop_table({ name: "a" });
  const { datasets } = await catalog.list({ include_tombstoned: true });
  assert.deepEqual(
    datasets.map((one) => [one.name, one.dataset_id, one.status]),
    [["a", dataset.dataset_id, "tombstoned"]],
  );
  const back = await catalog.restore({ name: "a" });
  assert.deepEqual([back.status, back.rows], ["healthy", 3]);
  assert.equal((await catalog.sources({ name: "a" })).sources[0]?.current, true);
  assert.equal((await catalog.list({ include_tombstoned: true })).datasets.length, 1);
});

test("asked for by name, only what has the name now is listed", async (t) => {
  const { catalog, stop } = await openCatalog(await tempDir(t));
  t.after(stop);
  const listed = async (input: object) =>
    (await catalog.list({ name: "a", ...input })).datasets.map((one) => one.dataset_id);
  assert.deepEqual(await listed({ include_tombstoned: true }), []);
  await catalog.register({ name: "a", fields: FIELDS });
  await catalog.register({ name: "b", fields: FIELDS });
  await catalog.drop_table({ name: "a" });
  assert.deepEqual(await listed({ include_tombstoned: true }), []);
  const { dataset } = await catalog.register({ name: "a", fields: FIELDS });
  assert.deepEqual(await listed({}), [dataset.dataset_id]);
  assert.deepEqual(await listed({ namespace: "other" }), []);
  await catalog.tombstone({ name: "a" });
  assert.deepEqual(await listed({}), []);
  assert.deepEqual(await listed({ include_tombstoned: true }), [dataset.dataset_id]);
});

test("of several dropped datasets of one name the id says which", async (t) => {
  const { catalog, stop } = await openCatalog(await tempDir(t));
  t.after(stop);
  const ids = [];
  for (const _ of [1, 2]) {
    ids.push((await catalog.register({ name: "a", fields: FIELDS })).dataset.dataset_id);
    await catalog.drop_table({ name: "a" });
  }
  await assert.rejects(catalog.restore({ name: "a" }), { reason: "not_tombstoned" });
  await assert.rejects(catalog.restore({ name: "b" }), { reason: "no_such_dataset" });
  const back = await catalog.restore({ name: "a", dataset_id: ids[1]! });
  assert.equal(back.dataset_id, ids[1]);
  const other = { name: "a", dataset_id: ids[0]! };
  await assert.rejects(catalog.restore(other), { reason: "dataset_exists" });
  await catalog.rename({ name: "a", to: "b" });
  assert.equal((await catalog.restore(other)).dataset_id, ids[0]);
});

test("a dataset can be dropped and restored again and again, also under another name", async (t) => {
  const { catalog, stop } = await openCatalog(await tempDir(t));
  t.after(stop);
  const { dataset } = await catalog.register({ name: "a", fields: FIELDS });
  for (const [name, to] of [
    ["a", "b"],
    ["b", "a"],
    ["a", "b"],
  ] as const) {
    await catalog.drop_table({ name });
    assert.equal((await catalog.restore({ name })).dataset_id, dataset.dataset_id);
    await catalog.rename({ name, to });
  }
  assert.equal((await catalog.get({ name: "b" })).location, dataset.location);
  assert.equal((await catalog.list({ include_tombstoned: true })).datasets.length, 1);
});

test("a dataset that got a snapshot is not dropped as an empty one", async (t) => {
  const { catalog, storage, stop } = await openCatalog(await tempDir(t));
  t.after(stop);
  await catalog.register({ name: "a", fields: FIELDS });
  const added = [await putFile(storage, "datasets/a/1.parquet")];
  await catalog.commit({ name: "a", operation: "append", added });
  const drop = { name: "a", purge: true, only_if_empty: true };
  await assert.rejects(catalog.drop_table(drop), { reason: "dataset_not_empty" });
  assert.equal((await catalog.get({ name: "a" })).rows, 1);
});

test("names that SQL means something else by are no namespaces", async (t) => {
  const { catalog, stop } = await openCatalog(await tempDir(t));
  t.after(stop);
  for (const namespace of ["main", "kb", "information_schema"]) {
    await assert.rejects(catalog.create_namespace({ namespace }), { reason: "invalid_input" });
  }
});
