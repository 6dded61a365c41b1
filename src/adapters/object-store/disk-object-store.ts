// Objects as files below one folder: staged, synced, renamed; keys cannot leave the folder.
import { constants } from "node:fs";
import { copyFile, open, realpath, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { makeDurableDir } from "#kernel/durable-dir.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ByteRange, CopyOptions, ObjectStore, StoredObject } from "#ports/object-store.ts";
import { absentOr, createDiskFiles, type DiskFiles } from "./disk-files.ts";
import { listKeys } from "./disk-list.ts";
import { createFileTimes, createObjectNotes, etagOf } from "./disk-meta.ts";
import { fullOr, openStaging, type Staging } from "./disk-staging.ts";
import { createDiskUploads } from "./disk-uploads.ts";
import { openFileBody } from "./file-body.ts";
import { checkConditions, tooLarge } from "./object-conditions.ts";
import { checkKey, keyToPath } from "./object-key.ts";

export interface DiskObjectStoreOptions {
  /** Folder of the store; made when it is not there. */
  readonly root: string;
  /** Staged files untouched for so long are removed on opening. Default: one day. */
  readonly staging_age_max_ms?: number;
}

const DAY_MS = 86_400_000;
const STATS_AT_ONCE = 32;

/**
 * Opens a store on local disk. `if_absent` holds between processes too (hard link), `if_match`
 * within this process. Needs a file system that tells upper from lower case.
 */
export async function createDiskObjectStore(options: DiskObjectStoreOptions): Promise<ObjectStore> {
  await makeDurableDir(options.root);
  const root = await realpath(options.root);
  const staging = await openStaging({
    dir: join(root, ".staging"),
    age_max_ms: options.staging_age_max_ms ?? DAY_MS,
    now_ms: Date.now(),
  });
  const nextTime = createFileTimes();
  const notes = createObjectNotes(join(root, ".meta"), staging.fresh);
  const files = createDiskFiles(root, notes, nextTime);

  async function head(key: string): Promise<StoredObject | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const info = await files.find(key);
      if (info === undefined) return undefined;
      const object = await files.describe(key, info);
      if (object !== undefined) return object;
    }
    throw keepsChanging(key);
  }

  const uploads = await createDiskUploads({
    dir: join(root, ".uploads"),
    staging,
    files,
    head,
    nextTime,
  });

  return {
    head,
    get: (key, range) => readFileOf(files, key, range),
    async put(key, body, put_options) {
      checkKey(key);
      if (put_options.if_absent === true || put_options.if_match !== undefined) {
        // Checked again when the file gets its name; here it saves reading a body in vain.
        const old = await files.find(key);
        checkConditions(key, put_options, old && etagOf(old));
      }
      const { bytes_max } = put_options;
      const { path, sealed } = await staging.writeSealed(key, body, bytes_max, nextTime);
      try {
        return await files.install(key, path, { ...put_options, sealed });
      } catch (error) {
        await rm(path, { force: true });
        throw fullOr(error);
      }
    },
    remove: (key, conditions = {}) => files.remove(key, conditions),
    copy: (from_key, key, copy_options) =>
      copyFileOf(files, staging, [from_key, key], copy_options),
    uploads,
    async list(list_options) {
      const { keys, prefixes, next_after } = await listKeys(root, list_options);
      const objects: StoredObject[] = [];
      for (let at = 0; at < keys.length; at += STATS_AT_ONCE) {
        const found = await Promise.all(keys.slice(at, at + STATS_AT_ONCE).map(head));
        objects.push(...found.filter((object) => object !== undefined));
      }
      return { objects, prefixes, next_after };
    },
    stage: async () => staging.fresh(),
    async adopt(key, staged_path, conditions = {}) {
      checkKey(key);
      const staged = await staging.check(staged_path);
      return files.install(key, staged, conditions).catch((error: unknown) => {
        throw fullOr(error);
      });
    },
    async locate(keys) {
      return { uris: keys.map((key) => join(root, keyToPath(key))), missing_keys: [] };
    },
  };
}

/** How often an object may be replaced while it is looked at, read or copied. */
const ATTEMPTS_MAX = 10;

function keepsChanging(key: string): LakehouseError {
  return new LakehouseError("unavailable", `${key} keeps being replaced while it is read`);
}

/** By the file system, which may share the blocks. */
async function copyFileOf(
  files: DiskFiles,
  staging: Staging,
  [from_key, key]: readonly [string, string],
  options: CopyOptions,
): Promise<StoredObject | undefined> {
  const { if_source_match, bytes_max, ...install_options } = options;
  checkKey(key);
  const staged = staging.fresh();
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const info = await files.find(from_key);
      const path = await files.pathOf(from_key);
      if (info === undefined || path === undefined) return undefined;
      const source = await files.describe(from_key, info);
      if (source === undefined) continue;
      if (if_source_match !== undefined) {
        checkConditions(from_key, { if_match: if_source_match }, source.etag);
      }
      if (source.size_bytes > bytes_max) throw tooLarge(key, bytes_max);
      await absentOr(copyFile(path, staged, constants.COPYFILE_FICLONE));
      const after = await files.find(from_key);
      // Of a source that was replaced meanwhile, bytes and type may not belong together.
      if (after === undefined || etagOf(after) !== source.etag) continue;
      const { content_type, attributes } = source;
      return await files.install(key, staged, { content_type, attributes, ...install_options });
    }
    throw keepsChanging(from_key);
  } catch (error) {
    throw fullOr(error);
  } finally {
    await rm(staged, { force: true });
  }
}

async function readFileOf(files: DiskFiles, key: string, range: ByteRange | undefined) {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const path = await files.pathOf(key);
    if (path === undefined) return undefined;
    const file = await absentOr(open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)));
    if (file === undefined) return undefined;
    const found = await readOpened(files, key, file, range);
    if (found !== undefined) return found;
  }
  throw keepsChanging(key);
}

/** Opened before it is described, so that bytes and etag are of the same write. */
async function readOpened(
  files: DiskFiles,
  key: string,
  file: FileHandle,
  range: ByteRange | undefined,
) {
  try {
    const object = await files.describe(key, await file.stat({ bigint: true }));
    if (object === undefined) {
      await file.close();
      return undefined;
    }
    const start = Math.min(range?.start ?? 0, object.size_bytes);
    const end = Math.min(range?.end ?? object.size_bytes, object.size_bytes);
    return { object, body: await openFileBody(file, start, Math.max(0, end - start)) };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}
