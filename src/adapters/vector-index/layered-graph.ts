// An index that outgrows memory: a mapped file below, later changes in small graphs above it.
import { LakehouseError } from "#kernel/problem.ts";
import type { Neighbours, VectorIndexConfig, VectorKeys } from "#ports/vector-index.ts";
import { openMappedBase, type MappedBase } from "./mapped-base.ts";
import { createNearestHeap } from "./nearest-heap.ts";
import {
  createUsearchGraph,
  loadUsearchGraph,
  type GraphHost,
  type MemoryGraph,
  type UsearchGraph,
} from "./usearch-graph.ts";
import { createWorkerLink, type WorkerLink } from "./usearch-link.ts";
import { savedCount } from "./vector-file.ts";
import { checkRows, createVectorRows } from "./vector-rows.ts";

/** Vectors that replace others in one go, between which searches get through. */
const STEP = 64;

export interface LayeredGraph extends UsearchGraph {
  /** Whether `save` works beside changes, which then need not wait for it. */
  readonly mapped: boolean;
  subset(keys: VectorKeys, new_keys: VectorKeys): Promise<LayeredGraph>;
  close(): Promise<void>;
}

/** A file that is open can be mapped by its number, but not on Windows. */
const mappedMin = ({ mapped_min_rows = Number.POSITIVE_INFINITY }: VectorIndexConfig) =>
  process.platform === "win32" ? Number.POSITIVE_INFINITY : mapped_min_rows;

interface Layers {
  base: MappedBase | undefined;
  /** Oldest first; changes go into the last one. No key stands in two layers. */
  memory: MemoryGraph[];
  /** Keys changed since a merge began; undefined: none is under way. */
  since: number[] | undefined;
  merging: Promise<void>;
  link: WorkerLink | undefined;
  closed: boolean;
}

export function createLayeredGraph(host: GraphHost, config: VectorIndexConfig): LayeredGraph {
  return layered(host, config, undefined, createUsearchGraph(host, config));
}

/** Throws `unavailable` (`damaged_index`) when the file is not what `save` wrote. */
export async function loadLayeredGraph(
  host: GraphHost,
  config: VectorIndexConfig,
  path: string,
): Promise<LayeredGraph> {
  const count = await savedCount(path, config);
  if (count === 0 || count < mappedMin(config)) {
    return layered(host, config, undefined, await loadUsearchGraph(host, config, path));
  }
  const base = await openMappedBase(host, config, path, false);
  return layered(host, config, base, createUsearchGraph(host, config));
}

