// The end of an append-only file: whole lines are added, or nothing of them stays.
import { fdatasync, ftruncate, ftruncateSync, write, writeSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

export interface FileEnd {
  /** Length of what was added whole. */
  bytes(): number;
  /** Resolves when the bytes are on disk (fsync). */
  writeSynced(bytes: Buffer): Promise<void>;
  /**
   * Resolves when the operating system has the bytes: a killed process loses nothing of them, a
   * failing machine what was not synced. Throws what the last `sync` threw, until one works.
   */
  write(bytes: Buffer): Promise<void>;
  /** Resolves when all that was added before is on disk. */
  sync(): Promise<void>;
}

/** Takes over a file opened for appending; `start_bytes` of it are good. */
export function createFileEnd(file: FileHandle, start_bytes: number): FileEnd {
  const { fd } = file;
  let good_bytes = start_bytes;
  // True while bytes of a failed write may stand behind the good end.
  let dirty = false;
  let unsynced = false;
  let sync_failed = false;

  let syncing: Promise<void> | undefined;

  function sync(): Promise<void> {
    // What runs already was begun after the last write.
    if (!unsynced) return syncing ?? Promise.resolve();
    unsynced = false;
    const own = fdatasyncOf(fd)
      .then(
        () => void (sync_failed = false),
        (error: unknown) => {
          unsynced = true;
          sync_failed = true;
          throw error;
        },
      )
      .finally(() => {
        if (syncing === own) syncing = undefined;
      });
    syncing = own;
    return own;
  }

  /** Removes what a failed write left, so that no half line ever stands before a good one. */
  async function cutBack(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      ftruncate(fd, good_bytes, (error) => (error === null ? resolve() : reject(error)));
    });
    unsynced = true;
    await sync();
    dirty = false;
  }

  return {
    bytes: () => good_bytes,
    async writeSynced(bytes) {
      if (dirty) await cutBack();
      dirty = true;
      try {
        await writeAll(fd, bytes);
        unsynced = true;
        await sync();
      } catch (error) {
        // If even this fails, the next write tries it again before it adds a byte.
        await cutBack().catch(() => undefined);
        throw error;
      }
      dirty = false;
      good_bytes += bytes.length;
    },
    async write(bytes) {
      if (dirty) await cutBack();
      if (sync_failed) await sync();
      dirty = true;
      try {
        // Into the page cache: a trip to another thread and back takes longer than the copy.
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      } catch (error) {
        try {
          ftruncateSync(fd, good_bytes);
          dirty = false;
        } catch {
          // The next write tries it again before it adds a byte.
        }
        throw error;
      }
      dirty = false;
      unsynced = true;
      good_bytes += bytes.length;
    },
    sync,
  };
}

function fdatasyncOf(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

function writeAll(fd: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (at: number) =>
      write(fd, bytes, at, (error, written) => {
        if (error !== null) reject(error);
        else if (at + written < bytes.length) step(at + written);
        else resolve();
      });
    step(0);
  });
}
