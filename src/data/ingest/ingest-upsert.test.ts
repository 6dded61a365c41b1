// Upserts: present rows of the same key are replaced, all others stay, whoever else writes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ingest } from "#contracts/ingest.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createIngest } from "./ingest-service.ts";
import { ingestSettings } from "./ingest-settings.ts";
import { lakesOfOneEngine, put, select, type Lake } from "./open-lake.suite.ts";

const openLake = lakesOfOneEngine();

const BY_ID = { mode: "upsert", key: ["id"] } as const;

function refused(reason: string, extra: Record<string, unknown> = {}) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof LakehouseError, String(thrown));
    assert.deepEqual([thrown.code, thrown.reason], ["invalid", reason], thrown.message);
    for (const [name, value] of Object.entries(extra)) assert.deepEqual(thrown.extra[name], value);
    return true;
  };
}

test("an upsert makes a dataset, then replaces rows by key and adds the others", async (t) => {
  const lake = await openLake(t);
  // Of rows with one key in a file the last one wins.
  const first = await put(lake, "p", "a.csv", "id,name\n1,Ann\n2,Bo\n1,Anna\n", BY_ID);
  assert.deepEqual([first.rows, first.updated_rows, first.mode], [3, 0, "upsert"]);
  const second = await put(lake, "p", "b.csv", "name,id\nBob,2\nCy,3\n", BY_ID);
  assert.deepEqual([second.outcome, second.rows, second.updated_rows], ["committed", 2, 1]);
  assert.deepEqual(await select(lake, "SELECT id, name FROM p ORDER BY id"), [
    [1, "Anna"],
    [2, "Bob"],
    [3, "Cy"],
  ]);
  const again = await put(lake, "p", "c.csv", "name,id\nBob,2\nCy,3\n", BY_ID);
  assert.deepEqual([again.outcome, again.snapshot_id], ["unchanged", second.snapshot_id]);
  const at = { at: first.snapshot_id! };
  assert.deepEqual(await select(lake, "SELECT name FROM p WHERE id = 2", at), [["Bo"]]);
});

test("only files with such keys are written anew", async (t) => {
  const lake = await openLake(t);
  for (const from of [0, 10, 20]) await put(lake, "p", "a.csv", `id,v\n${from},a\n${from + 1},b\n`);
  const before = (await lake.catalog.files({ name: "p" })).files.map(({ key }) => key);
  await put(lake, "p", "b.csv", "id,v\n11,new\n", BY_ID);
  const after = (await lake.catalog.files({ name: "p" })).files.map(({ key }) => key);
  assert.equal(before.filter((key) => after.includes(key)).length, 2);
  assert.equal(after.length, 3);
  const { snapshots } = await lake.catalog.snapshots({ name: "p" });
  const { operation, summary } = snapshots[0]!;
  assert.deepEqual([operation, summary.added_files, summary.removed_files], ["overwrite", 1, 1]);
  // No present key is hit: nothing is written anew.
  await put(lake, "p", "c.csv", "id,v\n99,x\n", BY_ID);
  assert.equal((await lake.catalog.snapshots({ name: "p" })).snapshots[0]!.operation, "append");
});

test("keys that cannot name a row are refused, and nothing is left of it", async (t) => {
  const lake = await openLake(t);
  await put(lake, "p", "a.csv", "id,name\n1,Ann\n");
  const state = async () => {
    const { objects } = await lake.storage.list({ limit: 1000 });
    return [await lake.catalog.list({}), objects.map(({ key }) => key)];
  };
  const before = await state();
  const csv = "id,name\n1,x\n,y\n,z\n";
  await assert.rejects(
    put(lake, "p", "b.csv", csv, BY_ID),
    refused("bad_key_columns", { null_rows: 2 }),
  );
  await assert.rejects(put(lake, "new", "b.csv", csv, BY_ID), refused("bad_key_columns"));
  const wrong = [
    { mode: "upsert" },
    { mode: "upsert", key: ["nope"] },
    { mode: "upsert", key: ["id", "id"] },
    { mode: "append", key: ["id"] },
  ];
  for (const options of wrong) {
    await assert.rejects(
      put(lake, "p", "c.csv", "id,name\n5,x\n", options),
      refused("bad_key_columns"),
    );
  }
  const nested = '{"id":1,"tags":["a"]}\n';
  const by_tags = { mode: "upsert", key: ["tags"] };
  await assert.rejects(put(lake, "n", "n.ndjson", nested, by_tags), refused("bad_key_columns"));
  assert.deepEqual(await state(), before);
});

