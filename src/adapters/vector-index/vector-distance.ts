// Distances between a query and stored rows: tight loops, one for each kind of stored number.
/// <reference lib="esnext.float16" />
import type { VectorIndexConfig } from "#ports/vector-index.ts";

export type StoredNumbers = Float32Array | Float16Array;

/** Distance of `query` to the row of `rows` that starts at `offset`. */
export type Distance = (query: Float32Array, rows: StoredNumbers, offset: number) => number;

/**
 * The distance of a metric over rows stored as f32 or f16. For cos, query and rows have length 1.
 * Each loop exists twice, so that the compiler sees one kind of array in each: mixed kinds are
 * several times slower.
 */
export function distanceOf(metric: VectorIndexConfig["metric"], half: boolean): Distance {
  if (metric === "l2sq") return (half ? squaresOfHalf : squaresOfFull) as Distance;
  return (half ? dotDistanceOfHalf : dotDistanceOfFull) as Distance;
}

/** Scales a vector to length 1 in place; a vector of zeros stays. */
export function normalize(vector: Float32Array): void {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += vector[at]! * vector[at]!;
  if (sum === 0) return;
  const factor = 1 / Math.sqrt(sum);
  for (let at = 0; at < vector.length; at++) vector[at]! *= factor;
}

function dotDistanceOfFull(query: Float32Array, rows: Float32Array, offset: number): number {
  const length = query.length;
  let [a, b, c, d] = [0, 0, 0, 0];
  let at = 0;
  for (const end = length - 3; at < end; at += 4) {
    a += query[at]! * rows[offset + at]!;
    b += query[at + 1]! * rows[offset + at + 1]!;
    c += query[at + 2]! * rows[offset + at + 2]!;
    d += query[at + 3]! * rows[offset + at + 3]!;
  }
  for (; at < length; at++) a += query[at]! * rows[offset + at]!;
  return 1 - (a + b + c + d);
}

function dotDistanceOfHalf(query: Float32Array, rows: Float16Array, offset: number): number {
  const length = query.length;
  let [a, b, c, d] = [0, 0, 0, 0];
  let at = 0;
  for (const end = length - 3; at < end; at += 4) {
    a += query[at]! * rows[offset + at]!;
    b += query[at + 1]! * rows[offset + at + 1]!;
    c += query[at + 2]! * rows[offset + at + 2]!;
    d += query[at + 3]! * rows[offset + at + 3]!;
  }
  for (; at < length; at++) a += query[at]! * rows[offset + at]!;
  return 1 - (a + b + c + d);
}

function squaresOfFull(query: Float32Array, rows: Float32Array, offset: number): number {
  let sum = 0;
  for (let at = 0; at < query.length; at++) {
    const difference = query[at]! - rows[offset + at]!;
    sum += difference * difference;
  }
  return sum;
}

function squaresOfHalf(query: Float32Array, rows: Float16Array, offset: number): number {
  let sum = 0;
  for (let at = 0; at < query.length; at++) {
    const difference = query[at]! - rows[offset + at]!;
    sum += difference * difference;
  }
  return sum;
}
