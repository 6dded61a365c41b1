// How often the gate is asked: of no candidate for a long query, nor of an unlike one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { askQuery } from "./compare-queries.ts";
import { longQuery } from "./match-entries.suite.ts";
import { matchEntries } from "./match-entries.ts";
import { createScopeIndex } from "./scope-index.ts";

const OPTIONS = {
  confidence_min: 0.6,
  transfer_min: 0.8,
  reuse_min: 0.8,
  error_budget: 0.05,
  shown_min: 0.05,
  half_life_days: 365,
  candidates_max: 64,
  now_ms: 0,
  k: 5,
  corpora: undefined,
  without: new Set<string>(),
};

/** Gate calls of one match against recorded queries; each has the vector given. */
function gateCalls(asked: string, recorded: readonly string[], cosine: number): number {
  const index = createScopeIndex(() => undefined);
  const vector = Float32Array.of(cosine, Math.sqrt(1 - cosine * cosine));
  for (const [at, text] of recorded.entries()) index.add(text, `p${at}`, vector);
  let calls = 0;
  const gate = () => {
    calls++;
    return [];
  };
  const query = askQuery(asked, Float32Array.of(1, 0), () => undefined);
  const nearest = index.nearest(query.vector, OPTIONS.candidates_max);
  matchEntries(query, index, () => undefined, gate, { ...OPTIONS, nearest });
  return calls;
}

test("a long query asks the gate of no candidate, an unlike one neither", () => {
  const recorded = Array.from({ length: 50 }, (_, at) => longQuery(5_000, `query${at}`));
  assert.equal(gateCalls(longQuery(5_000, "asked"), recorded, 0.99), 0);
  const short = Array.from({ length: 50 }, (_, at) => `find the fox ${at}`);
  assert.equal(gateCalls("find the fox", short, 0.1), 0);
  assert.equal(gateCalls("find the fox", short, 0.99), 50);
});
