// Tests of the score, the boost and the relevance verdict: pure arithmetic.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { calibratedCosine, mixedScore } from "#ports/hit-score.ts";
import { boostedDistance } from "./playbook-boost.ts";
import { judgeRelevance } from "./relevance-gate.ts";

const SCALE = { semantic_weight: 0.6, bm25_half: 20 };
const mixed = (cosine: number | null, bm25: number | null, background = 0) =>
  mixedScore({ cosine, background, bm25 }, SCALE);
const share = fc.double({ min: 0, max: 1, noNaN: true });

test("a score lies between 0 and 1 and grows with both of its parts", () => {
  const bm25 = fc.double({ min: 0, max: 500, noNaN: true });
  fc.assert(
    fc.property(share, share, bm25, bm25, (a, b, x, y) => {
      const low = mixed(Math.min(a, b), Math.min(x, y));
      const high = mixed(Math.max(a, b), Math.max(x, y));
      assert.ok(low >= 0 && high <= 1 && low <= high + 1e-12);
    }),
  );
  assert.equal(mixed(null, null), 0);
  assert.equal(mixed(-0.2, null), 0);
  assert.ok(Math.abs(mixed(1, 20) - 0.8) < 1e-12);
});

test("a cosine counts from what is unrelated to what is the same", () => {
  assert.equal(calibratedCosine(0.75, 0.75), 0);
  assert.equal(calibratedCosine(0.6, 0.75), 0);
  assert.ok(Math.abs(calibratedCosine(0.875, 0.75) - 0.5) < 1e-12);
  assert.equal(calibratedCosine(1, 0.75), 1);
  assert.equal(calibratedCosine(0.4, null), 0.4);
  assert.equal(calibratedCosine(0.4, -0.1), 0.4);
  fc.assert(
    fc.property(share, share, share, (a, b, background) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const [less, more] = [calibratedCosine(low, background), calibratedCosine(high, background)];
      assert.ok(less >= 0 && more <= 1 && less <= more);
    }),
  );
});

test("the distance is multiplied by 1 - strength x confidence x score", () => {
  assert.equal(boostedDistance(0.8, 0.95, 1, 1), 0.8 * (1 - 0.95));
  assert.equal(boostedDistance(0.8, 0.5, 0.5, 0.5), 0.8 * (1 - 0.125));
  fc.assert(
    fc.property(share, share, share, share, (distance, strength, confidence, score) => {
      const boosted = boostedDistance(distance, strength, confidence, score);
      assert.ok(boosted >= 0 && boosted <= distance);
    }),
  );
});

test("off-topic, on topic, named by an identifier, known to a playbook", () => {
  const hit = (cosine: number | null, bm25 = 0, text = "a tale") => ({
    id: "h1",
    text,
    components: { cosine, background: 0, bm25, mixed: 0, feedback: 0, rerank: null },
  });
  const scale = { floor: 0.4, bm25_half: 20, words_meaning_min: 0.25 };
  const verdict = (text: string, hits: ReturnType<typeof hit>[], known = false) =>
    judgeRelevance(text, hits, scale, known).verdict;
  assert.equal(verdict("soup", [hit(0.2), hit(0.39)]), "nothing_relevant");
  assert.equal(verdict("soup", []), "nothing_relevant");
  assert.equal(verdict("soup", [hit(0.2), hit(0.41)]), "relevant");
  assert.equal(verdict("soup", [hit(0.26, 30)]), "relevant");
  assert.equal(verdict("soup", [hit(0.24, 30)]), "nothing_relevant");
  assert.equal(verdict("soup", [hit(0.39), hit(0.24, 30)]), "nothing_relevant");
  assert.equal(verdict("soup", [hit(null, 30)]), "relevant");
  assert.equal(verdict("where is X-1234", [hit(0.1, 0, "part x-1234 of 7")]), "relevant");
  assert.equal(verdict("where is X-1234", [hit(0.1, 0, "part x-12345")]), "nothing_relevant");
  assert.equal(verdict("soup", [hit(0.1)], true), "relevant");
});
