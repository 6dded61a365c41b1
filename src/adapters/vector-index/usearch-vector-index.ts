// Vector index by usearch (HNSW) in a worker thread; searches that come together travel together.
import { LakehouseError } from "#kernel/problem.ts";
import type {
  Neighbours,
  VectorIndex,
  VectorIndexConfig,
  VectorIndexEngine,
  VectorKeys,
} from "#ports/vector-index.ts";
import { createWorkerLink, type WorkerLink } from "./usearch-link.ts";
import { createSearchBatcher } from "./search-batcher.ts";
import { checkRows } from "./vector-rows.ts";

export interface UsearchOptions {
  /** Threads that one native call may use. */
  readonly threads: number;
}

/**
 * Opens no thread until the first index is made or loaded. Changes are answered in order, in small
 * steps between which searches go on. When the thread dies its indexes answer `unavailable`
 * (`vector_engine_stopped`); indexes made or loaded later get a new thread.
 */
export function createUsearchEngine(options: UsearchOptions): VectorIndexEngine {
  let link: WorkerLink | undefined;
  let next_index = 1;
  let closed = false;

  function connected(): WorkerLink {
    if (closed) throw new LakehouseError("unavailable", "the vector engine is closed");
    if (link === undefined || link.stopped) link = createWorkerLink(options);
    return link;
  }

  return {
    async create(config) {
      checkConfig(config);
      const to = connected();
      const index = next_index++;
      await to.ask({ kind: "create", index, config });
      return workerIndex(to, index, config, () => next_index++);
    },
    async load(path, config) {
      checkConfig(config);
      const to = connected();
      const index = next_index++;
      await to.ask({ kind: "load", index, config, path });
      return workerIndex(to, index, config, () => next_index++);
    },
    async close() {
      closed = true;
      await link?.leave();
    },
  };
}

function workerIndex(
  link: WorkerLink,
  index: number,
  config: VectorIndexConfig,
  newIndex: () => number,
): VectorIndex {
  const batcher = createSearchBatcher(link, index);
  let open = true;
  const ready = () => {
    if (!open) throw new LakehouseError("unavailable", "the vector index is closed");
  };
  return {
    config,
    async upsert(keys, vectors) {
      ready();
      checkRows(config, vectors, keys.length);
      const copy = vectors.slice();
      const own_keys = Float64Array.from(keys);
      const message = { kind: "upsert", index, keys: own_keys, vectors: copy } as const;
      await link.ask(message, [copy.buffer, own_keys.buffer]);
    },
    async remove(keys) {
      ready();
      await link.ask({ kind: "remove", index, keys: Float64Array.from(keys) });
    },
    async search(queries, k, expansion = 0) {
      ready();
      const count = Math.floor(queries.length / config.dimension);
      checkRows(config, queries, count);
      return batcher.search(queries, count, k, expansion);
    },
    async searchAmong(query, keys, k) {
      ready();
      checkRows(config, query, 1);
      const own_keys = keys instanceof Uint32Array ? keys.slice() : Float64Array.from(keys);
      const message = { kind: "among", index, keys: own_keys, query, k } as const;
      const [found] = await link.ask<Neighbours[]>(message, [own_keys.buffer]);
      return found!;
    },
    async subset(keys, new_keys) {
      ready();
      if (keys.length !== new_keys.length) {
        throw new LakehouseError("invalid", "as many new keys as keys are needed");
      }
      const new_index = newIndex();
      const [from, to] = [floats(keys), floats(new_keys)];
      await link.ask({ kind: "subset", index, keys: from, new_keys: to, new_index });
      return workerIndex(link, new_index, config, newIndex);
    },
    async size() {
      ready();
      return link.ask<number>({ kind: "size", index });
    },
    async save(path) {
      ready();
      await link.ask({ kind: "save", index, path });
    },
    async close() {
      if (!open) return;
      open = false;
      if (!link.stopped) await link.ask({ kind: "drop", index });
    },
  };
}

const floats = (keys: VectorKeys) => Float64Array.from(keys);

function checkConfig({ metric, quantization }: VectorIndexConfig): void {
  if (quantization !== "i8" || metric === "cos") return;
  throw new LakehouseError(
    "invalid",
    `i8 keeps directions only, which ${metric} cannot work with`,
    {
      hint: "take f16 or f32, or the metric cos",
    },
  );
}
