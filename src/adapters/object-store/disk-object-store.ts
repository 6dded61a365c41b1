// Objects as files below one folder: staged, synced, renamed; keys cannot leave the folder.
import { constants, type BigIntStats } from "node:fs";
import { link, lstat, open, realpath, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDurableDir, syncDir } from "#kernel/durable-dir.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ObjectStore, PutConditions, StoredObject } from "#ports/object-store.ts";
import { listKeys } from "./disk-list.ts";
import { createContentTypes, createFileTimes, describe, etagOf, sealFile } from "./disk-meta.ts";
import { fullOr, openStaging } from "./disk-staging.ts";
import { openFileBody } from "./file-body.ts";
import { checkConditions, objectExists } from "./object-conditions.ts";
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
  const types = createContentTypes(join(root, ".meta"), staging.fresh);
  const nextTime = createFileTimes();
  const locks = createKeyedLock();

  async function infoOf(key: string): Promise<BigIntStats | undefined> {
    const path = join(root, keyToPath(key));
    if (!(await isInside(dirname(path)))) return undefined;
    const info = await absentOr(lstat(path, { bigint: true }));
    return info?.isFile() === true ? info : undefined;
  }

  async function objectOf(key: string, info: BigIntStats): Promise<StoredObject> {
    return describe(key, info, await types.of(key, keyToPath(key), etagOf(info)));
  }

  async function head(key: string): Promise<StoredObject | undefined> {
    const info = await infoOf(key);
    return info === undefined ? undefined : objectOf(key, info);
  }

  /** Gives a staged file its key. The lock makes check and rename one step. */
  async function install(
    key: string,
    staged: string,
    conditions: PutConditions & { content_type?: string },
  ): Promise<StoredObject> {
    const sub_path = keyToPath(key);
    const path = join(root, sub_path);
    const sealed = await sealFile(staged, nextTime());
    return locks.run(key, async () => {
      const old = await infoOf(key);
      checkConditions(key, conditions, old && (await objectOf(key, old)));
      await refuseOutside(dirname(path));
      await makeDurableDir(dirname(path));
      await types.note(key, sub_path, etagOf(sealed), conditions.content_type);
      if (conditions.if_absent === true) await linkNew(key, staged, path);
      else await rename(staged, path);
      await syncDir(dirname(path));
      if (old !== undefined) await types.forget(sub_path, etagOf(old));
      return objectOf(key, sealed);
    });
  }

  async function isInside(dir: string): Promise<boolean> {
    const real = await absentOr(realpath(dir));
    if (real === undefined || real === dir) return real !== undefined;
    throw new LakehouseError("invalid", "the key leads through a link out of its place", {
      reason: "bad_key",
    });
  }

  async function refuseOutside(dir: string): Promise<void> {
    for (let near = dir; near.length >= root.length; near = dirname(near)) {
      if (await isInside(near)) return;
    }
  }

  return {
    head,
    async get(key, range) {
      const path = join(root, keyToPath(key));
      if (!(await isInside(dirname(path)))) return undefined;
      const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
      const file = await absentOr(open(path, flags));
      if (file === undefined) return undefined;
      try {
        const object = await objectOf(key, await file.stat({ bigint: true }));
        const start = Math.min(range?.start ?? 0, object.size_bytes);
        const end = Math.min(range?.end ?? object.size_bytes, object.size_bytes);
        const length = Math.max(0, end - start);
        return { object, body: await openFileBody(file, start, length) };
      } catch (error) {
        await file.close().catch(() => undefined);
        throw error;
      }
    },
    async put(key, body, put_options) {
      checkKey(key);
      checkConditions(key, put_options, await head(key));
      const staged = await staging.write(key, body, put_options.bytes_max);
      try {
        return await install(key, staged, put_options);
      } catch (error) {
        throw fullOr(error);
      } finally {
        await rm(staged, { force: true });
      }
    },
    remove: (key) =>
      locks.run(key, async () => {
        const info = await infoOf(key);
        if (info === undefined) return false;
        const sub_path = keyToPath(key);
        const removed = await absentOr(unlink(join(root, sub_path)).then(() => true));
        await syncDir(dirname(join(root, sub_path)));
        await types.forget(sub_path, etagOf(info));
        return removed === true;
      }),
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
      return install(key, await staging.check(staged_path), conditions);
    },
    locate: (key) => join(root, keyToPath(key)),
  };
}

/** A hard link fails when the name is taken, whichever process took it. */
async function linkNew(key: string, staged: string, path: string): Promise<void> {
  try {
    await link(staged, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw objectExists(key);
    throw error;
  }
  await unlink(staged);
}

async function absentOr<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
    throw error;
  }
}
