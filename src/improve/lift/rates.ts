// Shares with their uncertainty.
import type { Rate } from "#contracts/lift.ts";

/** Standard normal quantile of a 95 % two-sided interval. */
const Z = 1.959964;

/** hits of n with the Wilson score interval (E. B. Wilson, JASA 22, 1927). */
export function rateOf(hits: number, of: number): Rate {
  if (of === 0) return { hits, of, rate: null, low: null, high: null };
  const rate = hits / of;
  const square = (Z * Z) / of;
  const centre = (rate + square / 2) / (1 + square);
  const half = (Z / (1 + square)) * Math.sqrt((rate * (1 - rate)) / of + square / (4 * of));
  // At the ends the formula gives 0 and 1 but for rounding.
  const low = hits === 0 ? 0 : centre - half;
  const high = hits === of ? 1 : centre + half;
  return { hits, of, rate, low, high };
}

/** The share of a list that satisfies a test. */
export function rateWhere<T>(list: readonly T[], test: (item: T) => boolean): Rate {
  return rateOf(list.filter(test).length, list.length);
}

export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, it) => sum + it, 0) / values.length;
}

/** The q-quantile (0 to 1, nearest rank); 0 of nothing. */
export function quantileOf(values: readonly number[], q: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

/** Puts a share among the figures: hits, how many were asked, the rate and its interval. */
export function putRate<T>(
  figures: Record<string, number>,
  name: string,
  list: readonly T[],
  test: (item: T) => boolean,
): void {
  const { hits, of, rate, low, high } = rateWhere(list, test);
  figures[`${name}, n`] = of;
  if (rate === null) return;
  figures[`${name}, hits`] = hits;
  figures[name] = rate;
  figures[`${name}, low`] = low!;
  figures[`${name}, high`] = high!;
}
