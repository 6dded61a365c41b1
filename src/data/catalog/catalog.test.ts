// The catalog over both transports: register, commit, evolve, time travel, tombstones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixedClock } from "#kernel/clock.ts";
import { startCall } from "#kernel/call.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { FIELDS, openCatalog, putFile, type OpenOptions } from "./open-catalog.suite.ts";

async function open(t: HasAfter, options: OpenOptions = {}) {
  const house = await openCatalog(await tempDir(t), options);
  t.after(() => house.stop());
  return house;
}

eachTransport("a dataset is registered once and again", async (connect, t) => {
  const { catalog, journal } = await open(t, { connect });
  const made = await catalog.register({ name: "people", fields: FIELDS, properties: { a: 1 } });
  assert.deepEqual([made.created, made.evolved, made.dataset.status], [true, false, "healthy"]);
  assert.deepEqual(
    made.dataset.fields.map((field) => [field.field_id, field.name, field.nullable]),
    [
      [1, "id", false],
      [2, "name", true],
    ],
  );
  const again = await catalog.register({ name: "people", fields: FIELDS.toReversed() });
  assert.deepEqual([again.created, again.evolved], [false, false]);
  assert.deepEqual(again.dataset, made.dataset);
  assert.deepEqual(await catalog.get({ name: "people" }), made.dataset);
  const described = await catalog.register({
    name: "people",
    fields: FIELDS,
    properties: { b: 2 },
  });
  assert.deepEqual(described.dataset.properties, { a: 1, b: 2 });
  assert.deepEqual((await catalog.list({})).datasets, [described.dataset]);
  const files = await catalog.files({ name: "people" });
  assert.deepEqual([files.snapshot, files.files], [null, []]);
  await assert.rejects(catalog.get({ name: "none" }), failsWith("not_found", "no_such_dataset"));
  await assert.rejects(catalog.files({ name: "none" }), failsWith("not_found", "no_such_dataset"));
  const twice = [...FIELDS, { name: "ID", type: "string" }];
  const refused = catalog.register({ name: "other", fields: twice });
  await assert.rejects(refused, failsWith("invalid", "duplicate_field"));
  const { events } = await journal.list({ order: "oldest" });
  assert.deepEqual(
    events.map((event) => event.action),
    ["catalog.register", "catalog.describe"],
  );
  assert.equal(events[0]!.after, made.dataset.dataset_id);
});

eachTransport("another schema is refused with the difference, or evolves", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  const first = await catalog.register({ name: "people", fields: FIELDS });
  const added = [await putFile(storage, "p/1.parquet", 5)];
  await catalog.commit({ name: "people", operation: "append", added });
  const wanted = [
    { name: "id", type: "long", nullable: true },
    { name: "score", type: "double" },
  ];
  await assert.rejects(catalog.register({ name: "people", fields: wanted }), (error) => {
    assert.ok(failsWith("conflict", "schema_differs")(error));
    assert.deepEqual((error as LakehouseError).extra["difference"], {
      added: [{ name: "score", type: "double", nullable: true }],
      removed: [{ name: "name", type: "string", nullable: true }],
      changed: [
        {
          name: "id",
          from: { type: "long", nullable: false },
          to: { type: "long", nullable: true },
        },
      ],
    });
    return true;
  });
  const { dataset, evolved } = await catalog.register({
    name: "people",
    fields: wanted,
    evolve: true,
  });
  assert.equal(evolved, true);
  assert.equal(dataset.dataset_id, first.dataset.dataset_id);
  assert.equal(dataset.schema_id, 1);
  assert.equal(dataset.rows, 5);
  assert.deepEqual(
    dataset.fields.map((field) => [field.field_id, field.name]),
    [
      [1, "id"],
      [3, "score"],
    ],
  );
  for (const bad of [
    [{ name: "id", type: "string", nullable: true }, wanted[1]!],
    [{ name: "id", type: "long", nullable: false }, wanted[1]!],
    [...wanted, { name: "must", type: "int", nullable: false }],
    [wanted[0]!, { name: "score", type: "float" }],
  ]) {
    const refused = catalog.register({ name: "people", fields: bad, evolve: true });
    await assert.rejects(refused, failsWith("conflict", "schema_differs"));
  }
  assert.deepEqual(await catalog.get({ name: "people" }), dataset);
});

