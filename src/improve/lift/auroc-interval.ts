// The area under the ROC curve with its uncertainty.
import { seededRandom } from "#kernel/random.ts";
import { quantileOf } from "./rates.ts";
import { aurocOf } from "./retrieval-figures.ts";

const RESAMPLES = 200;

/** Percentile bootstrap, 95 %: both sides drawn again with replacement, by seed. */
export function aurocInterval(
  inside: readonly number[],
  outside: readonly number[],
  seed: number,
): { low: number; high: number } {
  const random = seededRandom(seed);
  const draw = (list: readonly number[]) =>
    list.map(() => list[Math.min(list.length - 1, Math.floor(random.next() * list.length))]!);
  const areas = Array.from({ length: RESAMPLES }, () => aurocOf(draw(inside), draw(outside)));
  return { low: quantileOf(areas, 0.025), high: quantileOf(areas, 0.975) };
}

/** Puts an area among the figures, with its interval and how many were on each side. */
export function putAuroc(
  figures: Record<string, number>,
  name: string,
  inside: readonly number[],
  outside: readonly number[],
  seed: number,
): void {
  figures[`${name}, n`] = outside.length;
  if (inside.length === 0 || outside.length === 0) return;
  const { low, high } = aurocInterval(inside, outside, seed);
  figures[name] = aurocOf(inside, outside);
  figures[`${name}, low`] = low;
  figures[`${name}, high`] = high;
}
