// What is remembered of an index beside its items, and how it is kept: one small JSON file.
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { IndexInfo } from "#contracts/vector.ts";
import { makeDurableDir, syncDir } from "#kernel/durable-dir.ts";
import type { VectorIndexConfig } from "#ports/vector-index.ts";
import type { VectorSettings } from "./vector-settings.ts";

type Described = Omit<IndexInfo, "items" | "fields" | "log_items" | "generation" | "broken">;

/** An immutable generation in storage. */
export interface Generation {
  readonly number: number;
  readonly prefix: string;
  readonly items_sha256: string;
  readonly items: number;
}

export interface IndexEntry extends Described {
  readonly format: 1;
  /** null: everything stands in the log. */
  readonly generation: Generation | null;
  /** Logs of smaller numbers are part of the generation. */
  readonly log_from: number;
  /** The index is being deleted. */
  readonly dropping: boolean;
}

const ENTRY_FILE = "entry.json";

/** Replaces the entry of an index in one step; durable when it resolves. */
export async function writeEntry(dir: string, entry: IndexEntry): Promise<void> {
  await makeDurableDir(dir);
  const path = join(dir, ENTRY_FILE);
  const file = await open(`${path}.new`, "w");
  try {
    await file.writeFile(JSON.stringify(entry, null, 2));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncDir(dir);
}

export interface FoundEntry {
  readonly index: string;
  /** undefined: the entry cannot be read, for the reason given. */
  readonly entry: IndexEntry | undefined;
  readonly reason: string;
}

/** Entries of all indexes below `dir`. A folder without one was never acknowledged: removed. */
export async function readEntries(dir: string): Promise<FoundEntry[]> {
  await mkdir(dir, { recursive: true });
  const found: FoundEntry[] = [];
  for (const index of (await readdir(dir)).toSorted()) {
    const text = await readFile(join(dir, index, ENTRY_FILE), "utf8").catch(absent);
    if (text === undefined) {
      await rm(join(dir, index), { recursive: true, force: true });
      continue;
    }
    try {
      const entry = JSON.parse(text) as IndexEntry;
      if (entry.format !== 1 || entry.index !== index) throw new Error("not an entry of format 1");
      found.push({ index, entry, reason: "" });
    } catch (error) {
      found.push({ index, entry: undefined, reason: `its entry: ${(error as Error).message}` });
    }
  }
  return found;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}

/** The engine's view of an index. */
export function configOf(entry: Described, settings: VectorSettings): VectorIndexConfig {
  return {
    dimension: entry.dimension,
    metric: entry.metric,
    quantization: entry.quantization,
    connectivity: settings.connectivity,
    expansion_add: settings.expansion_add,
    expansion_search: settings.expansion_search,
    mapped_min_rows: settings.memory_mapped_min_items,
  };
}

/** The contract's view of an index. */
export function infoOf(
  entry: IndexEntry,
  figures: { items: number; log_items: number; fields?: string[] },
  broken?: string,
): IndexInfo {
  const { format, generation, log_from, dropping, ...described } = entry;
  void [format, log_from, dropping];
  const info = { ...described, ...figures, generation: generation?.number ?? 0 };
  return broken === undefined ? info : { ...info, broken };
}
