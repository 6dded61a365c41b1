// The kept vectors of an index by key: exact search over them, their stored form.
import { LakehouseError } from "#kernel/problem.ts";
import type { Neighbours, VectorIndexConfig, VectorKeys } from "#ports/vector-index.ts";
import { createKeyRows } from "./key-rows.ts";
import { createNearestHeap } from "./nearest-heap.ts";
import { createRowStore, type RowNumbers } from "./row-store.ts";
import { normalize } from "./vector-distance.ts";

const PIECE_ROWS = 1024;

export interface VectorRows {
  readonly size: number;
  /** The query or row as it is compared: for cos scaled to length 1. Throws on a wrong length. */
  prepare(vectors: Float32Array): Float32Array;
  /** `vectors` prepared, one row for each key. */
  set(keys: VectorKeys, vectors: RowNumbers): void;
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
  /** Rows of those keys that are there, at the position of the key. */
  gatherInto(keys: VectorKeys, into: Float32Array): void;
  /** The stored bytes of the rows of `keys`, piece by piece. */
  bytes(keys: Float64Array): Generator<Uint8Array>;
  /** Takes over rows as `bytes` gave them. */
  setBytes(keys: Float64Array, bytes: Uint8Array): void;
}

export function createVectorRows(config: VectorIndexConfig): VectorRows {
  const { dimension } = config;
  const store = createRowStore(config);
  const row_of = createKeyRows();
  let key_of = new Float64Array(1024).fill(-1);

  function rowFor(key: number): number {
    const present = row_of.get(key);
    if (present >= 0) return present;
    const row = store.allocate();
    if (row >= key_of.length) {
      const wider = new Float64Array(key_of.length * 2).fill(-1);
      wider.set(key_of);
      key_of = wider;
    }
    key_of[row] = key;
    row_of.set(key, row);
    return row;
  }

  function set(keys: VectorKeys, vectors: RowNumbers): void {
    for (let at = 0; at < keys.length; at++) {
      store.write(rowFor(keys[at]!), vectors.subarray(at * dimension, (at + 1) * dimension));
    }
  }

  function remove(keys: VectorKeys): number[] {
    const gone: number[] = [];
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!;
      const row = row_of.get(key);
      if (row < 0) continue;
      row_of.delete(key);
      key_of[row] = -1;
      store.release(row);
      gone.push(key);
    }
    return gone;
  }

  function copyInto<A extends RowNumbers>(into: A, keys: VectorKeys): A {
    for (let at = 0; at < keys.length; at++) {
      into.set(store.read(row_of.get(keys[at]!)), at * dimension);
    }
    return into;
  }

  return {
    get size() {
      return store.used;
    },
    prepare: (vectors) => prepare(vectors, config),
    set,
    remove,
    distance(query, key) {
      const row = row_of.get(key);
      return row < 0 ? undefined : store.distance(query, row);
    },
    nearestAmong(query, keys, k) {
      const heap = createNearestHeap(k);
      for (let at = 0; at < keys.length; at++) {
        const row = row_of.get(keys[at]!);
        if (row >= 0) heap.offer(keys[at]!, store.distance(query, row));
      }
      return heap.take();
    },
    nearest(query, k) {
      const heap = createNearestHeap(k);
      for (let row = 0; row < store.rows; row++) {
        const key = key_of[row]!;
        if (key >= 0) heap.offer(key, store.distance(query, row));
      }
      return heap.take();
    },
    keys: () => key_of.slice(0, store.rows).filter((key) => key >= 0),
    gather: (keys) => copyInto(new Float32Array(keys.length * dimension), keys),
    gatherInto(keys, into) {
      for (let at = 0; at < keys.length; at++) {
        const row = row_of.get(keys[at]!);
        if (row >= 0) into.set(store.read(row), at * dimension);
      }
    },
    *bytes(keys) {
      for (let start = 0; start < keys.length; start += PIECE_ROWS) {
        const some = keys.subarray(start, start + PIECE_ROWS);
        yield new Uint8Array(copyInto(store.array(some.length), some).buffer);
      }
    },
    setBytes: (keys, bytes) => set(keys, store.array(keys.length, bytes)),
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
