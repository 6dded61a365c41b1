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
  /** Of a staged file that has its time and is durable already. */
  readonly sealed?: BigIntStats;
}

/** `root` is a real path. */
export function createDiskFiles(
  root: string,
  notes: ObjectNotes,
  nextTime: () => number = createFileTimes(),
): DiskFiles {
  const locks = createKeyedLock();

  const making = new Set<Promise<void>>();

  async function pathOf(key: string): Promise<string | undefined> {
    const path = join(root, keyToPath(key));
    return (await isThere(dirname(path))) ? path : undefined;
  }

  /** The folder of a path and the file there, in one step: each costs a round trip. */
  async function look(path: string): Promise<{ folder: boolean; info: BigIntStats | undefined }> {
    const [folder, info] = await Promise.all([
      isThere(dirname(path)),
      absentOr(lstat(path, { bigint: true })),
    ]);
    return { folder, info: folder && info?.isFile() === true ? info : undefined };
  }

  const find = async (key: string) => (await look(join(root, keyToPath(key)))).info;

  /** Makes a folder that was not there; another's that is there by now is durable too. */
  async function makeFolder(dir: string): Promise<void> {
    await refuseOutside(root, dir);
    const made = makeDurableDir(dir);
    making.add(made);
    try {
      await made;
    } finally {
      making.delete(made);
    }
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
      const sealed = options.sealed ?? (await sealFile(staged, nextTime()));
      // The lock makes check and rename one step.
      return locks.run(key, async () => {
        const { folder, info: old } = await look(path);
        checkConditions(key, options, old && etagOf(old));
        if (!folder) await makeFolder(dirname(path));
        // Folders that others are making may be seen before a power cut spares them.
        if (making.size > 0) await Promise.allSettled(making);
        await notes.note(key, sub_path, etagOf(sealed), options);
        await options.announce?.(etagOf(sealed));
        const linked = options.if_absent === true;
        await (linked ? linkNew(key, staged, path) : rename(staged, path));
        await Promise.all([syncDir(dirname(path)), linked ? unlink(staged) : undefined]);
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
