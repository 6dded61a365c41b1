// What the vector service keeps: restarts, generations, damage to files, large logs.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createUsearchEngine } from "#adapters/vector-index/usearch-vector-index.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { VectorIndex, VectorIndexEngine } from "#ports/vector-index.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openVector, type OpenedVector } from "./open-vector.suite.ts";

const itemsFrom = (from: number, to: number, word = "item") =>
  Array.from({ length: to - from }, (_, at) => ({
    id: `i${from + at}`,
    text: `${word} ${from + at}`,
    metadata: { number: from + at, word },
  }));

async function check({ client }: OpenedVector, index: string, at: number, word = "item") {
  const query_text = `${word} ${at}`;
  const [hit] = (await client.search({ index, query_text, k: 1, filters: { number: at } })).hits;
  const expected = [`i${at}`, query_text, { number: at, word }];
  assert.deepEqual([hit!.id, hit!.text, hit!.metadata], expected);
  assert.ok(hit!.score > 0.99, `${query_text} has another vector`);
  const words = await client.search({ index, query_text: String(at), k: 1, mode: "lexical" });
  assert.equal(words.hits[0]!.id, `i${at}`);
}

for (const min of [undefined, 100]) {
  const held = min === undefined ? "memory" : "files";
  test(`everything is there after a restart, from log and generation, in ${held}`, async (t) => {
    const root = await tempDir(t);
    const options = min === undefined ? {} : { settings: { memory_mapped_min_items: min } };
    let opened = await openVector(root, options);
    const reopen = async () => {
      await opened.close();
      opened = await openVector(root, options);
    };
    t.after(() => opened.close());
    await opened.client.create({ index: "notes" });
    await opened.client.upsert({ index: "notes", items: itemsFrom(0, 500) });
    await reopen();
    await check(opened, "notes", 77);
    await opened.client.rebuild({ index: "notes" });
    await reopen();
    await check(opened, "notes", 77);
    assert.equal((await opened.client.stats({ index: "notes" })).log_items, 0);
    await opened.client.upsert({ index: "notes", items: itemsFrom(490, 600, "note") });
    await opened.client.remove({ index: "notes", ids: ["i0", "i599"] });
    await reopen();
    await check(opened, "notes", 495, "note");
    await check(opened, "notes", 3);
    const stats = await opened.client.stats({ index: "notes" });
    assert.deepEqual([stats.items, stats.log_items, stats.generation], [598, 112, 1]);
    await opened.client.rebuild({ index: "notes" });
    await reopen();
    assert.equal((await opened.client.stats({ index: "notes" })).items, 598);
    const keys = await readdir(join(root, "objects"), { recursive: true });
    const generations = keys.filter(
      (key) => key.includes("items.table") && !key.includes("staging"),
    );
    assert.ok(generations.length >= 1);
    assert.ok(
      generations.every((key) => key.includes("000002-")),
      generations.join(),
    );
  });
}

test("a rebuild of an index with many dead items goes on beside changes", async (t) => {
  const root = await tempDir(t);
  let opened = await openVector(root, { settings: { dead_share_max: 0.1 } });
  t.after(() => opened.close());
  const { client } = opened;
  await client.create({ index: "notes" });
  await client.upsert({ index: "notes", items: itemsFrom(0, 1500) });
  await client.upsert({ index: "notes", items: itemsFrom(0, 800, "note") });
  const rebuilding = client.rebuild({ index: "notes" });
  const changes: Promise<unknown>[] = [];
  for (let at = 0; at < 40; at++) {
    changes.push(client.upsert({ index: "notes", items: itemsFrom(2000 + at, 2001 + at) }));
    changes.push(client.remove({ index: "notes", ids: [`i${1400 + at}`] }));
    if (at % 10 === 0) await check(opened, "notes", 1000);
  }
  await Promise.all([...changes, rebuilding]);
  for (let round = 0; round < 2; round++) {
    assert.equal((await opened.client.stats({ index: "notes" })).items, 1500);
    await check(opened, "notes", 2039);
    await check(opened, "notes", 5, "note");
    const { hits } = await opened.client.search({
      index: "notes",
      query_text: "item",
      filters: { number: { gte: 1400, lte: 1441 } },
    });
    assert.deepEqual(hits.map(({ id }) => id).toSorted(), ["i1440", "i1441"]);
    await opened.close();
    opened = await openVector(root);
  }
});

