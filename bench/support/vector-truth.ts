// The true nearest by comparing with each, and what share of them was found.
import { createExactEngine } from "#adapters/vector-index/exact-vector-index.ts";
import { round } from "./bench-report.ts";

const BATCH = 1000;

/** Vectors one after the other. */
export interface Packed {
  readonly dimension: number;
  readonly rows: Float32Array;
}

export function rowOf({ dimension, rows }: Packed, row: number): Float32Array {
  return rows.subarray(row * dimension, (row + 1) * dimension);
}

/** For each of `queries` the ids (row numbers) of its `k` nearest among `keys`, by cosine. */
export async function trueAmong(
  data: Packed,
  keys: readonly number[],
  queries: Float32Array,
  k: number,
): Promise<string[][]> {
  const { dimension } = data;
  const config = { dimension, metric: "cos", quantization: "f32" } as const;
  const exact = await createExactEngine().create(config);
  for (let start = 0; start < keys.length; start += BATCH) {
    const some = keys.slice(start, start + BATCH);
    const vectors = new Float32Array(some.length * dimension);
    for (const [at, key] of some.entries()) vectors.set(rowOf(data, key), at * dimension);
    await exact.upsert(some, vectors);
  }
  const found = await exact.search(queries, k);
  return found.map((one) => [...one.keys].map(String));
}

/** Of the ids in `truth`, the share that was found; rows belong together. */
export function recallOf(found: readonly string[][], truth: readonly string[][]): number {
  let right = 0;
  let wanted = 0;
  for (const [at, ids] of truth.entries()) {
    const got = new Set(found[at]);
    right += ids.filter((id) => got.has(id)).length;
    wanted += ids.length;
  }
  return round(right / wanted);
}