eachTransport("a commit brings its schema along, and a refused one neither", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  const name = "people";
  await catalog.register({ name, fields: FIELDS });
  const [a, b, c] = await Promise.all(
    ["a", "b", "c"].map((key) => putFile(storage, `p/${key}.parquet`, 1)),
  );
  const first = await catalog.commit({ name, operation: "append", added: [a!] });
  const extra = (field: string, type = "string") => ({ name: field, type, nullable: true });
  const refused = catalog.commit({
    name,
    operation: "overwrite",
    replace_all: true,
    expected_snapshot_id: "1000000000000000001",
    added: [b!],
    fields: [extra("other")],
  });
  await assert.rejects(refused, failsWith("conflict", "snapshot_moved"));
  for (const [fields, code, reason] of [
    [[extra("id")], "conflict", "schema_differs"],
    [[extra("ID", "long")], "invalid", "duplicate_field"],
    [[extra("x"), extra("X")], "invalid", "duplicate_field"],
  ] as const) {
    const bad = catalog.commit({ name, operation: "append", added: [b!], fields: [...fields] });
    await assert.rejects(bad, failsWith(code, reason));
  }
  const empty = { name, operation: "delete" as const, removed_keys: [a!.key] };
  const odd = catalog.commit({ ...empty, fields: [extra("x")] });
  await assert.rejects(odd, failsWith("invalid", "bad_commit"));
  assert.deepEqual(await catalog.get({ name }), first.dataset);
  const more = { name, operation: "append" as const, added: [b!], fields: [extra("x")] };
  const { dataset, snapshot } = await catalog.commit(more);
  assert.deepEqual(
    dataset.fields.map((field) => [field.field_id, field.name]),
    [
      [1, "id"],
      [2, "name"],
      [3, "x"],
    ],
  );
  assert.equal(snapshot.schema_id, dataset.schema_id);
  const whole = { name, operation: "overwrite" as const, replace_all: true, added: [c!] };
  const replaced = await catalog.commit({ ...whole, fields: [extra("x"), extra("y")] });
  assert.deepEqual(
    replaced.dataset.fields.map((field) => [field.field_id, field.name]),
    [
      [3, "x"],
      [4, "y"],
    ],
  );
  const then = await catalog.files({ name, at: first.snapshot.snapshot_id });
  assert.deepEqual(then.dataset.fields, first.dataset.fields);
});

eachTransport("commits append, overwrite and delete files", async (connect, t) => {
  const { catalog, storage, journal } = await open(t, { connect });
  await catalog.register({ name: "people", fields: FIELDS });
  const [a, b, c] = await Promise.all(
    ["a", "b", "c"].map((name, at) => putFile(storage, `p/${name}.parquet`, at + 1)),
  );
  const name = "people";
  const call = startCall({ trace_id: "trace-of-commit" });
  const one = await catalog.commit({ name, operation: "append", added: [a!, b!] }, call);
  assert.equal(one.dataset.current_snapshot_id, one.snapshot.snapshot_id);
  assert.match(one.snapshot.snapshot_id, /^\d{19}$/);
  assert.deepEqual([one.dataset.rows, one.dataset.files], [3, 2]);
  const two = await catalog.commit({
    name,
    operation: "overwrite",
    expected_snapshot_id: one.snapshot.snapshot_id,
    added: [c!],
    removed_keys: [a!.key],
  });
  assert.equal(two.snapshot.parent_snapshot_id, one.snapshot.snapshot_id);
  assert.deepEqual(two.snapshot.summary, {
    added_files: 1,
    removed_files: 1,
    added_rows: 3,
    removed_rows: 1,
    total_files: 2,
    total_rows: 5,
    total_bytes: b!.size_bytes + c!.size_bytes,
  });
  const listed = await catalog.files({ name });
  assert.deepEqual(
    listed.files.map((file) => file.key),
    [b!.key, c!.key],
  );
  assert.ok(listed.files[0]!.uri.endsWith("/objects/p/b.parquet"));
  const three = await catalog.commit({ name, operation: "delete", removed_keys: [b!.key, c!.key] });
  assert.deepEqual([three.dataset.rows, three.dataset.files], [0, 0]);
  assert.deepEqual((await catalog.files({ name })).files, []);
  const { snapshots } = await catalog.snapshots({ name });
  assert.deepEqual(snapshots, [three.snapshot, two.snapshot, one.snapshot]);
  const { events } = await journal.list({ action: "catalog.commit", order: "oldest" });
  assert.deepEqual(
    events.map((event) => [event.before, event.after]),
    [
      [null, one.snapshot.snapshot_id],
      [one.snapshot.snapshot_id, two.snapshot.snapshot_id],
      [two.snapshot.snapshot_id, three.snapshot.snapshot_id],
    ],
  );
  assert.equal(events[0]!.trace_id, "trace-of-commit");
  assert.equal((await journal.verify({})).ok, true);
});

