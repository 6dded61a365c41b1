// Expiry and orphan removal against a model: whatever may still be read stays, all else goes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fixedClock } from "#kernel/clock.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { readManySnapshots } from "./many-snapshots.suite.ts";
import { FIELDS, openCatalog, putFile } from "./open-catalog.suite.ts";

const NAME = "d";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function open(t: { after(fn: () => unknown): void }, now = Date.parse("2026-06-01")) {
  const clock = fixedClock(now);
  const settings = { small_manifests_max: 2, manifest_files_max: 3, metadata_versions_kept: 3 };
  const house = await openCatalog(await tempDir(t), { in_memory: true, clock, settings });
  t.after(() => house.stop());
  const { dataset } = await house.catalog.register({ name: NAME, fields: FIELDS });
  const place = dataset.location.replace(/^s3:\/\/[^/]+\//, "");
  const put = (key: string) => putFile(house.storage, `${place}/data/${key}.parquet`);
  const below = async () => {
    const { objects } = await house.storage.list({ prefix: `${place}/`, limit: 1000 });
    return objects.map((object) => object.key);
  };
  return { ...house, clock, put, below, place };
}
type Opened = Awaited<ReturnType<typeof open>>;

test("old snapshots expire, named ones and the current one do not", async (t) => {
  const house = await open(t);
  const { catalog, clock } = house;
  const ids: string[] = [];
  for (const key of ["a", "b", "c", "d"]) {
    const added = [await house.put(key)];
    const whole = { operation: "overwrite", replace_all: true, added } as const;
    ids.push((await catalog.commit({ name: NAME, ...whole })).snapshot.snapshot_id);
    clock.advance(DAY);
  }
  await catalog.tag({ name: NAME, tag: "kept", snapshot_id: ids[1]! });
  clock.advance(10 * DAY);
  for (const id of [ids[1]!, ids[3]!]) {
    const refused = catalog.expire_snapshots({ name: NAME, snapshot_ids: [id] });
    await assert.rejects(refused, failsWith("conflict", "snapshot_referenced"));
  }
  const unknown = catalog.expire_snapshots({ name: NAME, snapshot_ids: ["1"] });
  await assert.rejects(unknown, failsWith("not_found", "no_such_snapshot"));
  const before = await house.below();
  const dry = await catalog.expire_snapshots({ name: NAME, dry_run: true });
  assert.deepEqual(dry.expired_snapshot_ids, [ids[0], ids[2]]);
  assert.deepEqual(await house.below(), before);
  const done = await catalog.expire_snapshots({ name: NAME });
  assert.deepEqual({ ...done, dry_run: true }, dry);
  const after = await house.below();
  assert.deepEqual(
    after.filter((key) => key.endsWith(".parquet")).map((key) => key.at(-9)),
    ["b", "d"],
  );
  const gone = before.filter((key) => !after.includes(key) && !key.endsWith("metadata.json"));
  assert.equal(gone.length, done.removed_keys);
  const lost = catalog.files({ name: NAME, at: ids[0]! });
  await assert.rejects(lost, failsWith("not_found", "no_such_snapshot"));
  assert.equal((await catalog.files({ name: NAME, at: "kept" })).files.length, 1);
  const again = await catalog.expire_snapshots({ name: NAME });
  assert.deepEqual([again.expired_snapshot_ids, again.removed_keys], [[], 0]);
});

test("the newest snapshots can be kept, and a time be given", async (t) => {
  const { catalog, clock, put } = await open(t);
  for (const key of ["a", "b", "c", "d"]) {
    await catalog.commit({ name: NAME, operation: "append", added: [await put(key)] });
    clock.advance(HOUR);
  }
  const expire = (input: object) =>
    catalog.expire_snapshots({ name: NAME, dry_run: true, ...input });
  const count = async (input: object) => (await expire(input)).expired_snapshot_ids.length;
  assert.equal(await count({}), 0);
  clock.advance(6 * DAY);
  assert.equal(await count({}), 3);
  assert.equal(await count({ retain_last: 3 }), 1);
  assert.equal(await count({ older_than: "2026-06-01T01:30:00Z" }), 2);
  await assert.rejects(expire({ older_than: "yesterday" }), failsWith("invalid"));
});

test("orphans go after their grace period, and nothing that is needed", async (t) => {
  const house = await open(t, Date.now());
  const { catalog, clock, storage, place } = house;
  await catalog.commit({ name: NAME, operation: "append", added: [await house.put("a")] });
  const orphan = await house.put("orphan");
  await putFile(storage, `${place}x/data/other.parquet`);
  const young = await catalog.remove_orphans({ name: NAME });
  assert.deepEqual([young.orphans, young.orphan_keys], [0, []]);
  clock.advance(4 * DAY);
  const dry = await catalog.remove_orphans({ name: NAME, dry_run: true });
  assert.deepEqual(dry.orphan_keys, [orphan.key]);
  const done = await catalog.remove_orphans({ name: NAME });
  assert.deepEqual(done, { ...dry, dry_run: false });
  assert.equal(done.removed_bytes, orphan.size_bytes);
  assert.deepEqual((await catalog.remove_orphans({ name: NAME })).orphans, 0);
  const checked = await catalog.verify({ name: NAME });
  assert.deepEqual(checked.missing_keys, []);
  assert.equal((await storage.list({ prefix: `${place}x/` })).objects.length, 1);
});

test("files of a table whose location another one shares are left", async (t) => {
  const house = await open(t);
  const { catalog, clock } = house;
  await catalog.commit({ name: NAME, operation: "append", added: [await house.put("a")] });
  const { metadata_location } = await catalog.load_table({ name: NAME });
  await catalog.register_table({ name: "other", metadata_location });
  const whole = { operation: "overwrite", replace_all: true } as const;
  await catalog.commit({ name: NAME, ...whole, added: [await house.put("b")] });
  clock.advance(9 * DAY);
  const done = await catalog.expire_snapshots({ name: NAME });
  assert.deepEqual([done.expired_snapshot_ids.length, done.removed_keys], [1, 0]);
  await catalog.drop_table({ name: NAME, purge: true });
  assert.deepEqual((await catalog.verify({ name: "other" })).missing_keys, []);
});

type Step =
  | { readonly do: "append" | "overwrite" | "delete" | "replace" | "whole"; readonly pick: number }
  | { readonly do: "tag" | "untag" | "rollback" | "orphan"; readonly pick: number }
  | { readonly do: "expire"; readonly pick: number }
  | { readonly do: "clean"; readonly pick: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    ...(["append", "append", "append", "overwrite", "delete", "replace", "whole"] as const),
    ...(["tag", "untag", "rollback", "orphan", "expire", "clean"] as const),
  ),
  pick: fc.nat(1000),
});

