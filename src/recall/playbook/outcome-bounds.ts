// What outcomes say of an entry: its utility, and the likeness from which on it may speak.

/** Standard normal quantile of a 95 % two-sided interval. */
const Z = 1.959964;

/** Lower and upper bound of a share (E. B. Wilson, JASA 22, 1927); 0 and 1 of nothing. */
export function wilsonBounds(hits: number, of: number): { low: number; high: number } {
  if (of === 0) return { low: 0, high: 1 };
  const square = (Z * Z) / of;
  const centre = (hits / of + square / 2) / (1 + square);
  const spread = ((hits / of) * (1 - hits / of)) / of + square / (4 * of);
  const half = (Z / (1 + square)) * Math.sqrt(spread);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

interface Counted {
  readonly evidence: number;
  readonly successes: number;
  readonly failures: number;
}

/** Lower bound of the share of good outcomes; each recording of the answer counts as one. */
export function utilityOf({ evidence, successes, failures }: Counted): number {
  const good = evidence + successes;
  return wilsonBounds(good, good + failures).low;
}

/** One outcome of an entry that was applied to another query. */
export interface Observed {
  readonly likeness: number;
  readonly success: boolean;
}

/** Above every likeness: the entry speaks for nothing any more. */
const NEVER = 1.01;

/**
 * The least likeness, `from` or above, at which the share of bad hits is within the error budget
 * for sure (upper Wilson bound) or none was reported. So one bad hit closes everything up to its
 * likeness at once, and only many good ones there open it again. After the idea of a threshold
 * for each entry with a guaranteed error (vCache; Schroeder et al., 2025).
 */
export function learnedThreshold(
  observed: readonly Observed[],
  from: number,
  error_budget: number,
): number {
  const bad = observed.filter((it) => !it.success).map((it) => it.likeness);
  const steps = [from, ...bad.map((likeness) => likeness + 1e-6)].filter((it) => it >= from);
  for (const step of steps.toSorted((a, b) => a - b)) {
    if (step > 1) break;
    const above = observed.filter((it) => it.likeness >= step);
    const failures = above.filter((it) => !it.success).length;
    if (failures === 0 || wilsonBounds(failures, above.length).high <= error_budget) return step;
  }
  return NEVER;
}
