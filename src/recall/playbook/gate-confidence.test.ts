// Tests of the confidence: likeness, track record, age.
import assert from "node:assert/strict";
import { test } from "node:test";
import { likenessProbability, trackFactor } from "./gate-confidence.ts";

const DAY_MS = 86_400_000;

test("more alike is more confident, and the same query is nearly certain", () => {
  const at = (semantic: number, lexical: number, length_gap = 0) =>
    likenessProbability({ semantic, lexical, length_gap });
  assert.ok(at(1, 1) > 0.95);
  assert.ok(at(0.9, 0.5) > at(0.8, 0.5));
  assert.ok(at(0.8, 0.6) > at(0.8, 0.5));
  assert.ok(at(0.8, 0.5, 0) > at(0.8, 0.5, 1));
  assert.ok(at(0.3, 0) < 0.01);
});

test("outcomes and age move the track record", () => {
  const record = { evidence: 1, successes: 0, failures: 0, confirmed_ms: 0 };
  const at = (change: Partial<typeof record>, now_ms = 0) =>
    trackFactor({ ...record, ...change }, now_ms, 100);
  assert.equal(at({}), 1);
  assert.equal(at({ failures: 3 }), 0.5);
  assert.ok(at({ failures: 3, successes: 5 }) > at({ failures: 3 }));
  assert.ok(at({ failures: 3, evidence: 9 }) > at({ failures: 3 }));
  assert.ok(Math.abs(at({}, 100 * DAY_MS) - 0.5) < 1e-9);
});
