// A lake of version 0.1 opens as Iceberg tables: the figures of test/compat/0.1/README.md hold.
import assert from "node:assert/strict";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openCatalog, putFile } from "./open-catalog.suite.ts";

const OLD_LAKE = fileURLToPath(new URL("../../../test/compat/0.1", import.meta.url));
const POINTERS = "catalog/pointers.sqlite";

async function copyOldLake(t: { after(fn: () => unknown): void }): Promise<string> {
  const dir = await tempDir(t);
  await cp(OLD_LAKE, dir, { recursive: true });
  return dir;
}

test("datasets of version 0.1 open with all snapshots, files and sources", async (t) => {
  const house = await openCatalog(await copyOldLake(t), { pointers: POINTERS });
  t.after(() => house.stop());
  const { catalog } = house;
  const { datasets } = await catalog.list({ include_tombstoned: true });
  const told = datasets.map(({ name, status, rows, files }) => [name, status, rows, files]);
  assert.deepEqual(told, [
    ["gone", "tombstoned", 1, 1],
    ["orders", "healthy", 19, 10],
    ["people", "healthy", 2, 1],
    ["swapped", "healthy", 2, 1],
  ]);
  assert.ok(datasets.every((one) => one.name_mapped && Object.keys(one.tags).length === 0));
  const orders = await catalog.get({ name: "orders" });
  assert.match(orders.location, /^s3:\/\/[^/]+\/datasets\/orders-[0-9a-f]{8}$/);
  assert.deepEqual(
    orders.fields.map((field) => [field.name, field.field_id]),
    [
      ["id", 1],
      ["name", 2],
      ["amount", 3],
      ["day", 4],
      ["note", 5],
    ],
  );
  const { snapshots } = await catalog.snapshots({ name: "orders" });
  assert.equal(snapshots.length, 10);
  assert.equal(snapshots[0]!.snapshot_id, orders.current_snapshot_id);
  const now = await catalog.files({ name: "orders" });
  assert.equal(now.files.length, 10);
  assert.ok(now.files.every((file) => file.key.startsWith("datasets/orders/")));
  for (const snapshot of snapshots) {
    const past = await catalog.files({ name: "orders", at: snapshot.snapshot_id });
    const rows = past.files.reduce((sum, file) => sum + file.rows, 0);
    assert.deepEqual(
      [rows, past.files.length],
      [snapshot.summary.total_rows, snapshot.summary.total_files],
    );
  }
  const then = await catalog.files({ name: "orders", at: "1946339538130817051" });
  assert.deepEqual([then.dataset.rows, then.dataset.fields.length], [8, 4]);
  for (const { name } of datasets.filter((one) => one.status === "healthy")) {
    const checked = await catalog.verify({ name });
    assert.deepEqual([checked.dataset.status, checked.missing_keys], ["healthy", []], name);
  }
});

test("sources of version 0.1 are known, those that were replaced as gone", async (t) => {
  const house = await openCatalog(await copyOldLake(t), { pointers: POINTERS });
  t.after(() => house.stop());
  const { catalog, storage } = house;
  const { sources } = await catalog.sources({ name: "orders" });
  assert.equal(sources.length, 10);
  assert.equal(sources[0]!.name, "orders_e.csv");
  assert.ok(sources.every((one) => one.current));
  assert.equal(
    sources.reduce((sum, one) => sum + one.rows, 0),
    19,
  );
  const swapped = (await catalog.sources({ name: "swapped" })).sources;
  assert.deepEqual(
    swapped.map((one) => one.current),
    [true, false],
  );
  const at = { name: "orders", operation: "append" as const };
  const { ingest_id, content_sha256, name, rows } = sources[0]!;
  const again = { ingest_id, content_sha256, name, rows };
  const added = [await putFile(storage, "datasets/orders/again.parquet")];
  const refused = catalog.commit({ ...at, added, sources: [again] });
  await assert.rejects(refused, failsWith("conflict", "source_exists"));
  const { dataset } = await catalog.commit({ ...at, added });
  assert.deepEqual([dataset.rows, dataset.files], [20, 11]);
});

