// Scores on scales of their own: a small scope says as much as a large one, and outcomes can act.
import assert from "node:assert/strict";
import { test } from "node:test";
import { calibratedCosine, mixedScore, saturatedWords } from "#ports/hit-score.ts";
import { openPathway, SCOPE, wordEmbedder } from "./open-pathway.suite.ts";

const MODES = ["mixed", "lexical", "dense"] as const;

test("cosines count from their background on, words less and less, both up to 1", () => {
  assert.equal(calibratedCosine(1, 0.74), 1);
  assert.equal(calibratedCosine(0.74, 0.74), 0);
  assert.equal(calibratedCosine(0.5, 0.74), 0);
  assert.ok(Math.abs(calibratedCosine(0.87, 0.74) - 0.5) < 1e-9);
  assert.equal(calibratedCosine(0.3, -0.1), 0.3, "no model has less than nothing in common");
  assert.equal(saturatedWords(0, 0), 0);
  assert.equal(saturatedWords(3, 3), 0.5);
  assert.ok(saturatedWords(1000, 3) < 1);
  const scale = { semantic_weight: 0.5, bm25_half: 8 * 0.25 };
  assert.equal(mixedScore({ cosine: null, background: 0, bm25: null }, scale), 0);
  assert.equal(mixedScore({ cosine: 1, background: 0, bm25: 8 }, scale), 0.5 + 0.5 * 0.8);
});

test("one trace that says what is asked is relevant, in a scope of one and of a hundred", async (t) => {
  const { client, service } = await openPathway(t);
  const content = "the valve of tank four sticks in winter";
  for (const [size, tenant] of [
    [0, "small"],
    [100, "large"],
  ] as const) {
    const scope = { ...SCOPE, tenant };
    await client.add({ ...scope, content });
    const items = Array.from({ length: size }, (_, at) => ({ content: `other note ${at}` }));
    if (size > 0) await client.bulk({ ...scope, items });
    await service.embedded();
    for (const mode of MODES) {
      const { hits, method } = await client.search({ ...scope, query_text: content, mode });
      assert.equal(method, mode);
      assert.equal(hits[0]!.pathway.content, content);
      const { relevance } = hits[0]!.components;
      assert.ok(relevance > 0.6 && relevance <= 1, `${tenant}, ${mode}: ${relevance}`);
    }
  }
});

test("a trace is as relevant whatever other candidates there are", async (t) => {
  const { client, service } = await openPathway(t);
  const query_text = "red lamp north";
  const worst = "the red chair of the old hall";
  await client.add({ ...SCOPE, content: worst });
  await service.embedded();
  const relevance = async () => {
    const { hits } = await client.search({ ...SCOPE, query_text, mode: "dense" });
    return hits.find((hit) => hit.pathway.content === worst)!.components.relevance;
  };
  const alone = await relevance();
  assert.ok(alone > 0, "the only candidate is not worth nothing");
  await client.add({ ...SCOPE, content: "a red lamp in the north" });
  await service.embedded();
  assert.equal(await relevance(), alone, "nor is the worst of two");
});

test("ten failures against ten successes turn two near equal alternatives round", async (t) => {
  const same = { reboot: "restart", machine: "server" };
  const { client, service } = await openPathway(t, { embedder: wordEmbedder(same) });
  const add = async (content: string) =>
    (await client.add({ ...SCOPE, content })).pathway.pathway_id;
  const nearer = await add("restart the ingest worker of the server with a flag");
  const other = await add("restart the ingest worker of the cluster with a signal");
  await service.embedded();
  const ask = {
    ...SCOPE,
    query_text: "restart ingest worker on a machine",
    mode: "dense",
  } as const;
  const order = async () => (await client.search(ask)).hits.map((hit) => hit.pathway.pathway_id);
  assert.deepEqual(await order(), [nearer, other]);
  for (let time = 0; time < 10; time++) {
    await client.outcome({ ...SCOPE, pathway_id: nearer, success: false });
    await client.outcome({ ...SCOPE, pathway_id: other, success: true });
  }
  assert.deepEqual(await order(), [other, nearer]);
  const mixed = await client.search({ ...ask, mode: "mixed" });
  assert.equal(mixed.hits[0]!.pathway.pathway_id, other);
});

test("meaning answers nothing of its own where its background cannot be had", async (t) => {
  const words = wordEmbedder();
  let broken = false;
  const embed: typeof words.embed = async (texts, options) => {
    if (broken) throw new Error("no model today");
    return words.embed(texts, options);
  };
  const { client, service } = await openPathway(t, { embedder: { ...words, embed } });
  await client.add({ ...SCOPE, content: "the pump is loud" });
  await service.embedded();
  broken = true;
  const by_words = await client.search({ ...SCOPE, query_text: "pump" });
  assert.deepEqual([by_words.method, by_words.hits.length], ["lexical", 1]);
  assert.match(by_words.degraded ?? "", /could not be embedded/);
  broken = false;
  assert.equal((await client.search({ ...SCOPE, query_text: "loud pump" })).method, "mixed");
});
