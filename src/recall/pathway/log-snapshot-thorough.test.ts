// The snapshot beside the log: a start from it gives what a replay gives, and damage costs nothing.
import assert from "node:assert/strict";
import { appendFile, copyFile, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { seededRandom } from "#kernel/random.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openPathway, SCOPE } from "./open-pathway.suite.ts";
import { applyActions } from "./snapshot-life.suite.ts";
import { pathwaySettings } from "./pathway-settings.ts";
import { openPathwayStore } from "./pathway-store.ts";

type Opened = Awaited<ReturnType<typeof openPathway>>;

const settings = { snapshot_rows_min: 1 };
const OTHER = { ...SCOPE, tenant: "other" };

/** All that can be asked, as one text. */
async function everything({ client }: Opened, queries: readonly string[]): Promise<string> {
  const told: unknown[] = [];
  for (const scope of [SCOPE, OTHER]) {
    told.push(await client.list({ ...scope, limit: 1000 }), await client.stats(scope));
    const { body } = await client.export(scope);
    for await (const piece of body) told.push(Buffer.from(piece).toString("utf8"));
    for (const query_text of queries) {
      for (const include_superseded of [false, true]) {
        const asked = { ...scope, query_text, include_superseded, remember_recall: false };
        const { hits } = await client.search({ ...asked, mode: "lexical" });
        told.push(hits);
      }
    }
  }
  return JSON.stringify(told);
}

/** How many rows a start takes from the snapshot, and how many there are. */
async function resumed(dir: string): Promise<{ resumed: number; rows: number }> {
  const store = await openPathwayStore({
    dir,
    log: silentLog,
    settings: pathwaySettings.parse({ snapshot_rows_min: 1e9 }),
    onDoc: () => undefined,
  });
  const { rows_resumed, table } = store.state;
  await store.close();
  return { resumed: rows_resumed, rows: table.rows.count };
}

test("lives that go on from snapshots say what a life replayed from the log says", async (t) => {
  const dir = await tempDir(t);
  const random = seededRandom(11);
  const queries: string[] = [];
  for (let life = 0; life < 4; life++) {
    const opened = await openPathway(t, { dir, settings });
    queries.push(...(await applyActions(opened.client, [SCOPE, OTHER], random, 60)));
    await opened.service.embedded();
    await opened.service.stop();
    const { resumed: from, rows } = await resumed(dir);
    assert.ok(rows > 30);
    assert.equal(from, rows, "the end of a life left a snapshot of all rows");
  }
  const quick = await openPathway(t, { dir, settings });
  await quick.service.embedded();
  const told = await everything(quick, queries);
  assert.deepEqual((await quick.client.verify({})).problems, []);
  await quick.service.stop();
  await rm(join(dir, "pathways.snapshot"));
  const slow = await openPathway(t, { dir, settings });
  await slow.service.embedded();
  assert.equal(await everything(slow, queries), told);
  assert.ok(told.length > 10_000);
});

test("a snapshot counts only for a log whose bytes are those it was made of", async (t) => {
  const dir = await tempDir(t);
  const log = join(dir, "pathways.jsonl");
  const snapshot = join(dir, "pathways.snapshot");
  const opened = await openPathway(t, { dir, settings });
  await applyActions(opened.client, [SCOPE], seededRandom(3), 40);
  await opened.service.stop();
  await copyFile(snapshot, `${snapshot}.good`);
  await copyFile(log, `${log}.good`);
  const { rows } = await resumed(dir);
  const whole = await readFile(snapshot);
  const size = whole.length;
  for (const place of [0, 5, 9, 30, size >> 1, size - 6, size - 1]) {
    const damaged = Buffer.from(whole);
    damaged[place]! ^= 4;
    await writeFile(snapshot, damaged);
    assert.deepEqual(await resumed(dir), { resumed: 0, rows }, `byte ${place} is damaged`);
  }
  for (const length of [0, 3, 11, 200, size - 1]) {
    await writeFile(snapshot, whole.subarray(0, length));
    assert.deepEqual(await resumed(dir), { resumed: 0, rows }, `it ends after ${length} bytes`);
  }
  await writeFile(snapshot, Buffer.concat([whole, Buffer.from("x")]));
  assert.deepEqual(await resumed(dir), { resumed: 0, rows });
  await writeFile(snapshot, whole);
  assert.deepEqual(await resumed(dir), { resumed: rows, rows });

  // One letter of the log is another one: the snapshot is of another log.
  const text = await readFile(`${log}.good`, "utf8");
  await writeFile(log, text.replace('"trace_id":"', '"trace_iD":"'));
  assert.deepEqual((await resumed(dir)).resumed, 0);
  await writeFile(log, text.slice(0, text.indexOf("\n") + 1));
  assert.deepEqual(await resumed(dir), { resumed: 0, rows: 1 });
  // Further rows are replayed on top of it, a torn one aside.
  await writeFile(log, text);
  await appendFile(
    log,
    text
      .split("\n")
      .at(-2)!
      .replace(/"op":"\w+"/, '"op":"merge"') + "\n{",
  );
  const more = await resumed(dir);
  assert.equal(more.resumed, rows);
  assert.ok(more.rows >= rows);
});

test("compaction, import and many rows in one life leave a snapshot that fits", async (t) => {
  const dir = await tempDir(t);
  const { client, service } = await openPathway(t, { dir, settings: { snapshot_rows_min: 20 } });
  await applyActions(client, [SCOPE], seededRandom(8), 120);
  await client.compact({});
  await applyActions(client, [SCOPE], seededRandom(9), 60);
  const { body } = await client.export(SCOPE);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  assert.ok((await stat(join(dir, "pathways.snapshot"))).size > 1000, "written while it lived");
  await service.stop();
  const { resumed: from, rows } = await resumed(dir);
  assert.equal(from, rows);
  assert.ok(pieces.length > 0);
});
