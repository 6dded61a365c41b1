// Memory and search packages from npm as peers of pathway memory; each runs where it is installed.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "../../test/support/source-tree.ts";

const FOLDER = join(ROOT, ".cache/peers/memory");

/** How to put them there; none needs a key or a download of its own. */
export const MEMORY_PEERS_SET_UP =
  "npm install --prefix .cache/peers/memory @orama/orama@3.1.18 minisearch@7.2.0 vectra@0.12.3";

export interface MemoryItem {
  readonly id: string;
  readonly text: string;
  readonly vector: Float32Array;
}

export interface MemoryHit {
  readonly id: string;
  readonly score: number;
}

export interface MemoryStore {
  readonly name: string;
  /** Whether what was added outlives the process. */
  readonly durable: boolean;
  add(item: MemoryItem): Promise<void>;
  search(text: string, vector: Float32Array, k: number): Promise<MemoryHit[]>;
  close(): Promise<void>;
}

/** Opens every peer that is installed, and names those that are not. */
export async function openPeers(dir: string): Promise<{ open: MemoryStore[]; missing: string[] }> {
  const all = { minisearch: openMiniSearch, "@orama/orama": openOrama, vectra: openVectra };
  const open: MemoryStore[] = [];
  const missing: string[] = [];
  for (const [name, start] of Object.entries(all)) {
    if (existsSync(join(FOLDER, "node_modules", name))) open.push(await start(join(dir, name)));
    else missing.push(name);
  }
  return { open, missing };
}

const load = createRequire(join(FOLDER, "package.json"));

interface MiniSearchIndex {
  add(item: object): void;
  search(text: string): { id: string; score: number }[];
}

/** Words only, in memory; as its guide has it, with prefixes and some fuzziness. */
async function openMiniSearch(): Promise<MemoryStore> {
  type Maker = new (options: object) => MiniSearchIndex;
  const loaded = load("minisearch") as Maker & { default?: Maker };
  const MiniSearch = loaded.default ?? loaded;
  const searchOptions = { prefix: true, fuzzy: 0.2 };
  const index = new MiniSearch({ fields: ["text"], storeFields: [], searchOptions });
  return {
    name: "minisearch",
    durable: false,
    add: async ({ id, text }) => index.add({ id, text }),
    search: async (text, _vector, k) => index.search(text).slice(0, k),
    close: async () => undefined,
  };
}

interface Orama {
  create(options: object): unknown;
  insert(db: unknown, item: object): unknown;
  search(db: unknown, options: object): Promise<{ hits: MemoryHit[] }> | { hits: MemoryHit[] };
}

/** Words and vectors together (its hybrid mode), in memory. */
async function openOrama(): Promise<MemoryStore> {
  const orama = load("@orama/orama") as Orama;
  const schema = { id: "string", text: "string", vector: "vector[384]" };
  const db = orama.create({
    schema,
    components: { tokenizer: { language: "english", stemming: true } },
  });
  return {
    name: "orama",
    durable: false,
    add: async ({ id, text, vector }) => {
      await orama.insert(db, { id, text, vector: [...vector] });
    },
    async search(text, vector, k) {
      const { hits } = await orama.search(db, {
        mode: "hybrid",
        term: text,
        vector: { value: [...vector], property: "vector" },
        similarity: 0.2,
        limit: k,
        includeVectors: false,
      });
      return hits.map(({ id, score }) => ({ id, score }));
    },
    close: async () => undefined,
  };
}

interface VectraIndex {
  createIndex(): Promise<void>;
  insertItem(item: object): Promise<unknown>;
  queryItems(
    vector: number[],
    query: string,
    k: number,
  ): Promise<{ item: { metadata: { id: string } }; score: number }[]>;
}

/** Vectors in a JSON file, which each add writes anew. */
async function openVectra(dir: string): Promise<MemoryStore> {
  const { LocalIndex } = load("vectra") as { LocalIndex: new (folder: string) => VectraIndex };
  const index = new LocalIndex(dir);
  await index.createIndex();
  return {
    name: "vectra",
    durable: true,
    add: async ({ id, vector }) => {
      await index.insertItem({ vector: [...vector], metadata: { id } });
    },
    async search(text, vector, k) {
      const found = await index.queryItems([...vector], text, k);
      return found.map(({ item, score }) => ({ id: item.metadata.id, score }));
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}