interface Model {
  /** Snapshot id → keys of its files. */
  readonly snapshots: Map<string, readonly string[]>;
  readonly tags: Map<string, string>;
  current: string | undefined;
  made: number;
}

const oneOf = <T>(list: readonly T[], pick: number): T | undefined =>
  list.length === 0 ? undefined : list[pick % list.length];

async function commitStep(house: Opened, model: Model, wanted: Step): Promise<void> {
  const present = (model.current && model.snapshots.get(model.current)) || [];
  const gone = oneOf(present, wanted.pick);
  if (wanted.do !== "append" && wanted.do !== "whole" && gone === undefined) return;
  const added = wanted.do === "delete" ? [] : [await house.put(`f${model.made++}`)];
  const whole = wanted.do === "whole";
  const removes = wanted.do !== "append" && !whole;
  const { snapshot } = await house.catalog.commit({
    name: NAME,
    operation: wanted.do === "whole" ? "overwrite" : (wanted.do as "append"),
    added,
    replace_all: whole,
    removed_keys: removes ? [gone!] : [],
  });
  const kept = whole ? [] : present.filter((key) => !removes || key !== gone);
  model.snapshots.set(snapshot.snapshot_id, [...kept, ...added.map((file) => file.key)]);
  model.current = snapshot.snapshot_id;
}

