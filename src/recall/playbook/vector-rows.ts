// Vectors of one dimension, row after row in one array, so that a scan reads memory in order.
import { assert } from "#kernel/assert.ts";

export interface VectorRows<K> {
  /** A key has one row; all rows have the length of the first. */
  add(key: K, vector: Float32Array): void;
  delete(key: K): void;
  /** A key's row, good until the next change; undefined when it has none. */
  get(key: K): Float32Array | undefined;
  /** Inner product of a key's row; 0 when it has none. */
  dot(key: K, vector: Float32Array): number;
  /** Offers every key with its inner product, in no particular order. */
  scan(vector: Float32Array, offer: (key: K, product: number) => void): void;
}

const ROWS_AT_FIRST = 16;

export function createVectorRows<K>(): VectorRows<K> {
  const keys: K[] = [];
  const row_of = new Map<K, number>();
  let dimension = 0;
  let values = new Float32Array(0);

  function reserve(rows: number): void {
    if (rows * dimension <= values.length) return;
    const wider = new Float32Array(Math.max(ROWS_AT_FIRST, rows * 2) * dimension);
    wider.set(values);
    values = wider;
  }

  return {
    add(key, vector) {
      assert(!row_of.has(key), "a recorded query is embedded once");
      if (keys.length === 0 && dimension !== vector.length) {
        dimension = vector.length;
        values = new Float32Array(0);
      }
      assert(vector.length === dimension, "vectors of one scope come from one embedder");
      reserve(keys.length + 1);
      values.set(vector, keys.length * dimension);
      row_of.set(key, keys.length);
      keys.push(key);
    },
    delete(key) {
      const row = row_of.get(key);
      if (row === undefined) return;
      row_of.delete(key);
      const last = keys.pop()!;
      if (row === keys.length) return;
      // The last row moves into the gap.
      values.copyWithin(row * dimension, keys.length * dimension, (keys.length + 1) * dimension);
      keys[row] = last;
      row_of.set(last, row);
    },
    get(key) {
      const row = row_of.get(key);
      return row === undefined
        ? undefined
        : values.subarray(row * dimension, (row + 1) * dimension);
    },
    dot(key, vector) {
      const row = row_of.get(key);
      return row === undefined ? 0 : dotAt(values, row * dimension, vector);
    },
    scan(vector, offer) {
      for (const [row, key] of keys.entries()) offer(key, dotAt(values, row * dimension, vector));
    },
  };
}

/** Four sums side by side, so that an addition need not wait for the one before it. */
function dotAt(values: Float32Array, from: number, vector: Float32Array): number {
  const length = vector.length;
  const whole = length - (length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  let at = 0;
  for (; at < whole; at += 4) {
    a += values[from + at]! * vector[at]!;
    b += values[from + at + 1]! * vector[at + 1]!;
    c += values[from + at + 2]! * vector[at + 2]!;
    d += values[from + at + 3]! * vector[at + 3]!;
  }
  for (; at < length; at++) a += values[from + at]! * vector[at]!;
  return a + b + c + d;
}

/** Inner product of two vectors of one length. */
export function dotProduct(a: Float32Array, b: Float32Array): number {
  return dotAt(a, 0, b);
}
