// Objects as files below one folder: staged, synced, renamed; keys cannot leave the folder.
import { constants } from "node:fs";
import { open, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeDurableDir } from "#kernel/durable-dir.ts";
import type { ByteRange, ObjectStore, StoredObject } from "#ports/object-store.ts";
import { absentOr, createDiskFiles, type DiskFiles } from "./disk-files.ts";
import { listKeys } from "./disk-list.ts";
import { createContentTypes } from "./disk-meta.ts";
import { fullOr, openStaging } from "./disk-staging.ts";
import { openFileBody } from "./file-body.ts";
import { checkConditions } from "./object-conditions.ts";
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
  const files = createDiskFiles(root, createContentTypes(join(root, ".meta"), staging.fresh));

  async function head(key: string): Promise<StoredObject | undefined> {
    const info = await files.find(key);
    return info === undefined ? undefined : files.describe(key, info);
  }

  return {
    head,
    get: (key, range) => readFileOf(files, key, range),
    async put(key, body, put_options) {
      checkKey(key);
      // Checked again when the file gets its name; here it saves reading a body in vain.
      checkConditions(key, put_options, await head(key));
      const staged = await staging.write(key, body, put_options.bytes_max);
      try {
        return await files.install(key, staged, put_options);
      } catch (error) {
        throw fullOr(error);
      } finally {
        await rm(staged, { force: true });
      }
    },
    remove: (key) => files.remove(key),
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
    locate: (key) => join(root, keyToPath(key)),
  };
}

/** Opened before it is described, so that bytes and etag are of the same write. */
async function readFileOf(files: DiskFiles, key: string, range: ByteRange | undefined) {
  const path = await files.pathOf(key);
  if (path === undefined) return undefined;
  const file = await absentOr(open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)));
  if (file === undefined) return undefined;
  try {
    const object = await files.describe(key, await file.stat({ bigint: true }));
    const start = Math.min(range?.start ?? 0, object.size_bytes);
    const end = Math.min(range?.end ?? object.size_bytes, object.size_bytes);
    return { object, body: await openFileBody(file, start, Math.max(0, end - start)) };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}
