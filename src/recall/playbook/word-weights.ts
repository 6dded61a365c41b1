// How much each word tells: inverse document frequency over the recorded queries of a scope.
import { FUNCTION_WORDS } from "./function-words.ts";
import { stemOf, type QueryWord } from "./query-words.ts";

/**
 * A scope with few entries says little about how common words are; so every function word is
 * counted as if it stood in all of this many further queries, and every other word in none.
 */
const PRIOR_QUERIES = 200;

/** Weight of a stem; larger for rarer words. */
export type WordWeight = (stem: string) => number;

export interface WordWeights {
  add(stems: ReadonlySet<string>): void;
  remove(stems: ReadonlySet<string>): void;
  readonly weight: WordWeight;
}

/** The distinct stems of a query. */
export function stemSet(words: readonly QueryWord[]): Set<string> {
  return new Set(words.map((word) => word.stem));
}

/** Smoothed inverse document frequency: ln((N + P + 1) / (n + p + 1)), P = PRIOR_QUERIES. */
export function createWordWeights(): WordWeights {
  const queries_of = new Map<string, number>();
  let queries = 0;
  return {
    add(stems) {
      queries++;
      for (const stem of stems) queries_of.set(stem, (queries_of.get(stem) ?? 0) + 1);
    },
    remove(stems) {
      queries--;
      for (const stem of stems) queries_of.set(stem, (queries_of.get(stem) ?? 1) - 1);
    },
    weight(stem) {
      const prior = FUNCTION_STEMS.has(stem) ? PRIOR_QUERIES * 0.5 : 0;
      const seen = (queries_of.get(stem) ?? 0) + prior + 1;
      return Math.max(0.05, Math.log((queries + PRIOR_QUERIES + 1) / seen));
    },
  };
}

const FUNCTION_STEMS: ReadonlySet<string> = new Set([...FUNCTION_WORDS].map(stemOf));

/** Weighted Jaccard overlap of two sets of stems, 0 to 1; 1 when both are empty. */
export function weightedOverlap(
  a: ReadonlySet<string>,
  b: ReadonlySet<string>,
  weight: WordWeight,
): number {
  let common = 0;
  let all = 0;
  for (const stem of a) {
    const w = weight(stem);
    all += w;
    if (b.has(stem)) common += w;
  }
  for (const stem of b) if (!a.has(stem)) all += weight(stem);
  return all === 0 ? 1 : common / all;
}