test("NaN is a key like any other, although it stands outside of all bounds", async (t) => {
  const lake = await openLake(t);
  const send = async (values: string, more = {}) => {
    const sql = `SELECT k::DOUBLE AS k, v FROM (VALUES ${values}) t(k, v)`;
    const { body } = await lake.query.sql({ sql, format: "parquet" });
    return lake.ingest.file({ dataset: "p", filename: "f.parquet", body, ...more });
  };
  await send("('5.5', 'a'), ('nan', 'b')");
  await send("('2.5', 'c')");
  const by_k = { mode: "upsert" as const, key: ["k"] };
  const report = await send("('nan', 'new'), ('2.0', 'd')", by_k);
  assert.equal(report.updated_rows, 1);
  assert.deepEqual(await select(lake, "SELECT k::VARCHAR, v FROM p ORDER BY v"), [
    ["5.5", "a"],
    ["2.5", "c"],
    ["2.0", "d"],
    ["nan", "new"],
  ]);
});

test("appends and upserts of one dataset at once all stand", async (t) => {
  const lake = await openLake(t, { ingest: { running_max: 4 } });
  await put(lake, "p", "a.csv", "id,v\n1,old\n2,old\n3,old\n");
  const sent = [
    put(lake, "p", "b.csv", "id,v\n1,b\n10,b\n", BY_ID),
    put(lake, "p", "c.csv", "id,v\n20,c\n"),
    put(lake, "p", "d.csv", "id,v\n2,d\n11,d\n", BY_ID),
    put(lake, "p", "e.csv", "id,v\n21,e\n"),
  ];
  await Promise.all(sent);
  const rows = await select(lake, "SELECT id, v FROM p ORDER BY id");
  assert.deepEqual(
    rows.map((row) => row.join(" ")),
    ["1 b", "2 d", "3 old", "10 b", "11 d", "20 c", "21 e"],
  );
});

/** The same lake as another process has it: with locks of its own. */
async function otherProcess(lake: Lake): Promise<Lake> {
  const { storage, catalog, journal, engine } = lake;
  const base = { log: silentLog, clock: systemClock, dir: join(lake.dir, "other") };
  const needs = { ...base, storage, catalog, journal, engine };
  const service = await createIngest(needs, ingestSettings.parse({}));
  return { ...lake, ingest: connectLocal(ingest, service.handlers, { strict: true }) };
}

test("an upsert looks again when others commit rows of its keys meanwhile", async (t) => {
  let rival: (() => Promise<unknown>) | undefined;
  const lake = await openLake(t, {
    wrapCatalog: (client) => ({
      ...client,
      async commit(input, call) {
        const first = rival;
        rival = undefined;
        if (input.operation !== "append" || input.based_on_snapshot_id) await first?.();
        return client.commit(input, call);
      },
    }),
  });
  const other = await otherProcess(lake);
  await put(lake, "p", "a.csv", "id,v\n1,a\n5,a\n");
  rival = () => put(other, "p", "r.csv", "id,v\n5,rival\n7,rival\n", BY_ID);
  const report = await put(lake, "p", "b.csv", "id,v\n5,b\n6,b\n", BY_ID);
  assert.deepEqual([rival, report.updated_rows], [undefined, 1]);
  const rows = await select(lake, "SELECT id, v FROM p ORDER BY id");
  assert.deepEqual(
    rows.map((row) => row.join(" ")),
    ["1 a", "5 b", "6 b", "7 rival"],
  );
});