function layered(
  host: GraphHost,
  config: VectorIndexConfig,
  base: MappedBase | undefined,
  first: MemoryGraph,
): LayeredGraph {
  const { dimension } = config;
  // Only for the form in which queries are compared.
  const { prepare } = createVectorRows(config);
  const layers: Layers = {
    base,
    memory: [first],
    since: undefined,
    merging: Promise.resolve(),
    link: undefined,
    closed: false,
  };

  function forget(keys: VectorKeys): void {
    layers.base?.forget(keys);
    for (const graph of layers.memory.slice(0, -1)) graph.remove(keys);
    const { since } = layers;
    if (since !== undefined) for (let at = 0; at < keys.length; at++) since.push(keys[at]!);
  }

  function remove(keys: VectorKeys): void {
    forget(keys);
    layers.memory.at(-1)!.remove(keys);
  }

  function search(queries: Float32Array, k: number, expansion: number): Neighbours[] {
    const all = layers.memory
      .filter(({ size }) => size > 0)
      .map((graph) => graph.search(queries, k, expansion));
    const below = layers.base?.search(prepare(queries), k, expansion);
    if (below !== undefined && all.length === 0) return below;
    const count = queries.length / dimension;
    const parts = below === undefined ? all : [below, ...all];
    return Array.from({ length: count }, (_, at) =>
      nearestOf(
        parts.map((part) => part[at]!),
        k,
      ),
    );
  }

  function searchAmong(query: Float32Array, keys: VectorKeys, k: number): Neighbours {
    checkRows(config, query, 1);
    const parts = layers.memory
      .filter(({ size }) => size > 0)
      .map((graph) => graph.searchAmong(query, keys, k));
    const heap = createNearestHeap(k);
    if (k > 0) layers.base?.offerAmong(prepare(query), keys, heap);
    return nearestOf([heap.take(), ...parts], k);
  }

  async function upsert(keys: VectorKeys, vectors: Float32Array): Promise<void> {
    checkRows(config, vectors, keys.length);
    for (let at = 0; at < keys.length; at += STEP) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      const some = keys.slice(at, at + STEP);
      forget(some);
      const rows = vectors.subarray(at * dimension, (at + some.length) * dimension);
      // So few go in before this call comes back, so no search sees them gone.
      await layers.memory.at(-1)!.upsert(some, rows);
    }
  }

  async function subset(keys: VectorKeys, new_keys: VectorKeys): Promise<LayeredGraph> {
    const copy = new Float32Array(keys.length * dimension);
    layers.base?.gather(keys, copy);
    for (const graph of layers.memory) graph.gather(keys, copy);
    const graph = createLayeredGraph(host, config);
    await graph.upsert(new_keys, copy);
    return graph;
  }

  async function save(path: string): Promise<void> {
    if (layers.base !== undefined) return merge(host, config, layers, path);
    const [only] = layers.memory;
    await only!.save(path);
    if (only!.size === 0 || only!.size < mappedMin(config)) return;
    layers.base = await openMappedBase(host, config, path, true);
    layers.memory = [createUsearchGraph(host, config)];
  }

  const inMemory = () => layers.base === undefined && layers.memory.length === 1;
  return {
    config,
    get size() {
      const above = layers.memory.reduce((sum, graph) => sum + graph.size, 0);
      return above + (layers.base?.size ?? 0);
    },
    get mapped() {
      return layers.base !== undefined;
    },
    upsert: (keys, vectors) =>
      inMemory() ? layers.memory[0]!.upsert(keys, vectors) : upsert(keys, vectors),
    remove,
    search: (queries, k, expansion) =>
      inMemory() ? layers.memory[0]!.search(queries, k, expansion) : search(queries, k, expansion),
    searchAmong: (query, keys, k) =>
      inMemory() ? layers.memory[0]!.searchAmong(query, keys, k) : searchAmong(query, keys, k),
    subset,
    save,
    async close() {
      layers.closed = true;
      await layers.link?.stop();
      await layers.merging;
      layers.base?.close();
    },
  };
}

/** Writes a new file in a thread of its own and goes on from it; changes and searches go on. */
async function merge(
  host: GraphHost,
  config: VectorIndexConfig,
  layers: Layers,
  path: string,
): Promise<void> {
  while (layers.since !== undefined) await layers.merging;
  const base = layers.base!;
  const taken = layers.memory;
  const fresh = taken.map((graph) => graph.stored());
  const gone = base.gone();
  layers.memory = [...taken.filter(({ size }) => size > 0), createUsearchGraph(host, config)];
  layers.since = [];
  // One thread less than searches may use, so that they get on.
  const link = createWorkerLink({ threads: Math.max(1, host.threads - 1) });
  layers.link = link;
  const work = (async () => {
    await link.ask({ kind: "merge", config, saved: base.saved, gone, fresh, path });
    if (layers.closed) throw closed();
    const empty = (await savedCount(path, config)) === 0;
    const next = empty ? undefined : await openMappedBase(host, config, path, true);
    next?.forget(layers.since!);
    layers.base = next;
    layers.memory = layers.memory.filter((graph) => !taken.includes(graph));
    base.close();
  })()
    .catch((error: unknown) => {
      throw layers.closed ? closed() : error;
    })
    .finally(() => {
      // After a failure the layers stay as they are, and the next merge takes them all.
      layers.since = undefined;
      layers.link = undefined;
    });
  layers.merging = work.catch(() => undefined);
  try {
    await work;
  } finally {
    await link.leave();
  }
}

const closed = () => new LakehouseError("cancelled", "the index was closed while it was saved");

function nearestOf(parts: readonly Neighbours[], k: number): Neighbours {
  const heap = createNearestHeap(k);
  if (k > 0) {
    for (const { keys, distances } of parts) {
      for (let at = 0; at < keys.length; at++) heap.offer(keys[at]!, distances[at]!);
    }
  }
  return heap.take();
}
