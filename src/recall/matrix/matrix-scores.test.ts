// Tests of the score, the boost and the relevance verdict: pure arithmetic.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mixedScore } from "./hit-score.ts";
import { boostedDistance } from "./playbook-boost.ts";
import { judgeRelevance } from "./relevance-gate.ts";

const SCALE = { semantic_weight: 0.6, bm25_half: 20 };
const share = fc.double({ min: 0, max: 1, noNaN: true });

test("a score lies between 0 and 1 and grows with both of its parts", () => {
  const bm25 = fc.double({ min: 0, max: 500, noNaN: true });
  fc.assert(
    fc.property(share, share, bm25, bm25, (a, b, x, y) => {
      const low = mixedScore(Math.min(a, b), Math.min(x, y), SCALE);
      const high = mixedScore(Math.max(a, b), Math.max(x, y), SCALE);
      assert.ok(low >= 0 && high <= 1 && low <= high + 1e-12);
    }),
  );
  assert.equal(mixedScore(null, null, SCALE), 0);
  assert.equal(mixedScore(-0.2, null, SCALE), 0);
  assert.ok(Math.abs(mixedScore(1, 20, SCALE) - 0.8) < 1e-12);
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
  const hit = (cosine: number, bm25 = 0, text = "a tale") => ({
    id: "h1",
    text,
    components: { cosine, bm25, mixed: 0 },
  });
  const scale = { floor: 0.4, bm25_half: 20 };
  const verdict = (text: string, hits: ReturnType<typeof hit>[], known = false) =>
    judgeRelevance(text, hits, scale, known).verdict;
  assert.equal(verdict("soup", [hit(0.2), hit(0.39)]), "nothing_relevant");
  assert.equal(verdict("soup", []), "nothing_relevant");
  assert.equal(verdict("soup", [hit(0.2), hit(0.41)]), "relevant");
  assert.equal(verdict("soup", [hit(0.1, 30)]), "relevant");
  assert.equal(verdict("where is X-1234", [hit(0.1, 0, "part x-1234 of 7")]), "relevant");
  assert.equal(verdict("where is X-1234", [hit(0.1, 0, "part x-12345")]), "nothing_relevant");
  assert.equal(verdict("soup", [hit(0.1)], true), "relevant");
});
