// Reference vector index: compares with every row, in this thread. For tests and tiny indexes.
import { writeFile } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";
import type { VectorIndex, VectorIndexConfig, VectorIndexEngine } from "#ports/vector-index.ts";
import { appendRows, readRows, sealFile } from "./vector-file.ts";
import { checkRows, createVectorRows, type VectorRows } from "./vector-rows.ts";

/** Exact answers at a cost that grows with the number of rows; blocks the event loop. */
export function createExactEngine(): VectorIndexEngine {
  return {
    create: async (config) => exactIndex(config, createVectorRows(config)),
    load: async (path, config) => exactIndex(config, await readRows(path, config)),
    close: async () => undefined,
  };
}

function exactIndex(config: VectorIndexConfig, rows: VectorRows): VectorIndex {
  let open = true;
  const { dimension } = config;
  const ready = () => {
    if (!open) throw new LakehouseError("unavailable", "the vector index is closed");
  };
  return {
    config,
    async upsert(keys, vectors) {
      ready();
      checkRows(config, vectors, keys.length);
      rows.set(keys, rows.prepare(vectors));
    },
    async remove(keys) {
      ready();
      rows.remove(keys);
    },
    async search(queries, k) {
      ready();
      const prepared = rows.prepare(queries);
      return Array.from({ length: prepared.length / dimension }, (_, at) =>
        rows.nearest(prepared.subarray(at * dimension, (at + 1) * dimension), k),
      );
    },
    async searchAmong(query, keys, k) {
      ready();
      checkRows(config, query, 1);
      return rows.nearestAmong(rows.prepare(query), keys, k);
    },
    async subset(keys, new_keys) {
      ready();
      const copy = createVectorRows(config);
      copy.set(new_keys, rows.gather(keys));
      return exactIndex(config, copy);
    },
    async size() {
      ready();
      return rows.size;
    },
    async save(path) {
      ready();
      await writeFile(path, "");
      await sealFile(path, config, appendRows(path, rows));
    },
    async close() {
      open = false;
    },
  };
}
