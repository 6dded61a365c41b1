// Objects in memory, for tests of other services; passes the same suite as the disk store.
import { mkdirSync, writeFileSync } from "node:fs";
import { lstat, mkdir, readFile, realpath, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ByteStream } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CopyOptions, ObjectStore, PutConditions, StoredObject } from "#ports/object-store.ts";
import { contentTypeOf } from "./content-types.ts";
import { checkConditions, notStaged, tooLarge } from "./object-conditions.ts";
import { createMemoryUploads } from "./memory-uploads.ts";
import { checkKey, compareKeys, keyToPath } from "./object-key.ts";

export interface MemoryObjectStoreOptions {
  /** Folder for staged files and for what `locate` hands out; without it both are refused. */
  readonly scratch_dir?: string;
}

interface Held {
  readonly object: StoredObject;
  readonly bytes: Buffer;
}

export async function createMemoryObjectStore(
  options: MemoryObjectStoreOptions = {},
): Promise<ObjectStore> {
  const held = new Map<string, Held>();
  let writes = 0;

  function keep(
    key: string,
    bytes: Buffer,
    options: PutConditions & {
      content_type?: string | undefined;
      attributes?: Readonly<Record<string, string>> | undefined;
    },
  ): StoredObject {
    checkConditions(key, options, held.get(key)?.object.etag);
    const object: StoredObject = {
      key,
      size_bytes: bytes.length,
      etag: `"m${++writes}"`,
      modified_at: new Date().toISOString(),
      content_type: options.content_type ?? contentTypeOf(key),
      attributes: options.attributes ?? {},
    };
    held.set(key, { object, bytes });
    return object;
  }

  function scratch(): string {
    if (options.scratch_dir !== undefined) return options.scratch_dir;
    throw new LakehouseError("unimplemented", "this memory store has no scratch folder");
  }

  return {
    async head(key) {
      checkKey(key);
      return held.get(key)?.object;
    },
    async get(key, range) {
      checkKey(key);
      const found = held.get(key);
      if (found === undefined) return undefined;
      const bytes = found.bytes.subarray(range?.start ?? 0, range?.end ?? found.bytes.length);
      return { object: found.object, body: oneChunk(bytes) };
    },
    async put(key, body, put_options) {
      checkKey(key);
      checkConditions(key, put_options, held.get(key)?.object.etag);
      return keep(key, await readAll(key, body, put_options.bytes_max), put_options);
    },
    async remove(key, conditions = {}) {
      checkKey(key);
      checkConditions(key, conditions, held.get(key)?.object.etag);
      return held.delete(key);
    },
    async copy(from_key, key, copy_options) {
      checkKey(from_key);
      checkKey(key);
      return copyHeld(held.get(from_key), key, copy_options, keep);
    },
    uploads: createMemoryUploads({ readAll, keep }),
    async list(list_options) {
      return listHeld(held, list_options);
    },
    async stage() {
      const dir = join(scratch(), "staging");
      await mkdir(dir, { recursive: true });
      return join(await realpath(dir), `${newId()}.part`);
    },
    async adopt(key, staged_path, conditions = {}) {
      checkKey(key);
      const path = await stagedFile(join(scratch(), "staging"), staged_path);
      const object = keep(key, await readFile(path), conditions);
      await rm(path);
      return object;
    },
    async locate(keys) {
      const missing_keys: string[] = [];
      const uris = keys.map((key) => {
        const path = join(scratch(), "located", keyToPath(key));
        const found = held.get(key);
        if (found !== undefined) return writeLocated(path, found.bytes);
        missing_keys.push(key);
        return "";
      });
      return { uris, missing_keys };
    },
  };
}

function copyHeld(
  source: Held | undefined,
  key: string,
  options: CopyOptions,
  keep: (key: string, bytes: Buffer, options: CopyOptions) => StoredObject,
): StoredObject | undefined {
  if (source === undefined) return undefined;
  const { if_source_match } = options;
  const { key: from_key, etag, content_type, attributes } = source.object;
  if (if_source_match !== undefined) checkConditions(from_key, { if_match: if_source_match }, etag);
  if (source.bytes.length > options.bytes_max) throw tooLarge(key, options.bytes_max);
  return keep(key, source.bytes, { content_type, attributes, ...options });
}

/** The real path of a file in the staging folder; `invalid` (`not_staged`) for any other. */
async function stagedFile(staging_dir: string, staged_path: string): Promise<string> {
  const dir = await realpath(staging_dir).catch(() => undefined);
  const parent = await realpath(dirname(staged_path)).catch(() => undefined);
  if (dir === undefined || parent !== dir) throw notStaged(staged_path);
  const path = join(dir, basename(staged_path));
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() !== true) throw notStaged(staged_path);
  return path;
}

type ListArguments = Parameters<ObjectStore["list"]>[0];

function listHeld(held: ReadonlyMap<string, Held>, options: ListArguments) {
  const { prefix = "", after = "", delimiter, limit } = options;
  const objects: StoredObject[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for (const key of [...held.keys()].toSorted(compareKeys)) {
    if (!key.startsWith(prefix) || compareKeys(key, after) <= 0) continue;
    const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    const rolled = end < 0 ? undefined : key.slice(0, end + 1);
    if (rolled !== undefined && (rolled === last || rolled === after)) continue;
    if (objects.length + prefixes.length === limit) return { objects, prefixes, next_after: last };
    if (rolled === undefined) objects.push(held.get(key)!.object);
    else prefixes.push(rolled);
    last = rolled ?? key;
  }
  return { objects, prefixes, next_after: undefined };
}

/** Engines read files, so the bytes become one. */
function writeLocated(path: string, bytes: Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

async function readAll(key: string, body: ByteStream, bytes_max: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytes_max) throw tooLarge(key, bytes_max);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

async function* oneChunk(bytes: Buffer) {
  if (bytes.length > 0) yield bytes;
}
