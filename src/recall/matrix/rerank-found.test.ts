// Hits in a reranker's order: off unless asked for, on the scale that scores had before.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { build, openMatrix } from "./open-matrix.suite.ts";

const TEXTS = [
  "painters painters three three wanted wanted harbour harbour",
  "three painters are wanted in the harbour today",
  "the harbour has three gates",
  "green tea from the mountains",
];
const source = {
  kind: "texts" as const,
  items: TEXTS.map((text, at) => ({ id: `t${at}`, text, metadata: { at } })),
};
const query_text = "three painters are wanted in the harbour";

async function opened(t: { after(fn: () => unknown): void }, rerank_candidates = 50) {
  const settings = { relevance_floor: 0, hit_floor: 0, rerank_candidates };
  const one = await openMatrix(t, { settings });
  await build(one, { corpus: "notes", source });
  return one;
}

test("a search is reranked when it asks for it, and each hit says so", async (t) => {
  const { client } = await opened(t);
  const plain = (await client.search({ query_text, k: 4 })).results;
  assert.ok(plain.every((hit) => hit.components.rerank === null));
  for (const rerank of [true, "builtin/wording", "wording"] as const) {
    const { results, relevance } = await client.search({ query_text, k: 4, rerank });
    assert.equal(relevance.verdict, "relevant");
    assert.equal(results[0]!.id, "t1");
    const scores = results.map((hit) => hit.components.rerank!);
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
    // The scale of the scores is what it was: the places keep theirs.
    assert.deepEqual(
      results.map((hit) => hit.score),
      plain.map((hit) => hit.score),
    );
    for (const hit of results) {
      const before = plain.find((one) => one.id === hit.id)!;
      assert.deepEqual({ ...hit.components, rerank: null }, before.components);
      assert.match(hit.explain, /reranked at .+: the score of its new place is/u);
    }
  }
});

test("only the first candidates are reranked; the others keep their places", async (t) => {
  const { client } = await opened(t, 2);
  const plain = (await client.search({ query_text, k: 4 })).results;
  const { results } = await client.search({ query_text, k: 4, rerank: true });
  assert.deepEqual(
    results.map((hit) => hit.components.rerank !== null),
    [true, true, false, false],
  );
  assert.deepEqual(
    results.slice(2).map((hit) => hit.id),
    plain.slice(2).map((hit) => hit.id),
  );
});

test("a reranker that is not here is an error that names those that are", async (t) => {
  const { client } = await opened(t);
  await assert.rejects(client.search({ query_text, rerank: "nope" }), (error) => {
    assert.ok(error instanceof LakehouseError);
    assert.deepEqual([error.code, error.reason], ["not_found", "no_such_model"]);
    assert.match(error.hint!, /builtin\/wording/u);
    return true;
  });
});

test("a playbook still puts its answer first after a rerank", async (t) => {
  const { client, playbook } = await opened(t);
  const answer = { answer_id: "t2", answer_corpus: "notes", score: 1 };
  await playbook.record({ query_text, ...answer });
  const { results } = await client.search({ query_text, k: 4, rerank: true });
  assert.equal(results[0]!.id, "t2");
  assert.equal(results[0]!.playbook!.effect, "boosted");
});
