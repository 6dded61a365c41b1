// What a commit or a clean-up must not do: take files of another dataset, or leave readers astray.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixedClock } from "#kernel/clock.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { commitForeign } from "./foreign-writer.suite.ts";
import { FIELDS, openCatalog, putFile } from "./open-catalog.suite.ts";

const name = "d";
const DAY = 86_400_000;

async function open(t: { after(fn: () => unknown): void }) {
  const clock = fixedClock(Date.now() + DAY);
  const house = await openCatalog(await tempDir(t), { in_memory: true, clock });
  t.after(() => house.stop());
  const { dataset } = await house.catalog.register({ name, fields: FIELDS });
  const place = dataset.location.replace(/^s3:\/\/[^/]+\//, "");
  const put = (key: string) => putFile(house.storage, `${place}/data/${key}.parquet`);
  const append = async (key: string) =>
    house.catalog.commit({ name, operation: "append", added: [await put(key)] });
  const keys = async (prefix: string) => {
    const { objects } = await house.storage.list({ prefix, limit: 1000 });
    return objects.map(({ key }) => key);
  };
  return { ...house, clock, dataset, place, put, append, keys };
}

test("files made for another dataset of the name, or another partitioning, are refused", async (t) => {
  const { catalog, dataset, put } = await open(t);
  const { dataset_id, schema_id, partition_spec_id } = dataset;
  const added = [await put("a")];
  const commit = { name, operation: "append", added, schema_id } as const;
  const differs = failsWith("conflict", "schema_differs");
  await catalog.alter({ name, partition_by: [{ column: "id", transform: "bucket[4]" }] });
  await assert.rejects(catalog.commit({ ...commit, dataset_id, partition_spec_id }), differs);
  await catalog.alter({ name, partition_by: [] });
  await catalog.commit({ ...commit, dataset_id, partition_spec_id });
  await catalog.drop_table({ name });
  await catalog.register({ name, fields: FIELDS });
  await assert.rejects(catalog.commit({ ...commit, dataset_id }), differs);
  assert.equal((await catalog.get({ name })).files, 0);
});

test("files in a bucket that is not there are refused, and the dataset stays healthy", async (t) => {
  const { catalog, put } = await open(t);
  const file = await put("a");
  for (const odd of [{ bucket: "elsewhere" }, { key: "s3://elsewhere/a.parquet" }]) {
    const commit = catalog.commit({ name, operation: "append", added: [{ ...file, ...odd }] });
    await assert.rejects(commit, failsWith("invalid", "bad_commit"));
  }
  assert.equal((await catalog.verify({ name })).dataset.status, "healthy");
});

test("expiry leaves files that a snapshot names outside of its dataset's location", async (t) => {
  const { catalog, storage, clock, append, put, keys } = await open(t);
  await append("a");
  const other = await putFile(storage, "uploads/mine.parquet");
  await commitForeign({ catalog, storage }, name, [{ key: other.key }]);
  const whole = { operation: "overwrite", replace_all: true } as const;
  await catalog.commit({ name, ...whole, added: [await put("b")] });
  clock.advance(9 * DAY);
  const done = await catalog.expire_snapshots({ name });
  assert.equal(done.expired_snapshot_ids.length, 2);
  assert.ok(done.removed_keys > 0);
  assert.deepEqual(await keys("uploads/"), [other.key]);
  const left = (await keys("datasets/")).filter((key) => key.endsWith(".parquet"));
  assert.deepEqual(
    left.map((key) => key.slice(-9)),
    ["b.parquet"],
  );
});

test("a past snapshot is asked by the names that its columns had then", async (t) => {
  const { catalog, put } = await open(t);
  await catalog.register({
    name: "n",
    fields: [
      { name: "a", type: "long" },
      { name: "b", type: "long" },
    ],
  });
  const bounds = (field_id: number, at: number) => ({
    field_id,
    values: 1,
    nulls: 0,
    lower: at,
    upper: at,
  });
  const added = [{ ...(await put("n")), stats: [bounds(1, 1), bounds(2, 2)] }];
  const { snapshot } = await catalog.commit({ name: "n", operation: "append", added });
  const rename = (from: string, to: string) => ({ change: "rename" as const, name: from, to });
  await catalog.alter({
    name: "n",
    fields: [rename("a", "c"), rename("b", "a"), rename("c", "b")],
  });
  const count = async (column: string, value: number, at?: string) => {
    const where = [{ op: "eq" as const, column, value }];
    const when = at === undefined ? {} : { at };
    return (await catalog.files({ name: "n", where, ...when })).files.length;
  };
  const then = snapshot.snapshot_id;
  assert.deepEqual([await count("a", 2), await count("b", 1), await count("a", 1)], [1, 1, 0]);
  // The same snapshot, which is still the present one, by the names of its own schema.
  assert.deepEqual([await count("a", 1, then), await count("b", 2, then)], [1, 1]);
  assert.deepEqual([await count("a", 2, then), await count("b", 1, then)], [0, 0]);
});

test("clean-ups beside commits take nothing that a snapshot has", async (t) => {
  const { catalog, storage, append, put } = await open(t);
  const times = async (count: number, work: (at: number) => Promise<unknown>) => {
    for (let at = 0; at < count; at++) await work(at);
  };
  const whole = { name, operation: "overwrite", replace_all: true } as const;
  let moved = 0;
  await Promise.all([
    times(12, (at) => append(`one${at}`)),
    times(12, (at) => append(`two${at}`)),
    times(5, async (at) => {
      const added = [await put(`whole${at}`)];
      await catalog.commit({ ...whole, added }).catch((error: unknown) => {
        assert.ok(failsWith("conflict", "snapshot_moved")(error));
        moved++;
      });
    }),
    times(12, () => catalog.expire_snapshots({ name, older_than: "2999-01-01", retain_last: 2 })),
    times(12, () => catalog.remove_orphans({ name })),
  ]);
  assert.ok(moved < 5, "no replacement stood");
  const { snapshots } = await catalog.snapshots({ name, limit: 1000 });
  for (const { snapshot_id: at } of snapshots) {
    for (const { key } of (await catalog.files({ name, at })).files) await storage.head({ key });
  }
  assert.deepEqual((await catalog.verify({ name })).missing_keys, []);
});
