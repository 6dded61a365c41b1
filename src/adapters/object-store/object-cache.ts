// Local copies of remote objects, for engines that read files: bounded, each fetched once.
import { createWriteStream } from "node:fs";
import { open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ByteStream } from "#kernel/contract.ts";
import { makeDurableDir } from "#kernel/durable-dir.ts";
import { newId, sha256Hex } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";

export interface ObjectCacheOptions {
  /** Folder of the copies; nothing else lies in it. */
  readonly dir: string;
  readonly bytes_max: number;
  /** A copy may be in use for so long after it was last asked for. Default: five minutes. */
  readonly idle_ms?: number;
  /** Present time in milliseconds; tests bring their own. */
  readonly now?: () => number;
}

/** The one content of an object: its place (endpoint, bucket, key) and its etag. */
export interface ObjectVersion {
  readonly place: string;
  readonly etag: string;
  readonly size_bytes: number;
}

export interface ObjectCache {
  /** Path of a copy; fetched when there is none, once for all who ask at the same time. */
  path(version: ObjectVersion, fetch: () => Promise<ByteStream | undefined>): Promise<string>;
  /** Takes a file over as the copy of an object that has just been written from it. */
  keep(version: ObjectVersion, file: string): Promise<void>;
  readonly size_bytes: () => number;
}

interface Copy {
  readonly size_bytes: number;
  used_ms: number;
}

export async function createObjectCache(options: ObjectCacheOptions): Promise<ObjectCache> {
  const { bytes_max, idle_ms = 300_000, now = Date.now } = options;
  await makeDurableDir(options.dir);
  const dir = await realpath(options.dir);
  const copies = await readCopies(dir);
  const fetching = new Map<string, Promise<string>>();
  let total = 0;
  for (const copy of copies.values()) total += copy.size_bytes;

  function note(name: string, size_bytes: number): void {
    if (!copies.has(name)) total += size_bytes;
    copies.delete(name);
    // At the end: the map is in order of use.
    copies.set(name, { size_bytes, used_ms: now() });
  }

  /** Files that an engine still has open live on without their name until it closes them. */
  async function makeRoom(): Promise<void> {
    for (const [name, copy] of copies) {
      if (total <= bytes_max || copy.used_ms > now() - idle_ms) return;
      copies.delete(name);
      total -= copy.size_bytes;
      await rm(join(dir, name), { force: true });
    }
  }

  async function fetchCopy(
    name: string,
    version: ObjectVersion,
    fetch: () => Promise<ByteStream | undefined>,
  ): Promise<string> {
    const body = await fetch();
    if (body === undefined) return "";
    const staged = join(dir, `${newId()}.part`);
    try {
      await writeBody(staged, body, version.size_bytes);
      await rename(staged, join(dir, name));
    } finally {
      await rm(staged, { force: true });
    }
    note(name, version.size_bytes);
    await makeRoom();
    return join(dir, name);
  }

  return {
    async path(version, fetch) {
      const name = nameOf(version);
      if (copies.has(name)) {
        note(name, version.size_bytes);
        return join(dir, name);
      }
      const under_way = fetching.get(name);
      if (under_way !== undefined) return under_way;
      const mine = fetchCopy(name, version, fetch).finally(() => fetching.delete(name));
      fetching.set(name, mine);
      return mine;
    },
    async keep(version, file) {
      const name = nameOf(version);
      await rename(file, join(dir, name));
      note(name, version.size_bytes);
      await makeRoom();
    },
    size_bytes: () => total,
  };
}

function nameOf({ place, etag, size_bytes }: ObjectVersion): string {
  return `${sha256Hex(`${place}\n${etag}`)}-${size_bytes}.copy`;
}

/** Copies of earlier runs, least lately written first; what was being fetched is removed. */
async function readCopies(dir: string): Promise<Map<string, Copy>> {
  const found: [string, Copy][] = [];
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    const said = /^[0-9a-f]{64}-(\d+)\.copy$/.exec(name)?.[1];
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile() !== true) continue;
    if (said !== undefined && info.size === Number(said)) {
      found.push([name, { size_bytes: info.size, used_ms: info.mtimeMs }]);
    } else if (said !== undefined || name.endsWith(".part")) {
      await rm(path, { force: true });
    }
  }
  return new Map(found.toSorted(([, a], [, b]) => a.used_ms - b.used_ms));
}

/** Synced before it gets its name: after a power cut a copy is whole or not there. */
async function writeBody(path: string, body: ByteStream, size_bytes: number): Promise<void> {
  const out = createWriteStream(path, { flags: "wx" });
  await pipeline(body, out);
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  if (out.bytesWritten === size_bytes) return;
  const message = `an object of ${size_bytes} bytes came with ${out.bytesWritten}`;
  throw new LakehouseError("unavailable", message, { reason: "unreachable" });
}
