// The kept vectors of an index: rows in fixed-size chunks, exact search over them, their file form.
/// <reference lib="esnext.float16" />
import { LakehouseError } from "#kernel/problem.ts";
import type { Neighbours, VectorIndexConfig, VectorKeys } from "#ports/vector-index.ts";
import { createKeyRows } from "./key-rows.ts";
import { createNearestHeap } from "./nearest-heap.ts";
import { distanceOf, normalize, type StoredNumbers } from "./vector-distance.ts";

/** A chunk holds about so many numbers: growing never copies more than a pointer. */
const CHUNK_NUMBERS = 1 << 20;

export interface VectorRows {
  readonly size: number;
  /** The query or row as it is compared: for cos scaled to length 1. Throws on a wrong length. */
  prepare(vectors: Float32Array): Float32Array;
  has(key: number): boolean;
  /** `vectors` prepared, one row for each key. */
  set(keys: VectorKeys, vectors: Float32Array): void;
  /** Keys that were there. */
  remove(keys: VectorKeys): number[];
  /** Distance of a prepared query; undefined when the key is not there. */
  distance(query: Float32Array, key: number): number | undefined;
  nearestAmong(query: Float32Array, keys: VectorKeys, k: number): Neighbours;
  nearest(query: Float32Array, k: number): Neighbours;
  /** The keys that are there, in no particular order. */
  keys(): Float64Array;
  /** Rows of these keys as f32; keys must be there. */
  gather(keys: VectorKeys): Float32Array;
  /** The stored bytes of the rows of `keys`, piece by piece. */
  bytes(keys: Float64Array): Generator<Uint8Array>;
  /** Takes over rows as `bytes` gave them. */
  setBytes(keys: Float64Array, bytes: Uint8Array): void;
}

export function createVectorRows(config: VectorIndexConfig): VectorRows {
  const { dimension, metric } = config;
  const half = config.quantization !== "f32";
  const distance = distanceOf(metric, half);
  const shift = Math.max(0, Math.floor(Math.log2(CHUNK_NUMBERS / dimension)));
  const chunk_rows = 2 ** shift;
  const chunks: StoredNumbers[] = [];
  const row_of = createKeyRows();
  let key_of = new Float64Array(1024).fill(-1);
  const free: number[] = [];
  let rows = 0;

  const make = (length: number) => (half ? new Float16Array(length) : new Float32Array(length));
  const chunkOf = (row: number) => chunks[row >> shift]!;
  const offsetOf = (row: number) => (row & (chunk_rows - 1)) * dimension;

  function newRow(key: number): number {
    const row = free.pop() ?? rows++;
    if (row >> shift >= chunks.length) chunks.push(make(chunk_rows * dimension));
    if (row >= key_of.length) {
      const wider = new Float64Array(key_of.length * 2).fill(-1);
      wider.set(key_of);
      key_of = wider;
    }
    key_of[row] = key;
    row_of.set(key, row);
    return row;
  }

  function store(key: number, values: StoredNumbers): void {
    const present = row_of.get(key);
    const row = present >= 0 ? present : newRow(key);
    chunkOf(row).set(values, offsetOf(row));
  }

  function nearestAmong(query: Float32Array, keys: VectorKeys, k: number): Neighbours {
    const heap = createNearestHeap(k);
    for (let at = 0; at < keys.length; at++) {
      const row = row_of.get(keys[at]!);
      if (row >= 0) heap.offer(keys[at]!, distance(query, chunkOf(row), offsetOf(row)));
    }
    return heap.take();
  }

  return {
    get size() {
      return rows - free.length;
    },
    prepare: (vectors) => prepare(vectors, config),
    has: (key) => row_of.get(key) >= 0,
    set(keys, vectors) {
      for (let at = 0; at < keys.length; at++) {
        store(keys[at]!, vectors.subarray(at * dimension, (at + 1) * dimension));
      }
    },
    remove(keys) {
      const gone: number[] = [];
      for (let at = 0; at < keys.length; at++) {
        const key = keys[at]!;
        const row = row_of.get(key);
        if (row < 0) continue;
        row_of.delete(key);
        key_of[row] = -1;
        free.push(row);
        gone.push(key);
      }
      return gone;
    },
    distance(query, key) {
      const row = row_of.get(key);
      return row < 0 ? undefined : distance(query, chunkOf(row), offsetOf(row));
    },
    nearestAmong,
    nearest(query, k) {
      const heap = createNearestHeap(k);
      for (let row = 0; row < rows; row++) {
        const key = key_of[row]!;
        if (key >= 0) heap.offer(key, distance(query, chunkOf(row), offsetOf(row)));
      }
      return heap.take();
    },
    keys: () => key_of.slice(0, rows).filter((key) => key >= 0),
    gather(keys) {
      const out = new Float32Array(keys.length * dimension);
      for (let at = 0; at < keys.length; at++) {
        const row = row_of.get(keys[at]!);
        const offset = offsetOf(row);
        out.set(chunkOf(row).subarray(offset, offset + dimension), at * dimension);
      }
      return out;
    },
    *bytes(keys) {
      for (let start = 0; start < keys.length; start += chunk_rows) {
        const end = Math.min(start + chunk_rows, keys.length);
        const piece = make((end - start) * dimension);
        for (let at = start; at < end; at++) {
          const row = row_of.get(keys[at]!);
          const offset = offsetOf(row);
          const values = chunkOf(row).subarray(offset, offset + dimension);
          piece.set(values, (at - start) * dimension);
        }
        yield new Uint8Array(piece.buffer);
      }
    },
    setBytes(keys, bytes) {
      const count = keys.length * dimension;
      const values = half
        ? new Float16Array(bytes.buffer, bytes.byteOffset, count)
        : new Float32Array(bytes.buffer, bytes.byteOffset, count);
      for (let at = 0; at < keys.length; at++) {
        store(keys[at]!, values.subarray(at * dimension, (at + 1) * dimension));
      }
    },
  };
}

/** Bytes of one stored row. */
export function rowBytes(config: VectorIndexConfig): number {
  return config.dimension * (config.quantization === "f32" ? 4 : 2);
}

/** Throws `invalid` unless there are `count` whole rows. */
export function checkRows(config: VectorIndexConfig, vectors: Float32Array, count: number): void {
  if (vectors.length === count * config.dimension) return;
  throw new LakehouseError(
    "invalid",
    `${vectors.length} numbers are not ${count} vectors of dimension ${config.dimension}`,
    { reason: "dimension_differs" },
  );
}

function prepare(vectors: Float32Array, config: VectorIndexConfig): Float32Array {
  const { dimension, metric } = config;
  checkRows(config, vectors, Math.floor(vectors.length / dimension));
  if (metric !== "cos") return vectors;
  const copy = Float32Array.from(vectors);
  for (let at = 0; at < copy.length; at += dimension) {
    normalize(copy.subarray(at, at + dimension));
  }
  return copy;
}