test("a tombstoned dataset of version 0.1 can be restored, nested fields have ids", async (t) => {
  const house = await openCatalog(await copyOldLake(t), { pointers: POINTERS });
  t.after(() => house.stop());
  const back = await house.catalog.restore({ name: "gone" });
  assert.deepEqual([back.status, back.rows], ["healthy", 1]);
  assert.equal((await house.catalog.files({ name: "gone" })).files.length, 1);
  const { fields, last_field_id } = await house.catalog.get({ name: "people" });
  assert.deepEqual(
    fields.map((field) => field.nested_ids ?? {}),
    [{}, { element: 5 }, { city: 6, zip: 7 }, {}],
  );
  assert.equal(last_field_id, 7);
  const { events } = await house.journal.list({ action: "catalog.migrate" });
  assert.equal(events.length, 4);
});

test("a migrated lake stays as it is, and its old metadata is not needed any more", async (t) => {
  const dir = await copyOldLake(t);
  const first = await openCatalog(dir, { pointers: POINTERS });
  const before = await first.catalog.list({ include_tombstoned: true });
  await first.stop();
  await rm(join(dir, "objects/_catalog"), { recursive: true });
  const second = await openCatalog(dir, { pointers: POINTERS });
  t.after(() => second.stop());
  assert.deepEqual(await second.catalog.list({ include_tombstoned: true }), before);
  assert.equal((await second.catalog.files({ name: "orders" })).files.length, 10);
});

test("a migration that was interrupted starts over, and what it left is an orphan", async (t) => {
  const dir = await copyOldLake(t);
  const first = await openCatalog(dir, { pointers: POINTERS });
  const before = await first.catalog.list({ include_tombstoned: true });
  await first.stop();
  // As if it had been killed before any pointer was swapped: its objects are there.
  await cp(join(OLD_LAKE, POINTERS), join(dir, POINTERS));
  for (const end of ["-wal", "-shm"]) await rm(join(dir, POINTERS + end), { force: true });
  const second = await openCatalog(dir, { pointers: POINTERS });
  t.after(() => second.stop());
  const { catalog } = second;
  assert.deepEqual(await catalog.list({ include_tombstoned: true }), before);
  const { orphans } = await catalog.remove_orphans({ name: "orders", older_than_ms: 0 });
  assert.ok(orphans > 10, `${orphans} orphans`);
  assert.deepEqual((await catalog.verify({ name: "orders" })).missing_keys, []);
  for (const { snapshot_id: at } of (await catalog.snapshots({ name: "orders" })).snapshots) {
    await catalog.files({ name: "orders", at });
  }
});

test("a broken dataset of version 0.1 is quarantined and hurts no other", async (t) => {
  const dir = await copyOldLake(t);
  const archive =
    "01a1fe81-f0a2-754b-81e5-35a49ee791f2/metadata/01a1fe82-02f6-7158-9304-3910b95d98a0-snapshots.json";
  const path = join(dir, "objects/_catalog", archive);
  await cp(path, `${path}.away`);
  await writeFile(path, "{");
  const first = await openCatalog(dir, { pointers: POINTERS });
  const held = await first.pointers.get("datasets", "orders");
  assert.equal((held!.value as { format_version: number }).format_version, 1);
  const { datasets } = await first.catalog.list({});
  assert.deepEqual(
    datasets.map((one) => one.status),
    ["quarantined", "healthy", "healthy"],
  );
  const refused = first.catalog.files({ name: "orders" });
  await assert.rejects(refused, failsWith("conflict", "quarantined"));
  await first.stop();
  await cp(`${path}.away`, path);
  const second = await openCatalog(dir, { pointers: POINTERS });
  t.after(() => second.stop());
  assert.equal((await second.catalog.get({ name: "orders" })).rows, 19);
});
