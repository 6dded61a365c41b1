// Generations of an index as objects below _vectors/: written whole, never changed, then removed.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { makeDurableDir } from "#kernel/durable-dir.ts";
import { newId } from "#kernel/ids.ts";
import type { storage } from "#contracts/storage.ts";
import type { VectorIndex, VectorIndexEngine, VectorIndexConfig } from "#ports/vector-index.ts";
import type { Generation } from "./index-entry.ts";
import { readTable, writeTable, type TableSnapshot } from "./item-table-file.ts";
import type { ItemTable, TableOptions } from "./item-table.ts";
import type { IndexState } from "./log-rows.ts";

const VECTORS = "vectors.usearch";
const ITEMS = "items.table";

export interface GenerationStore {
  /** `saving` began when `snapshot` was taken: both show the same moment. */
  write(source: GenerationSource, call: Call): Promise<Generation>;
  /** Throws `unavailable` (`damaged_index`) when a file is absent or not as it was written. */
  read(
    generation: Generation,
    config: VectorIndexConfig,
    options: TableOptions,
    call: Call,
  ): Promise<IndexState>;
  remove(prefix: string, call: Call): Promise<void>;
  /** Removes all generations of an index except one. */
  removeOthers(index: string, keep: string | undefined, call: Call): Promise<void>;
  /** A path for the vectors of a generation to come. */
  stage(call: Call): Promise<string>;
}

export interface GenerationSource {
  readonly index: string;
  readonly number: number;
  readonly table: ItemTable;
  readonly snapshot: TableSnapshot;
  readonly vectors_path: string;
  readonly saving: Promise<void>;
}

export function createGenerationStore(
  objects: Client<typeof storage>,
  engine: VectorIndexEngine,
  cache_dir: string,
): GenerationStore {
  const stage = async (call: Call) => (await objects.stage({}, call)).path;

  async function remove(prefix: string, call: Call): Promise<void> {
    for (const name of [ITEMS, VECTORS]) await objects.remove({ key: `${prefix}${name}` }, call);
  }

  /** Hands a local path of an object to `use`; one that lies elsewhere is fetched first. */
  async function load<T>(key: string, call: Call, use: (path: string) => Promise<T>): Promise<T> {
    const { uri } = await objects.locate({ key }, call);
    if (uri.startsWith("file://")) return use(fileURLToPath(uri));
    if (!/^[a-z0-9+]+:\/\//i.test(uri)) return use(uri);
    await makeDurableDir(cache_dir);
    const path = join(cache_dir, newId());
    try {
      const { body } = await objects.get({ key }, call);
      await writeFile(path, body);
      return await use(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  return {
    stage,
    remove,
    async write(source, call) {
      // A number alone could meet what a run that died left behind.
      const label = `${String(source.number).padStart(6, "0")}-${newId().slice(-8)}`;
      const prefix = `_vectors/${source.index}/${label}/`;
      // Its failure is met below, however long the table takes.
      source.saving.catch(() => undefined);
      const items_path = await stage(call);
      const items_sha256 = await writeTable(items_path, source.table, source.snapshot);
      await source.saving;
      try {
        await objects.adopt({ key: `${prefix}${VECTORS}`, path: source.vectors_path }, call);
        await objects.adopt({ key: `${prefix}${ITEMS}`, path: items_path }, call);
      } catch (error) {
        await remove(prefix, call).catch(() => undefined);
        throw error;
      }
      const items = source.snapshot.alive.reduce((sum, one) => sum + one, 0);
      return { number: source.number, prefix, items_sha256, items };
    },
    async read({ prefix, items_sha256 }, config, options, call) {
      const table = await load(`${prefix}${ITEMS}`, call, (path) =>
        readTable(path, items_sha256, options),
      );
      const vectors: VectorIndex = await load(`${prefix}${VECTORS}`, call, (path) =>
        engine.load(path, config),
      );
      return { table, vectors };
    },
    async removeOthers(index, keep, call) {
      for (let after: string | undefined; ;) {
        const page = await objects.list(
          { prefix: `_vectors/${index}/`, ...(after === undefined ? {} : { after }) },
          call,
        );
        for (const { key } of page.objects) {
          if (keep === undefined || !key.startsWith(keep)) await objects.remove({ key }, call);
        }
        if (page.next_after === null) return;
        after = page.next_after;
      }
    },
  };
}