eachTransport("bad commits change nothing", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  await catalog.register({ name: "people", fields: FIELDS });
  const a = await putFile(storage, "p/a.parquet");
  const name = "people";
  const { dataset, snapshot } = await catalog.commit({ name, operation: "append", added: [a] });
  const b = await putFile(storage, "p/b.parquet");
  type Commit = Parameters<typeof catalog.commit>[0];
  const cases: [string, "invalid" | "conflict" | "not_found", string, Omit<Commit, "name">][] = [
    ["nothing", "invalid", "bad_commit", { operation: "append" }],
    ["append that removes", "invalid", "bad_commit", { operation: "append", removed_keys: ["x"] }],
    ["delete that adds", "invalid", "bad_commit", { operation: "delete", added: [b] }],
    ["twice in one", "invalid", "bad_commit", { operation: "append", added: [b, b] }],
    ["there already", "conflict", "file_exists", { operation: "append", added: [b, a] }],
    ["not there", "conflict", "no_such_file", { operation: "delete", removed_keys: ["x"] }],
    [
      "an old snapshot",
      "conflict",
      "snapshot_moved",
      { operation: "append", added: [b], expected_snapshot_id: null },
    ],
    [
      "an object that is missing",
      "conflict",
      "missing_object",
      { operation: "append", added: [{ ...b, key: "p/none.parquet" }] },
    ],
    [
      "an object of another size",
      "conflict",
      "missing_object",
      { operation: "append", added: [{ ...b, size_bytes: b.size_bytes + 1 }] },
    ],
  ];
  for (const [what, code, reason, commit] of cases) {
    await assert.rejects(catalog.commit({ name, ...commit }), failsWith(code, reason), what);
  }
  const nobody = catalog.commit({ name: "none", operation: "append", added: [b] });
  await assert.rejects(nobody, failsWith("not_found", "no_such_dataset"));
  assert.deepEqual(await catalog.get({ name }), dataset);
  assert.equal((await catalog.snapshots({ name })).snapshots.length, 1);
  const same = await catalog.commit({
    name,
    operation: "overwrite",
    expected_snapshot_id: snapshot.snapshot_id,
    added: [a],
    removed_keys: [a.key],
  });
  assert.equal(same.dataset.files, 1);
});

test("the past can be read by snapshot and by time, with the schema it had", async (t) => {
  const clock = fixedClock(Date.parse("2026-01-01T00:00:00Z"));
  const { catalog, storage } = await open(t, { clock });
  const name = "people";
  await catalog.register({ name, fields: FIELDS });
  clock.advance(3_600_000);
  const added = [await putFile(storage, "p/a.parquet", 3)];
  const one = await catalog.commit({ name, operation: "append", added });
  clock.advance(3_600_000);
  const wider = [...FIELDS, { name: "score", type: "double" }];
  await catalog.register({ name, fields: wider, evolve: true });
  await catalog.commit({ name, operation: "overwrite", replace_all: true });
  const past = await catalog.files({ name, at: one.snapshot.snapshot_id });
  assert.deepEqual([past.files.length, past.dataset.rows, past.dataset.schema_id], [1, 3, 0]);
  assert.deepEqual(await catalog.files({ name, at: "2026-01-01T01:30:00Z" }), past);
  const now = await catalog.files({ name, at: "2026-01-01T02:00:00.000Z" });
  assert.deepEqual([now.files.length, now.dataset.schema_id], [0, 1]);
  for (const at of ["2026-01-01T00:30:00Z", "1".repeat(19), "yesterday"]) {
    const missing = catalog.files({ name, at });
    await assert.rejects(missing, failsWith("not_found", "no_such_snapshot"));
  }
  const nonsense = catalog.files({ name, at: "2026-02-31T12:00:00Z" });
  await assert.rejects(nonsense, failsWith("invalid", "bad_point_in_time"));
});

