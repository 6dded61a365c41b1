// The files of a disk store: found under a key without leaving the root, put in place, taken away.
import type { BigIntStats } from "node:fs";
import { link, lstat, realpath, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDurableDir, syncDir } from "#kernel/durable-dir.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PutConditions, StoredObject } from "#ports/object-store.ts";
import {
  createFileTimes,
  describe,
  etagOf,
  plainMeta,
  sealFile,
  type MetaGiven,
  type ObjectNotes,
} from "./disk-meta.ts";
import { checkConditions, objectExists } from "./object-conditions.ts";
import { keyToPath } from "./object-key.ts";

export interface DiskFiles {
  /** Where the file of a key stands or would stand; undefined when its folder is not there. */
  pathOf(key: string): Promise<string | undefined>;
  find(key: string): Promise<BigIntStats | undefined>;
  /** Undefined: the file was replaced or removed meanwhile, and what was noted of it went too. */
  describe(key: string, info: BigIntStats): Promise<StoredObject | undefined>;
  /** Gives a staged file its key; durable when it resolves. */
  install(key: string, staged: string, options: InstallOptions): Promise<StoredObject>;
  remove(key: string, conditions: PutConditions): Promise<boolean>;
}

export interface InstallOptions extends PutConditions, MetaGiven {
  /** Told the etag of the object that is about to be, before it can be seen. */
  readonly announce?: (etag: string) => Promise<void>;
}

/** `root` is a real path. */
export function createDiskFiles(
  root: string,
  notes: ObjectNotes,
  nextTime: () => number = createFileTimes(),
): DiskFiles {
  const locks = createKeyedLock();

  async function pathOf(key: string): Promise<string | undefined> {
    const path = join(root, keyToPath(key));
    return (await isThere(dirname(path))) ? path : undefined;
  }

  async function find(key: string): Promise<BigIntStats | undefined> {
    const path = await pathOf(key);
    const info = path === undefined ? undefined : await absentOr(lstat(path, { bigint: true }));
    return info?.isFile() === true ? info : undefined;
  }

  return {
    pathOf,
    find,
    async describe(key, info) {
      const sub_path = keyToPath(key);
      const noted = await notes.of(sub_path, etagOf(info));
      if (noted !== undefined) return describe(key, info, noted);
      // Notes go after their file: while the file stands, that there is none is the truth.
      const now = await absentOr(lstat(join(root, sub_path), { bigint: true }));
      if (now === undefined || etagOf(now) !== etagOf(info)) return undefined;
      return describe(key, info, plainMeta(key));
    },
    async install(key, staged, options) {
      const sub_path = keyToPath(key);
      const path = join(root, sub_path);
      const sealed = await sealFile(staged, nextTime());
      // The lock makes check and rename one step.
      return locks.run(key, async () => {
        const old = await find(key);
        checkConditions(key, options, old && etagOf(old));
        await refuseOutside(root, dirname(path));
        await makeDurableDir(dirname(path));
        await notes.note(key, sub_path, etagOf(sealed), options);
        await options.announce?.(etagOf(sealed));
        if (options.if_absent === true) await linkNew(key, staged, path);
        else await rename(staged, path);
        await syncDir(dirname(path));
        if (old !== undefined) await notes.forget(sub_path, etagOf(old));
        return describe(key, sealed, plainMeta(key, options));
      });
    },
    remove: (key, conditions) =>
      locks.run(key, async () => {
        const info = await find(key);
        checkConditions(key, conditions, info && etagOf(info));
        if (info === undefined) return false;
        const path = join(root, keyToPath(key));
        const removed = await absentOr(unlink(path).then(() => true));
        await syncDir(dirname(path));
        await notes.forget(keyToPath(key), etagOf(info));
        return removed === true;
      }),
  };
}

/** Whether a folder is there; throws `invalid` when a link on the way leads elsewhere. */
async function isThere(dir: string): Promise<boolean> {
  const real = await absentOr(realpath(dir));
  if (real === undefined || real === dir) return real !== undefined;
  throw new LakehouseError("invalid", "the key leads through a link out of its place", {
    reason: "bad_key",
  });
}

/** Looks at the nearest folder that is there, before others are made below it. */
async function refuseOutside(root: string, dir: string): Promise<void> {
  for (let near = dir; near.length >= root.length; near = dirname(near)) {
    if (await isThere(near)) return;
  }
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

/** What the work yields; undefined when there is no such file. */
export async function absentOr<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
    throw error;
  }
}
