// The catalog when things break: missing objects, broken pointers, no journal, races.
import assert from "node:assert/strict";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { journal } from "#contracts/journal.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { FIELDS, openCatalog, putFile, type OpenedCatalog } from "./open-catalog.suite.ts";

const keyOf = (location: string): string => location.replace(/^s3:\/\/[^/]+\//, "");
const QUARANTINED = failsWith("conflict", "quarantined");

async function openTwo(dir: string): Promise<OpenedCatalog> {
  const house = await openCatalog(dir);
  for (const name of ["broken", "sound"]) {
    await house.catalog.register({ name, fields: FIELDS });
    const added = [await putFile(house.storage, `d/${name}.parquet`)];
    await house.catalog.commit({ name, operation: "append", added });
  }
  return house;
}

async function statusOf(house: OpenedCatalog) {
  const { datasets } = await house.catalog.list({});
  return Object.fromEntries(datasets.map((one) => [one.name, one.status]));
}

test("missing files quarantine their dataset alone, and verify heals it", async (t) => {
  const dir = await tempDir(t);
  const house = await openTwo(dir);
  t.after(() => house.stop());
  const path = join(house.root, "d/broken.parquet");
  await rename(path, `${path}.away`);
  const found = await house.catalog.verify({ name: "broken" });
  assert.deepEqual(found.missing_keys, ["d/broken.parquet"]);
  await assert.rejects(house.catalog.files({ name: "broken" }), QUARANTINED);
  assert.deepEqual(await statusOf(house), { broken: "quarantined", sound: "healthy" });
  assert.equal((await house.catalog.files({ name: "sound" })).files.length, 1);
  const reason = (await house.catalog.get({ name: "broken" })).status_reason;
  assert.match(reason ?? "", /missing.*d\/broken\.parquet/);
  const added = [await putFile(house.storage, "d/more.parquet")];
  const commit = house.catalog.commit({ name: "broken", operation: "append", added });
  await assert.rejects(commit, QUARANTINED);
  const still = await house.catalog.verify({ name: "broken" });
  assert.deepEqual(still.missing_keys, ["d/broken.parquet"]);
  await rename(`${path}.away`, path);
  const healed = await house.catalog.verify({ name: "broken" });
  assert.deepEqual([healed.missing_keys, healed.dataset.status], [[], "healthy"]);
  assert.equal((await house.catalog.files({ name: "broken" })).files.length, 1);
  const { events } = await house.journal.list({ subject: "dataset:broken", limit: 3 });
  assert.deepEqual(
    events.map((event) => event.action),
    ["catalog.heal", "catalog.quarantine", "catalog.commit"],
  );
});

test("verify sees what is there, not what is remembered", async (t) => {
  const house = await openTwo(await tempDir(t));
  t.after(() => house.stop());
  const held = await house.pointers.get("datasets", "broken");
  const key = keyOf((held!.value as { metadata_location: string }).metadata_location);
  const path = join(house.root, key);
  await rename(path, `${path}.away`);
  const found = await house.catalog.verify({ name: "broken" });
  assert.deepEqual([found.dataset.status, found.missing_keys], ["quarantined", [key]]);
  await rename(`${path}.away`, path);
  const { dataset } = await house.catalog.verify({ name: "broken" });
  assert.deepEqual([dataset.status, dataset.files], ["healthy", 1]);
});

test("register finds what is missing, and heals the dataset when it is back", async (t) => {
  const house = await openTwo(await tempDir(t));
  t.after(() => house.stop());
  const path = join(house.root, "d/broken.parquet");
  await rename(path, `${path}.away`);
  const found = await house.catalog.register({ name: "broken", fields: FIELDS });
  assert.equal(found.dataset.status, "quarantined");
  await rename(`${path}.away`, path);
  const healed = await house.catalog.register({ name: "broken", fields: FIELDS });
  assert.equal(healed.dataset.status, "healthy");
});

test("a dataset whose files are gone for good is whole again after replace_all", async (t) => {
  const house = await openTwo(await tempDir(t));
  t.after(() => house.stop());
  await rm(join(house.root, "d/broken.parquet"));
  await house.catalog.verify({ name: "broken" });
  const added = [await putFile(house.storage, "d/new.parquet")];
  const commit = { name: "broken", operation: "overwrite", replace_all: true, added } as const;
  const { dataset } = await house.catalog.commit(commit);
  assert.deepEqual([dataset.status, dataset.files], ["healthy", 1]);
  assert.equal((await house.catalog.files({ name: "broken" })).files[0]!.key, "d/new.parquet");
});

for (const what of ["missing", "garbage", "wrong"]) {
  test(`metadata that is ${what} is found after starting and breaks nothing else`, async (t) => {
    const dir = await tempDir(t);
    const first = await openTwo(dir);
    const held = await first.pointers.get("datasets", "broken");
    const { metadata_location } = held!.value as { metadata_location: string };
    await first.stop();
    const path = join(first.root, keyOf(metadata_location));
    if (what === "missing") await rm(path);
    else await writeFile(path, what === "garbage" ? "{" : "{}");
    const second = await openCatalog(dir);
    t.after(() => second.stop());
    await assert.rejects(second.catalog.files({ name: "broken" }), QUARANTINED);
    await assert.rejects(second.catalog.snapshots({ name: "broken" }), QUARANTINED);
    assert.deepEqual(await statusOf(second), { broken: "quarantined", sound: "healthy" });
    assert.equal((await second.catalog.files({ name: "sound" })).files.length, 1);
    const health = await second.service.health();
    assert.equal(health.figures["quarantined"], 1);
  });
}

test("a pointer that cannot be read is listed as quarantined and never written over", async (t) => {
  const dir = await tempDir(t);
  const house = await openTwo(dir);
  t.after(() => house.stop());
  const held = (await house.pointers.get("datasets", "broken"))!;
  const bad = await house.pointers.swap("datasets", "broken", held.version, { format_version: 9 });
  assert.deepEqual(await statusOf(house), { broken: "quarantined", sound: "healthy" });
  const name = "broken";
  await assert.rejects(house.catalog.files({ name }), QUARANTINED);
  await assert.rejects(house.catalog.tombstone({ name }), QUARANTINED);
  await assert.rejects(house.catalog.register({ name, fields: FIELDS }), QUARANTINED);
  assert.deepEqual(await house.pointers.get("datasets", "broken"), bad);
});

test("what a caller has quarantined is healed by verify and not by restarting", async (t) => {
  const dir = await tempDir(t);
  const first = await openTwo(dir);
  const reason = "the file is not Parquet";
  const marked = await first.catalog.quarantine({ name: "broken", reason });
  assert.deepEqual([marked.status, marked.status_reason], ["quarantined", reason]);
  await first.stop();
  const second = await openCatalog(dir);
  t.after(() => second.stop());
  await second.catalog.register({ name: "broken", fields: FIELDS });
  assert.equal((await second.catalog.get({ name: "broken" })).status, "quarantined");
  assert.equal((await second.catalog.verify({ name: "broken" })).dataset.status, "healthy");
});

test("while the journal is away changes go on, and their events follow later", async (t) => {
  const dir = await tempDir(t);
  let away = false;
  const wrapJournal = (client: Client<typeof journal>): Client<typeof journal> => ({
    ...client,
    append: (input, call) =>
      away ? Promise.reject(new LakehouseError("unavailable", "away")) : client.append(input, call),
  });
  const first = await openCatalog(dir, { wrapJournal });
  await first.catalog.register({ name: "d", fields: FIELDS });
  away = true;
  const made: string[] = [];
  for (const key of ["d/1.parquet", "d/2.parquet"]) {
    const added = [await putFile(first.storage, key)];
    const { snapshot } = await first.catalog.commit({ name: "d", operation: "append", added });
    made.push(snapshot.snapshot_id);
  }
  assert.equal((await first.service.health()).status, "degraded");
  await first.stop();
  const second = await openCatalog(dir);
  const committed = async (house: OpenedCatalog) =>
    (await house.journal.list({ action: "catalog.commit", order: "oldest" })).events;
  const events = await committed(second);
  assert.deepEqual(
    events.map((event) => event.after),
    made,
  );
  assert.ok(events.every((event) => event.details["recovered"] === true));
  assert.equal((await second.service.health()).status, "ok");
  await second.stop();
  const third = await openCatalog(dir);
  t.after(() => third.stop());
  assert.equal((await committed(third)).length, 2);
  const held = await third.pointers.get("datasets", "d");
  assert.deepEqual((held!.value as { outbox: unknown[] }).outbox, []);
});

test("concurrent appends all stand in the end, each in a snapshot of its own", async (t) => {
  const house = await openCatalog(await tempDir(t));
  t.after(() => house.stop());
  const name = "d";
  await house.catalog.register({ name, fields: FIELDS });
  const files = await Promise.all(
    Array.from({ length: 20 }, (_, n) => putFile(house.storage, `d/${n}.parquet`)),
  );
  const commits = files.map((file) =>
    house.catalog.commit({ name, operation: "append", added: [file] }),
  );
  const ids = new Set((await Promise.all(commits)).map((one) => one.snapshot.snapshot_id));
  assert.equal(ids.size, 20);
  const now = await house.catalog.files({ name });
  assert.deepEqual(
    now.files.map((file) => file.key).toSorted(),
    files.map((file) => file.key).toSorted(),
  );
  const { snapshots } = await house.catalog.snapshots({ name });
  for (let at = 0; at < 19; at++) {
    assert.equal(snapshots[at]!.parent_snapshot_id, snapshots[at + 1]!.snapshot_id);
  }
});

test("of two that expect the same snapshot one wins", async (t) => {
  const house = await openCatalog(await tempDir(t));
  t.after(() => house.stop());
  const name = "d";
  await house.catalog.register({ name, fields: FIELDS });
  const files = await Promise.all(
    ["a", "b"].map((one) => putFile(house.storage, `d/${one}.parquet`)),
  );
  const settled = await Promise.allSettled(
    files.map((file) =>
      house.catalog.commit({
        name,
        operation: "append",
        expected_snapshot_id: null,
        added: [file],
      }),
    ),
  );
  const lost = settled.filter((one) => one.status === "rejected");
  assert.equal(lost.length, 1);
  assert.ok(failsWith("conflict", "snapshot_moved")(lost[0]!.reason));
  assert.equal((await house.catalog.get({ name })).files, 1);
});
