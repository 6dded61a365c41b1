// What every reranker must do; run by each adapter's test.
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import type { Reranker } from "./reranker.ts";

const NEVER = new AbortController().signal;
const QUERY = "wanted are three painters in the harbour";
const DOCUMENTS = [
  "the cat sleeps",
  "three painters are wanted in the harbour",
  "",
  "painters of the last century",
  "ein Schweißer 👩‍🏭",
];

export function rerankerSuite(name: string, open: (t: TestContext) => Promise<Reranker>): void {
  test(`${name}: one finite score for each document, the closest has the largest`, async (t) => {
    const scores = await (await open(t)).rerank(QUERY, DOCUMENTS, NEVER);
    assert.equal(scores.length, DOCUMENTS.length);
    assert.ok(scores.every((score) => Number.isFinite(score)));
    assert.equal(scores.indexOf(Math.max(...scores)), 1);
    assert.ok(scores[3]! > scores[0]!);
  });

  test(`${name}: the order of the documents changes none of their ranks`, async (t) => {
    const reranker = await open(t);
    const turned = await reranker.rerank(QUERY, DOCUMENTS.toReversed(), NEVER);
    const best = turned.indexOf(Math.max(...turned));
    assert.equal(DOCUMENTS.toReversed()[best], DOCUMENTS[1]);
  });

  test(`${name}: no documents give no scores`, async (t) => {
    assert.deepEqual(await (await open(t)).rerank(QUERY, [], NEVER), []);
  });

  test(`${name}: an aborted signal ends it with "cancelled"`, async (t) => {
    const reranker = await open(t);
    await assert.rejects(
      reranker.rerank(QUERY, DOCUMENTS, AbortSignal.abort()),
      (error) => error instanceof LakehouseError && error.code === "cancelled",
    );
  });
}
