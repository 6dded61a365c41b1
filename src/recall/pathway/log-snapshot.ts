// A snapshot beside the log, so that a start replays only what came after it; the log is the truth.
import { rename, rm } from "node:fs/promises";
import type { Log } from "#kernel/log.ts";
import { captureMemory, restoreMemory, type Memory } from "./memory-snapshot.ts";
import type { LogState } from "./pathway-store.ts";
import { crcOfFile, readSnapshot, writeSnapshot } from "./snapshot-file.ts";

/** Goes up when words are hashed or stemmed in another way, or the arrays mean something else. */
const FORM = 1;

interface About {
  readonly form: number;
  /** What the snapshot stands for: so many first bytes of the log, with this CRC-32. */
  readonly log_bytes: number;
  readonly log_crc: number;
  readonly corrupt_lines: number;
  readonly memory: unknown;
}

/**
 * Fills empty tables from the snapshot, where it stands for the first bytes of the log as they are
 * now. Undefined: there is none that does, and the tables are as they were.
 */
export async function resumeMemory(
  log_path: string,
  log_bytes: number,
  memory: Memory,
  log: Log,
): Promise<{ readonly log_bytes: number; readonly corrupt_lines: number } | undefined> {
  const path = snapshotPath(log_path);
  const snapshot = await readSnapshot(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") log.warn({ err: error, path }, "the snapshot is not read");
    return undefined;
  });
  const about = snapshot?.about as About | undefined;
  if (snapshot === undefined || about?.form !== FORM || about.log_bytes > log_bytes)
    return undefined;
  if ((await crcOfFile(log_path, about.log_bytes)) !== about.log_crc) return undefined;
  restoreMemory(memory, { about: about.memory, arrays: snapshot.arrays });
  return about;
}

export interface LogSnapshots {
  /** Told after rows came in: a snapshot is begun when it is worth it. */
  rowsCame(): void;
  /** Forgets what was kept of a log that is another one now. */
  forget(): Promise<void>;
  /** Writes what a next start would have to replay, then ends. */
  close(): Promise<void>;
}

export interface LogSnapshotNeeds {
  readonly log_path: string;
  readonly log: Log;
  readonly state: () => LogState;
  /** Runs work while nobody appends and the log is not replaced. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Rows that came in since the last one, at least; also a quarter of all there are. */
  readonly rows_min: number;
  /** Rows that the snapshot of the last life has. */
  readonly rows_kept: number;
}

/** Keeps the snapshot young, in the background; what goes wrong is logged and stops nobody. */
export function keepLogSnapshots(needs: LogSnapshotNeeds): LogSnapshots {
  const { log_path, log, state, alone, rows_min } = needs;
  const path = snapshotPath(log_path);
  const part = `${path}.part`;
  let covered = needs.rows_kept;
  let writing: Promise<void> | undefined;
  let closed = false;

  async function write(): Promise<void> {
    try {
      const taken = await alone(async () => {
        const of = state();
        const { about: memory, arrays } = captureMemory(of);
        return { of, memory, arrays, rows: of.table.rows.count, log_bytes: of.jsonl.size() };
      });
      const { of, memory, arrays, rows, log_bytes } = taken;
      // A failure is not tried again before more came.
      covered = rows;
      const log_crc = await crcOfFile(log_path, log_bytes);
      if (log_crc === undefined) return;
      const about: About = {
        form: FORM,
        log_bytes,
        log_crc,
        corrupt_lines: of.corrupt_lines,
        memory,
      };
      await writeSnapshot(part, { about, arrays });
      await alone(async () => (of === state() ? rename(part, path) : rm(part)));
    } catch (error) {
      log.warn({ err: error, path }, "no snapshot of the pathway log was written");
      await rm(part, { force: true }).catch(() => undefined);
    }
  }

  function begin(): void {
    writing ??= write().finally(() => (writing = undefined));
  }

  const fresh = () => state().table.rows.count - covered;
  return {
    rowsCame() {
      if (!closed && fresh() >= Math.max(rows_min, covered / 4)) begin();
    },
    async forget() {
      covered = 0;
      await rm(path, { force: true });
    },
    async close() {
      closed = true;
      await writing;
      if (fresh() * 10 >= rows_min) begin();
      await writing;
    },
  };
}

function snapshotPath(log_path: string): string {
  return log_path.replace(/\.jsonl$/, ".snapshot");
}
