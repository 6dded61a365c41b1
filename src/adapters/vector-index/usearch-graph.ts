// One index inside the worker thread: the usearch graph for finding, the kept rows for exactness.
import { rm } from "node:fs/promises";
import type * as usearch from "usearch";
import type { Neighbours, VectorIndexConfig, VectorKeys } from "#ports/vector-index.ts";
import { createNearestHeap } from "./nearest-heap.ts";
import { appendRows, readRows, sealFile } from "./vector-file.ts";
import { checkRows, createVectorRows, type VectorRows } from "./vector-rows.ts";

/** Up to so many rows comparing with all is as fast as the graph, and exact. */
const SCAN_ROWS_MAX = 1024;
/** Of a rough graph so many times k are taken and compared exactly: recall as of a fine one. */
export const COARSE_POOL = 3;
/** Vectors added in one go: searches wait no longer than that takes. */
const ADD_STEP = 64;
/** The engine starts its threads anew for each call, which costs as much as some searches. */
export const THREADED_QUERIES_MIN = 16;

export interface UsearchGraph {
  readonly config: VectorIndexConfig;
  readonly size: number;
  upsert(keys: VectorKeys, vectors: Float32Array): Promise<void>;
  remove(keys: VectorKeys): void;
  /** One answer for each row of `queries`; `expansion` 0 means the configured one. */
  search(queries: Float32Array, k: number, expansion: number): Neighbours[];
  searchAmong(query: Float32Array, keys: VectorKeys, k: number): Neighbours;
  subset(keys: VectorKeys, new_keys: VectorKeys): Promise<UsearchGraph>;
  save(path: string): Promise<void>;
}

/** A graph that is wholly in memory. */
export interface MemoryGraph extends UsearchGraph {
  /** A copy of all there is: keys, and their rows as they are stored, in pieces. */
  stored(): StoredRows;
  /** Writes the rows of those keys that are there to `into`, at the position of the key. */
  gather(keys: VectorKeys, into: Float32Array): void;
}

export interface StoredRows {
  readonly keys: Float64Array;
  readonly pieces: readonly Uint8Array[];
}

export interface GraphHost {
  readonly usearch: typeof usearch;
  readonly threads: number;
}

export function createUsearchGraph(host: GraphHost, config: VectorIndexConfig): MemoryGraph {
  return openGraph(host, config, newIndex(host, config), createVectorRows(config));
}

/**
 * Reads what `save` wrote; throws `unavailable` (`damaged_index`) before the engine sees a byte.
 */
export async function loadUsearchGraph(
  host: GraphHost,
  config: VectorIndexConfig,
  path: string,
): Promise<MemoryGraph> {
  const rows = await readRows(path, config);
  const index = newIndex(host, config);
  if (rows.size > 0) index.load(path);
  return openGraph(host, config, index, rows);
}

/** An empty index of the engine. */
export function newIndex(host: GraphHost, config: VectorIndexConfig): usearch.Index {
  return new host.usearch.Index({
    dimensions: config.dimension,
    metric: config.metric as usearch.MetricKind,
    quantization: config.quantization as usearch.ScalarKind,
    connectivity: config.connectivity ?? 16,
    expansion_add: config.expansion_add ?? 128,
    expansion_search: config.expansion_search ?? 64,
    multi: false,
  });
}

