// Walks the folders of a disk store in key order; holds the names of one folder at each depth.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ListOptions } from "#ports/object-store.ts";
import { compareKeys, decodeName } from "./object-key.ts";

export interface KeyPage {
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  readonly next_after: string | undefined;
}

interface Bounds {
  readonly prefix: string;
  readonly after: string;
  /** Keys that start so are left out: their common prefix has been told. */
  skip: string | undefined;
}

interface Entry {
  /** The part; of a folder with its `/`, which is what puts it in byte order. */
  readonly name: string;
  readonly path: string;
  readonly folder: boolean;
}

/** One page of keys below `root`. With a delimiter, `after` may also be a prefix told before. */
export async function listKeys(root: string, options: ListOptions): Promise<KeyPage> {
  const { prefix = "", after = "", delimiter, limit } = options;
  const resumed = delimiter !== undefined && after.length > prefix.length;
  const told = resumed && after.startsWith(prefix) && after.endsWith(delimiter);
  const bounds: Bounds = { prefix, after, skip: told ? after : undefined };
  const keys: string[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for await (const key of walk(root, "", bounds)) {
    if (keys.length + prefixes.length === limit) return { keys, prefixes, next_after: last };
    const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      keys.push(key);
      last = key;
    } else {
      last = key.slice(0, end + delimiter!.length);
      prefixes.push(last);
      bounds.skip = last;
    }
  }
  return { keys, prefixes, next_after: undefined };
}

async function* walk(dir: string, base: string, bounds: Bounds): AsyncGenerator<string> {
  const entries = await readEntries(dir, "", base === "");
  for (const entry of entries) {
    const key = base + entry.name;
    if (bounds.skip !== undefined && key.startsWith(bounds.skip)) continue;
    if (entry.folder) {
      if (mayHold(key, bounds)) yield* walk(entry.path, key, bounds);
    } else if (key.startsWith(bounds.prefix) && compareKeys(key, bounds.after) > 0) {
      yield key;
    }
  }
}

function mayHold(folder: string, { prefix, after }: Bounds): boolean {
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false;
  return after.startsWith(folder) || compareKeys(folder, after) > 0;
}

async function readEntries(dir: string, begun: string, is_root: boolean): Promise<Entry[]> {
  const found = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  });
  const entries: Entry[] = [];
  for (const item of found) {
    // Links are followed nowhere; dot names of the root are the store's own folders.
    if (!(item.isFile() || item.isDirectory()) || (is_root && item.name.startsWith("."))) continue;
    const decoded = decodeName(item.name, item.isDirectory());
    if (decoded === undefined) continue;
    const path = join(dir, item.name);
    const name = begun + decoded.text;
    if (decoded.kind === "more") {
      for (const entry of await readEntries(path, name, false)) entries.push(entry);
    } else {
      const folder = decoded.kind === "folder";
      entries.push({ name: folder ? `${name}/` : name, path, folder });
    }
  }
  return entries.sort((a, b) => compareKeys(a.name, b.name));
}
