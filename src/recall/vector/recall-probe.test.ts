// The recall probe: a graph that is too narrow shows, and stats tell.
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import { seededRandom } from "#kernel/random.ts";
import { createUsearchEngine } from "#adapters/vector-index/usearch-vector-index.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openVector } from "./open-vector.suite.ts";

const DIMENSION = 32;
const ITEMS = 3_000;

test("a probe compares the graph with every item, on what was asked, and is kept", async (t) => {
  const engine = createUsearchEngine({ threads: 1 });
  const opened = await openVector(await tempDir(t), { engine, settings: { connectivity: 4 } });
  t.after(() => opened.close());
  const { client } = opened;
  const index = "points";
  await client.create({ index, embedder: null, dimension: DIMENSION, lexical: false });
  const random = seededRandom(7);
  const point = () => Array.from({ length: DIMENSION }, () => random.next() - 0.5);
  const items = Array.from({ length: ITEMS }, (_, at) => ({ id: `p${at}`, vector: point() }));
  await client.upsert({ index, items });
  const unasked = await client.probe({ index });
  assert.deepEqual([unasked.recall, unasked.queries], [null, 0]);
  for (let at = 0; at < 40; at++) await client.search({ index, vector: point(), k: 3 });
  const narrow = await client.probe({ index, queries: 40, expansion: 10 });
  const wide = await client.probe({ index, queries: 40, expansion: 2_000 });
  assert.deepEqual([wide.queries, wide.k, wide.items], [40, 10, ITEMS]);
  // Points without any order are the worst case of a graph.
  assert.ok(narrow.recall! < 0.9 && narrow.recall! > 0.1, `${narrow.recall}`);
  assert.ok(wide.recall! > narrow.recall! + 0.05 && wide.recall! > 0.9, `${wide.recall}`);
  assert.deepEqual((await client.stats({ index })).recall_probe, wide);
  assert.deepEqual((await client.list({})).indexes[0]!.recall_probe, wide);
  await client.drop({ index });
  await client.create({ index, embedder: null, dimension: DIMENSION, lexical: false });
  assert.equal((await client.stats({ index })).recall_probe, undefined);
});

test("an index of texts that nobody has asked is probed with its own texts", async (t) => {
  const opened = await openVector(join(await tempDir(t), "v"));
  t.after(() => opened.close());
  const { client } = opened;
  await client.create({ index: "tales" });
  const words = ["fox", "dog", "tea", "barn", "lake", "tale", "wolf", "hill"];
  const items = words.map((word, at) => ({ id: `t${at}`, text: `a ${word} and ${words[at - 1]}` }));
  await client.upsert({ index: "tales", items });
  const probe = await client.probe({ index: "tales", queries: 4, k: 3 });
  assert.deepEqual([probe.recall, probe.queries, probe.items], [1, 4, words.length]);
});
