// Which bytes count as rows of a dataset, whatever became of the snapshots they came with.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fixedClock } from "#kernel/clock.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { FIELDS, openCatalog, putFile } from "./open-catalog.suite.ts";

const name = "d";
const EXISTS = failsWith("conflict", "source_exists");

async function open(t: { after(fn: () => unknown): void }) {
  const clock = fixedClock(Date.parse("2026-06-01"));
  const house = await openCatalog(await tempDir(t), { in_memory: true, clock });
  t.after(() => house.stop());
  const { catalog, storage } = house;
  await catalog.register({ name, fields: FIELDS });
  let made = 0;
  const commit = async (content_sha256: string, replace_all = false) => {
    clock.advance(1000);
    const added = [await putFile(storage, `d/${++made}.parquet`)];
    const sources = [{ ingest_id: "i", content_sha256, name: "f.csv", rows: 1 }];
    const operation = replace_all ? "overwrite" : "append";
    const done = await catalog.commit({ name, operation, replace_all, added, sources });
    return done.snapshot.snapshot_id;
  };
  const current = async () => {
    const { sources } = await catalog.sources({ name });
    return sources.filter((one) => one.current).map((one) => one.content_sha256);
  };
  const sorted = async () => (await current()).toSorted().join(" ");
  return { ...house, clock, commit, sorted };
}

test("rows that a rollback brings back count again, also those that were replaced", async (t) => {
  const { catalog, commit, sorted } = await open(t);
  const first = await commit("x");
  const second = await commit("y", true);
  assert.equal(await sorted(), "y");
  await catalog.rollback({ name, to: first });
  assert.equal(await sorted(), "x");
  await assert.rejects(commit("x"), EXISTS);
  await catalog.rollback({ name, to: second });
  assert.equal(await sorted(), "y");
  await commit("x");
  await assert.rejects(commit("y"), EXISTS);
  assert.equal(await sorted(), "x y");
});

test("rows of a tagged snapshot count when snapshots after it have expired", async (t) => {
  const { catalog, clock, commit, sorted } = await open(t);
  const first = await commit("x");
  await catalog.tag({ name, tag: "kept" });
  const second = await commit("y");
  const third = await commit("z");
  clock.advance(1000);
  await catalog.expire_snapshots({ name, snapshot_ids: [second] });
  assert.equal(await sorted(), "x y z");
  await assert.rejects(commit("x"), EXISTS);
  // Rows of the expired snapshot are gone with the rollback, and no one can bring them back.
  await catalog.rollback({ name, to: first });
  assert.equal(await sorted(), "x");
  await commit("y");
  await catalog.rollback({ name, to: third });
  assert.equal(await sorted(), "x z");
});

test("a rollback by another engine is seen", async (t) => {
  const { catalog, commit, sorted } = await open(t);
  const first = await commit("x");
  await commit("y");
  const updates = [
    { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": first },
  ];
  await catalog.commit_tables({ changes: [{ name, requirements: [], updates }] });
  assert.equal(await sorted(), "x");
  await commit("y");
});

interface Model {
  /** Snapshot id → the commits whose rows it has, as `bytes@snapshot`. */
  readonly rows: Map<string, ReadonlySet<string>>;
  /** Bytes → their last commit. */
  readonly last: Map<string, string>;
  now: string;
}

function standing({ last, rows, now }: Model): string {
  const there = rows.get(now);
  const bytes = [...last].filter(([, commit]) => there?.has(commit)).map(([one]) => one);
  return bytes.toSorted().join(" ");
}

const step = fc.record({
  do: fc.constantFrom("append", "append", "append", "replace", "rollback", "expire"),
  bytes: fc.constantFrom("x", "y", "z", "u"),
  pick: fc.nat(100),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(house: Awaited<ReturnType<typeof open>>, model: Model, one: Step) {
  const { catalog, commit } = house;
  const ids = [...model.rows.keys()].filter((id) => one.do !== "expire" || id !== model.now);
  const picked = ids[one.pick % Math.max(1, ids.length)];
  if (one.do === "expire") {
    if (picked === undefined) return;
    await catalog.expire_snapshots({ name, snapshot_ids: [picked] });
    model.rows.delete(picked);
  } else if (one.do === "rollback") {
    if (picked === undefined) return;
    await catalog.rollback({ name, to: picked });
    model.now = picked;
  } else if (one.do === "append" && standing(model).includes(one.bytes)) {
    await assert.rejects(commit(one.bytes), EXISTS);
  } else {
    const replaces = one.do === "replace";
    const before = replaces ? [] : (model.rows.get(model.now) ?? []);
    const id = await commit(one.bytes, replaces);
    model.last.set(one.bytes, `${one.bytes}@${id}`);
    model.rows.set(id, new Set([...before, `${one.bytes}@${id}`]));
    model.now = id;
  }
}

test("random commits, rollbacks and expiry leave the sources whose rows stand", async (t) => {
  const steps = fc.array(step, { minLength: 4, maxLength: 24 });
  const property = fc.asyncProperty(steps, async (wanted) => {
    const house = await open(t);
    const model: Model = { rows: new Map(), last: new Map(), now: "" };
    for (const one of wanted) {
      await take(house, model, one);
      assert.equal(await house.sorted(), standing(model), `after ${one.do}`);
    }
    await house.stop();
  });
  await fc.assert(property, { numRuns: testRuns(6) });
});
