// The staging folder: files that are being written and have no key yet.
import type { BigIntStats } from "node:fs";
import { lstat, open, readdir, realpath, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { ByteStream } from "#kernel/contract.ts";
import { makeDurableDir } from "#kernel/durable-dir.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { sealOpened } from "./disk-meta.ts";
import { notStaged, tooLarge } from "./object-conditions.ts";

export interface Staging {
  /** A path nobody else has; the file is not made. */
  fresh(): string;
  /** Writes a body to a fresh path; on any failure nothing is left. Not yet synced. */
  write(key: string, body: ByteStream, bytes_max: number): Promise<string>;
  /** The same, and durable with this modification time (seconds) before it is closed. */
  writeSealed(
    key: string,
    body: ByteStream,
    bytes_max: number,
    nextTime: () => number,
  ): Promise<StagedFile>;
  /** The real path of a staged file; throws `invalid` (`not_staged`) for any other. */
  check(path: string): Promise<string>;
}

/** A staged file that is durable and has its modification time. */
export interface StagedFile {
  readonly path: string;
  readonly sealed: BigIntStats;
}

export interface StagingOptions {
  readonly dir: string;
  /** Files not touched for so long are left from a run that died, and are removed. */
  readonly age_max_ms: number;
  readonly now_ms: number;
}

/** Opens the folder and removes what dead runs left in it. */
export async function openStaging(options: StagingOptions): Promise<Staging> {
  await makeDurableDir(options.dir);
  const dir = await realpath(options.dir);
  await removeStale(dir, options.now_ms - options.age_max_ms);
  const fresh = () => join(dir, `${newId()}.part`);

  /** `fill` writes the open file; what it yields comes with the path. */
  async function make<T>(fill: (file: FileHandle) => Promise<T>): Promise<[string, T]> {
    const path = fresh();
    const file = await open(path, "wx");
    try {
      const filled = await fill(file);
      await file.close();
      return [path, filled];
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
      throw fullOr(error);
    }
  }

  return {
    fresh,
    async write(key, body, bytes_max) {
      const [path] = await make((file) => copyTo(file, key, body, bytes_max));
      return path;
    },
    async writeSealed(key, body, bytes_max, nextTime) {
      const [path, sealed] = await make(async (file) => {
        await copyTo(file, key, body, bytes_max);
        return sealOpened(file, nextTime());
      });
      return { path, sealed };
    },
    async check(path) {
      const real = join(dir, basename(path));
      const [parent, info] = await Promise.all([
        realpath(dirname(resolve(path))).catch(() => undefined),
        lstat(real).catch(() => undefined),
      ]);
      if (parent !== dir || info?.isFile() !== true) throw notStaged(path);
      return real;
    },
  };
}

async function copyTo(
  file: FileHandle,
  key: string,
  body: ByteStream,
  bytes_max: number,
): Promise<void> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytes_max) throw tooLarge(key, bytes_max);
    await file.writeFile(chunk);
  }
}

/** A full disk is the house's trouble, not the caller's. */
export function fullOr(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "EFBIG") return error;
  return new LakehouseError("unavailable", "there is no room left on the storage disk", {
    reason: "storage_full",
    hint: "free some space, then try again; nothing was changed",
    cause: error,
  });
}

async function removeStale(dir: string, before_ms: number): Promise<void> {
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    const info = await lstat(path).catch(() => undefined);
    if (info !== undefined && info.mtimeMs < before_ms) {
      await rm(path, { force: true, recursive: true });
    }
  }
}
