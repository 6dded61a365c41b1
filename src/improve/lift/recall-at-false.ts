// Recall at a given rate of false positives: how much is found while so little is wrongly let in.
import type { Rate } from "#contracts/lift.ts";
import { rateWhere } from "./rates.ts";

export interface Scored {
  readonly score: number;
  readonly is_same: boolean;
}

/** Share of the same above the score that at most `false_share` of the others exceed. */
export function recallAtFalse(scored: readonly Scored[], false_share: number): Rate {
  const others = scored.filter((it) => !it.is_same).map((it) => it.score);
  const sorted = others.toSorted((a, b) => b - a);
  const bound = sorted[Math.floor(false_share * sorted.length)] ?? Number.NEGATIVE_INFINITY;
  return rateWhere(
    scored.filter((it) => it.is_same),
    (it) => it.score > bound,
  );
}