test("stopping in the middle of a rebuild gives it up and loses nothing", async (t) => {
  const root = await tempDir(t);
  const first = await openVector(root, { settings: { dead_share_max: 0.1 } });
  await first.client.create({ index: "notes" });
  await first.client.upsert({ index: "notes", items: itemsFrom(0, 2500) });
  await first.client.upsert({ index: "notes", items: itemsFrom(0, 1500, "note") });
  const rebuilding = first.client.rebuild({ index: "notes" });
  const given_up = assert.rejects(rebuilding, { code: "cancelled" });
  await first.client.upsert({ index: "notes", items: itemsFrom(3000, 3001) });
  await first.service.stop();
  await given_up;
  const again = await openVector(root, { engine: first.engine });
  t.after(again.close);
  const { items, generation } = await again.client.stats({ index: "notes" });
  assert.deepEqual([items, generation], [2501, 0]);
  await check(again, "notes", 3000);
  await check(again, "notes", 7, "note");
});

test("a large log leads to a generation by itself", async (t) => {
  const { client, close } = await openVector(await tempDir(t), {
    settings: { log_items_max: 100 },
  });
  t.after(close);
  await client.create({ index: "notes" });
  for (let at = 0; at < 8; at++) {
    await client.upsert({ index: "notes", items: itemsFrom(at * 50, at * 50 + 50) });
  }
  for (;;) {
    const { generation, log_items, items } = await client.stats({ index: "notes" });
    assert.equal(items, 400);
    if (generation > 0 && log_items <= 300) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

test("writers that outrun a rebuild wait for it, and searches do not", async (t) => {
  const engine = createUsearchEngine({ threads: 1 });
  const held = Promise.withResolvers<void>();
  const slow = (index: VectorIndex): VectorIndex =>
    Object.assign(Object.create(index) as VectorIndex, {
      save: async (path: string) => {
        await held.promise;
        return index.save(path);
      },
    });
  const own: VectorIndexEngine = {
    ...engine,
    create: async (config) => slow(await engine.create(config)),
  };
  const settings = { log_items_max: 50 };
  const opened = await openVector(await tempDir(t), { settings, engine: own });
  t.after(() => held.resolve());
  t.after(opened.close);
  const { client } = opened;
  await client.create({ index: "notes" });
  let put = 0;
  const putting = (async () => {
    for (; put < 40; put++) {
      await client.upsert({ index: "notes", items: itemsFrom(put * 10, put * 10 + 10) });
    }
  })();
  const logItems = async () => (await client.stats({ index: "notes" })).log_items;
  while (put < 11) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([put, await logItems()], [11, 110]);
  await check(opened, "notes", 7);
  held.resolve();
  await putting;
  assert.equal((await client.stats({ index: "notes" })).items, 400);
  // A quarter of 400 items starts a rebuild now; twice that and one batch is the most.
  assert.ok((await logItems()) <= 210);
});

test("a damaged generation or log breaks its index, with the reason, and no other", async (t) => {
  const root = await tempDir(t);
  const opened = await openVector(root);
  for (const index of ["one", "two", "three", "four", "five"]) {
    await opened.client.create({ index });
    await opened.client.upsert({ index, items: itemsFrom(0, 50) });
    if (index !== "three") await opened.client.rebuild({ index });
  }
  await opened.close();
  const files = (await readdir(root, { recursive: true })).map((path) => join(root, path));
  const alter = async (end: string, index: string, change: (bytes: Buffer) => Buffer) => {
    const path = files.find((one) => one.includes(`/${index}/`) && one.includes(end));
    await writeFile(path!, change(await readFile(path!)));
  };
  const flip = (bytes: Buffer) => {
    bytes[200]! ^= 1;
    return bytes;
  };
  await alter("vectors.usearch", "one", flip);
  await alter("items.table", "two", (bytes) => bytes.subarray(0, 300));
  await alter("log-000001", "three", (bytes) => Buffer.concat([Buffer.from("{broken\n"), bytes]));
  await alter("entry.json", "four", () => Buffer.from("[]"));
  const again = await openVector(root);
  t.after(again.close);
  for (const index of ["one", "two", "three", "four"]) {
    await assert.rejects(again.client.search({ index, query_text: "item 7" }), {
      code: "unavailable",
      reason: "index_broken",
    });
    assert.ok(((await again.client.stats({ index })).broken ?? "").length > 10, index);
  }
  await check(again, "five", 7);
  const health = await again.service.health();
  assert.equal(health.status, "degraded");
  assert.equal(health.figures["broken"], 4);
  assert.deepEqual(await again.client.drop({ index: "one" }), { dropped: true });
  assert.deepEqual(await again.client.drop({ index: "four" }), { dropped: true });
  await again.client.create({ index: "one" });
  await again.client.upsert({ index: "one", items: itemsFrom(0, 5) });
  await check(again, "one", 3);
});

test("a torn last line of the log was never acknowledged and is passed over", async (t) => {
  const root = await tempDir(t);
  const opened = await openVector(root);
  await opened.client.create({ index: "notes" });
  await opened.client.upsert({ index: "notes", items: itemsFrom(0, 20) });
  await opened.close();
  const path = join(root, "vector", "indexes", "notes", "log-000001.jsonl");
  await writeFile(
    path,
    Buffer.concat([await readFile(path), Buffer.from('{"op":"upsert","items":[{"i')]),
  );
  const again = await openVector(root);
  t.after(again.close);
  assert.equal((await again.client.stats({ index: "notes" })).items, 20);
  await again.client.upsert({ index: "notes", items: itemsFrom(20, 21) });
  await check(again, "notes", 20);
});

test("when the vector engine dies, its indexes open anew and nothing is lost", async (t) => {
  const root = await tempDir(t);
  const inner = createUsearchEngine({ threads: 1 });
  let dead = false;
  const opened = await openVector(root, { engine: mortal(inner, () => dead) });
  t.after(opened.close);
  await opened.client.create({ index: "notes" });
  await opened.client.upsert({ index: "notes", items: itemsFrom(0, 30) });
  dead = true;
  const stopped = { code: "unavailable", reason: "vector_engine_stopped" };
  await assert.rejects(opened.client.search({ index: "notes", query_text: "item 3" }), stopped);
  dead = false;
  await check(opened, "notes", 3);
  dead = true;
  const late = opened.client.upsert({ index: "notes", items: itemsFrom(30, 31) });
  await assert.rejects(late, stopped);
  dead = false;
  await check(opened, "notes", 29);
  await opened.client.upsert({ index: "notes", items: itemsFrom(31, 32) });
  await check(opened, "notes", 31);
});

/** An engine whose indexes fail as if their thread had ended, while `dead` says so. */
function mortal(engine: VectorIndexEngine, dead: () => boolean): VectorIndexEngine {
  const wrap = (index: VectorIndex): VectorIndex =>
    new Proxy(index, {
      get(target, name: keyof VectorIndex) {
        const value = target[name];
        if (typeof value !== "function" || !dead()) return value;
        const reason = "vector_engine_stopped";
        return () =>
          Promise.reject(new LakehouseError("unavailable", "it has stopped", { reason }));
      },
    });
  return {
    create: async (config) => wrap(await engine.create(config)),
    load: async (path, config) => wrap(await engine.load(path, config)),
    close: () => engine.close(),
  };
}