eachTransport("a tombstone hides a dataset until it is restored", async (connect, t) => {
  const { catalog, storage } = await open(t, { connect });
  const name = "people";
  await catalog.register({ name, fields: FIELDS });
  const added = [await putFile(storage, "p/a.parquet")];
  const { dataset } = await catalog.commit({ name, operation: "append", added });
  await assert.rejects(catalog.restore({ name }), failsWith("conflict", "not_tombstoned"));
  const dead = await catalog.tombstone({ name });
  assert.equal(dead.status, "tombstoned");
  assert.deepEqual(await catalog.tombstone({ name }), dead);
  assert.deepEqual((await catalog.list({})).datasets, []);
  assert.deepEqual((await catalog.list({ include_tombstoned: true })).datasets, [dead]);
  const gone = failsWith("conflict", "tombstoned");
  await assert.rejects(catalog.files({ name }), gone);
  await assert.rejects(catalog.register({ name, fields: FIELDS }), gone);
  const more = [await putFile(storage, "p/b.parquet")];
  await assert.rejects(catalog.commit({ name, operation: "append", added: more }), gone);
  const back = await catalog.restore({ name });
  assert.deepEqual({ ...back, updated_at: "" }, { ...dataset, updated_at: "" });
  assert.equal((await catalog.files({ name })).files.length, 1);
});

test("many commits keep objects small: manifests are merged, old metadata goes", async (t) => {
  const settings = { small_manifests_max: 5, manifest_files_max: 8, metadata_versions_kept: 5 };
  const dir = await tempDir(t);
  const house = await openCatalog(dir, { settings });
  const name = "people";
  const { dataset } = await house.catalog.register({ name, fields: FIELDS });
  const keys: string[] = [];
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) {
    const file = await putFile(house.storage, `p/${n}.parquet`);
    keys.push(file.key);
    const { snapshot } = await house.catalog.commit({ name, operation: "append", added: [file] });
    ids.push(snapshot.snapshot_id);
  }
  await house.stop();
  const again = await openCatalog(dir, { settings });
  t.after(() => again.stop());
  const { files } = await again.catalog.files({ name });
  assert.deepEqual(files.map((file) => file.key).toSorted(), keys.toSorted());
  const { snapshots } = await again.catalog.snapshots({ name });
  assert.deepEqual(
    snapshots.map((one) => one.snapshot_id),
    ids.toReversed(),
  );
  for (const at of [0, 7, 19]) {
    const past = await again.catalog.files({ name, at: ids[at]! });
    assert.deepEqual(
      past.files.map((file) => file.key).toSorted(),
      keys.slice(0, at + 1).toSorted(),
    );
  }
  const statistics = await again.catalog.statistics({ name });
  assert.ok(statistics.manifests <= 7, `${statistics.manifests} manifests`);
  const old = files.slice(0, 3).map((file) => file.key);
  const less = await again.catalog.commit({ name, operation: "delete", removed_keys: old });
  assert.equal(less.dataset.files, 17);
  const prefix = `${dataset.location.replace(/^s3:\/\/[^/]+\//, "")}/metadata/`;
  const { objects } = await again.storage.list({ prefix, limit: 1000 });
  const metadata = objects.filter((object) => object.key.endsWith(".metadata.json"));
  assert.equal(metadata.length, 6);
});