async function takeStep(house: Opened, model: Model, wanted: Step): Promise<void> {
  const { catalog } = house;
  const id = oneOf([...model.snapshots.keys()], wanted.pick);
  house.clock.advance(HOUR);
  switch (wanted.do) {
    case "tag": {
      const tag = `t${wanted.pick % 3}`;
      if (id === undefined || model.tags.has(tag)) return;
      await catalog.tag({ name: NAME, tag, snapshot_id: id });
      model.tags.set(tag, id);
      return;
    }
    case "untag": {
      const tag = oneOf([...model.tags.keys()], wanted.pick);
      if (tag === undefined) return;
      await catalog.untag({ name: NAME, tag });
      model.tags.delete(tag);
      return;
    }
    case "rollback":
      if (id === undefined) return;
      await catalog.rollback({ name: NAME, to: id });
      model.current = id;
      return;
    case "orphan":
      await house.put(`orphan${model.made++}`);
      return;
    case "expire": {
      const older_than = new Date(house.clock.now() - (wanted.pick % 8) * HOUR).toISOString();
      const done = await catalog.expire_snapshots({ name: NAME, older_than });
      for (const gone of done.expired_snapshot_ids) model.snapshots.delete(gone);
      return;
    }
    case "clean":
      await catalog.remove_orphans({ name: NAME, older_than_ms: 0 });
      return;
    default:
      await commitStep(house, model, wanted);
  }
}

/** Every snapshot of the model can be read and has its files; kept names still name. */
async function compare(house: Opened, model: Model): Promise<void> {
  const { catalog, storage } = house;
  const { snapshots } = await catalog.snapshots({ name: NAME, limit: 1000 });
  assert.deepEqual(
    snapshots.map((one) => one.snapshot_id).toSorted(),
    [...model.snapshots.keys()].toSorted(),
  );
  const { current_snapshot_id, tags } = await catalog.get({ name: NAME });
  assert.equal(current_snapshot_id, model.current ?? null);
  assert.deepEqual(tags, Object.fromEntries(model.tags));
  for (const [at, keys] of model.snapshots) {
    const { files } = await catalog.files({ name: NAME, at });
    assert.deepEqual(files.map((file) => file.key).toSorted(), keys.toSorted(), `at ${at}`);
    for (const { key, size_bytes } of files) {
      assert.equal((await storage.head({ key })).size_bytes, size_bytes);
    }
  }
}

/** After a clean-up exactly the files of the model are left. */
async function compareFiles(house: Opened, model: Model): Promise<void> {
  await house.catalog.remove_orphans({ name: NAME, older_than_ms: 0 });
  const wanted = new Set([...model.snapshots.values()].flat());
  const left = (await house.below()).filter((key) => key.endsWith(".parquet"));
  assert.deepEqual(left.toSorted(), [...wanted].toSorted());
  const { missing_keys } = await house.catalog.verify({ name: NAME });
  assert.deepEqual(missing_keys, []);
}

test("random changes, expiry and clean-ups leave exactly what the model has", async (t) => {
  const steps = fc.array(step, { minLength: 5, maxLength: 30 });
  const property = fc.asyncProperty(steps, async (wanted) => {
    // Objects in memory bear the real time: the clock must be after it.
    const house = await open(t, Date.now() + DAY);
    const model: Model = { snapshots: new Map(), tags: new Map(), current: undefined, made: 0 };
    for (const one of wanted) await takeStep(house, model, one);
    await compare(house, model);
    await compareFiles(house, model);
    await compare(house, model);
    await house.stop();
  });
  await fc.assert(property, { numRuns: testRuns(8) });
});

test("many snapshots neither slow the metadata nor stop it from being read", async (t) => {
  const clock = fixedClock(Date.parse("2026-06-01"));
  const house = await openCatalog(await tempDir(t), { in_memory: true, clock });
  t.after(() => house.stop());
  await readManySnapshots({ ...house, clock }, 100);
});