function openGraph(
  host: GraphHost,
  config: VectorIndexConfig,
  index: usearch.Index,
  rows: VectorRows,
): MemoryGraph {
  const { dimension } = config;
  const coarse = config.quantization === "i8";
  const rowOf = (vectors: Float32Array, at: number) =>
    vectors.subarray(at * dimension, (at + 1) * dimension);

  function remove(keys: VectorKeys): void {
    const gone = rows.remove(keys);
    if (gone.length > 0) index.remove(toNative(gone));
  }

  /** Adds in small steps, and lets waiting searches through in between. */
  async function add(keys: VectorKeys, prepared: Float32Array): Promise<void> {
    for (let at = 0; at < keys.length; at += ADD_STEP) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      const some = keys.slice(at, at + ADD_STEP);
      const vectors = prepared.subarray(at * dimension, (at + some.length) * dimension);
      remove(some);
      index.add(toNative(some), vectors, host.threads);
      rows.set(some, vectors);
    }
  }

  function searchGraph(prepared: Float32Array, k: number, expansion: number): Neighbours[] {
    const count = prepared.length / dimension;
    // The engine widens its search to what is asked for, so a wider search asks for more.
    const pool = coarse ? k * COARSE_POOL : k;
    const wanted = Math.min(Math.max(pool, expansion), rows.size);
    const threads = count < THREADED_QUERIES_MIN ? 1 : host.threads;
    const found = index.search(prepared, wanted, threads);
    return Array.from({ length: count }, (_, at) => {
      const one = found instanceof host.usearch.BatchMatches ? found.get(at) : found;
      return coarse ? rank(rowOf(prepared, at), one.keys, k) : firstOf(one, k);
    });
  }

  /** The distances of eight-bit numbers are rough: those of the kept rows decide. */
  function rank(query: Float32Array, keys: BigUint64Array, k: number): Neighbours {
    const heap = createNearestHeap(Math.min(k, keys.length));
    for (let at = 0; at < keys.length; at++) {
      const key = Number(keys[at]!);
      const distance = rows.distance(query, key);
      if (distance !== undefined) heap.offer(key, distance);
    }
    return heap.take();
  }

  return {
    config,
    get size() {
      return rows.size;
    },
    async upsert(keys, vectors) {
      checkRows(config, vectors, keys.length);
      const last = lastOfEach(keys);
      if (last.length === keys.length) return add(keys, rows.prepare(vectors));
      const chosen = new Float32Array(last.length * dimension);
      last.forEach((at, to) => chosen.set(rowOf(vectors, at), to * dimension));
      return add(
        last.map((at) => keys[at]!),
        rows.prepare(chosen),
      );
    },
    remove,
    search(queries, k, expansion) {
      const prepared = rows.prepare(queries);
      if (rows.size > SCAN_ROWS_MAX && k < rows.size) return searchGraph(prepared, k, expansion);
      return Array.from({ length: prepared.length / dimension }, (_, at) =>
        rows.nearest(rowOf(prepared, at), k),
      );
    },
    searchAmong(query, keys, k) {
      checkRows(config, query, 1);
      return rows.nearestAmong(rows.prepare(query), keys, k);
    },
    async subset(keys, new_keys) {
      // Copied first, so that changes of this index while the graph grows don't reach the new one.
      const copy = rows.gather(keys);
      const graph = createUsearchGraph(host, config);
      await graph.upsert(new_keys, copy);
      return graph;
    },
    stored() {
      const keys = rows.keys();
      return { keys, pieces: [...rows.bytes(keys)] };
    },
    gather: (keys, into) => rows.gatherInto(keys, into),
    async save(path) {
      await rm(path, { force: true });
      if (rows.size > 0) index.save(path);
      await sealFile(path, config, appendRows(path, rows));
    },
  };
}

export function firstOf({ keys, distances }: usearch.Matches, k: number): Neighbours {
  const count = Math.min(k, keys.length);
  const [first_keys, first_distances] = [new Float64Array(count), new Float64Array(count)];
  for (let at = 0; at < count; at++) {
    first_keys[at] = Number(keys[at]!);
    first_distances[at] = distances[at]!;
  }
  return { keys: first_keys, distances: first_distances };
}

export function toNative(keys: VectorKeys): BigUint64Array {
  const native = new BigUint64Array(keys.length);
  for (let at = 0; at < keys.length; at++) native[at] = BigInt(keys[at]!);
  return native;
}

/** Positions of the last mention of each key, in order. */
function lastOfEach(keys: VectorKeys): number[] {
  const position = new Map<number, number>();
  for (let at = 0; at < keys.length; at++) position.set(keys[at]!, at);
  return [...position.values()];
}
