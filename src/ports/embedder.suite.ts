// What every embedder must do; run by each adapter's test.
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import type { Embedder, EmbeddingBatch } from "./embedder.ts";

const NEVER = new AbortController().signal;

export function rowOf(batch: EmbeddingBatch, at: number): Float32Array {
  return batch.vectors.subarray(at * batch.dimension, (at + 1) * batch.dimension);
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** `open` is called once for each test; what it opens, it closes by `t.after`. */
export function embedderSuite(name: string, open: (t: TestContext) => Promise<Embedder>): void {
  test(`${name}: gives one row of length 1 for each text, in order`, async (t) => {
    const embedder = await open(t);
    const texts = ["a painter", "", "ein Schweißer 👩‍🏭", "x ".repeat(20), "a painter"];
    const batch = await embedder.embed(texts, NEVER);
    assert.equal(batch.dimension, embedder.dimension);
    assert.equal(batch.vectors.length, texts.length * embedder.dimension);
    for (const at of texts.keys()) {
      assert.ok(Math.abs(cosine(rowOf(batch, at), rowOf(batch, at)) - 1) < 1e-5);
    }
    assert.deepEqual(rowOf(batch, 0), rowOf(batch, 4));
    assert.ok(batch.tokens > 0);
    assert.deepEqual(batch.pooled, []);
  });

  test(`${name}: a text has the same vector whatever stands beside it`, async (t) => {
    const embedder = await open(t);
    const texts = Array.from({ length: 20 }, (_, at) => `text ${at} ${"more ".repeat(at)}`);
    const together = await embedder.embed(texts, NEVER);
    for (const at of [0, 7, 19]) {
      const alone = await embedder.embed([texts[at]!], NEVER);
      assert.deepEqual(rowOf(alone, 0), rowOf(together, at));
    }
  });

  test(`${name}: no texts give no rows`, async (t) => {
    const embedder = await open(t);
    const batch = await embedder.embed([], NEVER);
    assert.equal(batch.vectors.length, 0);
    assert.equal(batch.tokens, 0);
  });

  test(`${name}: a text over the window is split, pooled and named`, async (t) => {
    const embedder = await open(t);
    const long = "long texts are split at words and pooled ".repeat(300);
    const batch = await embedder.embed(["short", long, "short"], NEVER);
    assert.deepEqual(batch.pooled, [1]);
    assert.ok(Math.abs(cosine(rowOf(batch, 1), rowOf(batch, 1)) - 1) < 1e-5);
  });

  test(`${name}: an aborted signal ends it with "cancelled"`, async (t) => {
    const embedder = await open(t);
    await assert.rejects(
      embedder.embed(["a", "b"], AbortSignal.abort()),
      (error) => error instanceof LakehouseError && error.code === "cancelled",
    );
  });
}
