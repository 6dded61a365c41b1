// Schemas that change while others write: no column is lost, and what is refused changes nothing.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { lakesOfOneEngine, bytesOf, put, select, type Lake } from "./open-lake.suite.ts";

const openLake = lakesOfOneEngine();

async function namesOf(lake: Lake, name: string): Promise<string[]> {
  return (await lake.catalog.get({ name })).fields.map((field) => field.name).toSorted();
}

test("files that evolve one dataset at once keep the columns of each other", async (t) => {
  const lake = await openLake(t, { ingest: { running_max: 4 } });
  await put(lake, "ev", "a.csv", "a\n1\n");
  const sent = ["w", "x", "y", "z"].map((name, at) =>
    put(lake, "ev", `${name}.csv`, `a,${name}\n${at + 2},${name}${name}\n`, { evolve: true }),
  );
  const reports = await Promise.all(sent);
  assert.ok(reports.every((report) => report.outcome === "committed"));
  assert.deepEqual(await namesOf(lake, "ev"), ["a", "w", "x", "y", "z"]);
  assert.deepEqual(await select(lake, "SELECT a, w, x, y, z FROM ev ORDER BY a"), [
    [1, null, null, null, null],
    [2, "ww", null, null, null],
    [3, null, "xx", null, null],
    [4, null, null, "yy", null],
    [5, null, null, null, "zz"],
  ]);
});

test("the same new column of two files at once has one type that both are read as", async (t) => {
  const lake = await openLake(t);
  await put(lake, "ev", "a.csv", "a\n1\n");
  const texts = ["a,n\n2,5\n", "a,N\n3,6\n"];
  await Promise.all(texts.map((text, at) => put(lake, "ev", `${at}.csv`, text, { evolve: true })));
  assert.equal((await namesOf(lake, "ev")).length, 2);
  assert.deepEqual(await select(lake, "SELECT a, n FROM ev ORDER BY a"), [
    [1, null],
    [2, 5],
    [3, 6],
  ]);
});

test("a replacement that is refused leaves the schema as it was; one that is taken drops", async (t) => {
  const lake = await openLake(t);
  await put(lake, "r", "a.csv", "a,b\n1,x\n");
  const present = await lake.catalog.get({ name: "r" });
  const sent = [
    put(lake, "r", "b.csv", "a,c\n2,y\n", { mode: "replace", evolve: true }),
    put(lake, "r", "c.csv", "a,d\n3,z\n", { mode: "replace", evolve: true }),
  ];
  const ends = await Promise.allSettled(sent);
  const won = ends.findIndex((end) => end.status === "fulfilled");
  const lost = ends.find((end) => end.status === "rejected");
  assert.ok(lost?.reason instanceof LakehouseError);
  assert.equal(lost.reason.reason, "snapshot_moved");
  const after = await lake.catalog.get({ name: "r" });
  assert.deepEqual(await namesOf(lake, "r"), ["a", won === 0 ? "c" : "d"]);
  assert.equal(after.schema_id, present.schema_id + 1);
  const { events } = await lake.journal.list({ action: "catalog.commit" });
  const { details } = events.find((event) => event.after === after.current_snapshot_id)!;
  const difference = details["difference"] as { removed: { name: string }[] };
  assert.deepEqual(
    difference.removed.map((column) => column.name),
    ["b"],
  );
});

test("rows that are committed are no error when the journal fails; health says so", async (t) => {
  const away = async () => {
    throw new LakehouseError("unavailable", "the journal is away");
  };
  const lake = await openLake(t, { wrapJournal: (client) => ({ ...client, append: away }) });
  const report = await put(lake, "ids", "a.csv", "id\n1\n2\n");
  assert.equal(report.outcome, "committed");
  const health = await lake.health();
  assert.deepEqual([health.status, health.figures["not_journalled"]], ["degraded", 1]);
  const { events } = await lake.journal.list({ action: "catalog.commit" });
  const sources = events[0]!.details["sources"] as { ingest_id: string; content_sha256: string }[];
  assert.deepEqual(
    sources.map((source) => [source.ingest_id, source.content_sha256]),
    [[report.ingest_id, report.content_sha256]],
  );
});

test("slow senders hold nobody up, and those that wait for room take none", async (t) => {
  const lake = await openLake(t, { ingest: { running_max: 1, receiving_max: 2 } });
  const open = Promise.withResolvers<void>();
  let asked = 0;
  async function* slow(at: number) {
    asked++;
    await open.promise;
    yield* bytesOf(`id\n${at}\n`);
  }
  const send = (at: number) =>
    lake.ingest.file({ dataset: "a", filename: "a.csv", body: slow(at) });
  const first = send(1);
  while (asked < 1) await new Promise((resolve) => setImmediate(resolve));
  // One is sent slowly, and another one comes through all the same.
  assert.equal((await put(lake, "b", "b.csv", "id\n1\n")).outcome, "committed");
  const others = [2, 3, 4].map(send);
  while (asked < 2) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  const written = await readdir(join(lake.dir, "ingest"));
  assert.deepEqual([written.length, asked], [2, 2]);
  open.resolve();
  await Promise.all([first, ...others]);
  assert.deepEqual(await select(lake, "SELECT id FROM a ORDER BY id"), [[1], [2], [3], [4]]);
});
