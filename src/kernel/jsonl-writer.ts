// The writer queue of a JSONL file: waiting lines are written and synced together, in order.
import type { FileHandle } from "node:fs/promises";
import { createFileEnd } from "./file-end.ts";
import { LINE_BYTES_MAX } from "./jsonl-read.ts";
import { LakehouseError } from "./problem.ts";

export interface JsonlWriter {
  /** Bytes of whole lines that were acknowledged. */
  endBytes(): number;
  /** Whole lines; resolves when they are kept as the options say, with their byte offset. */
  append(lines: string): Promise<number>;
  /** Resolves when all that was acknowledged is on disk (fsync). */
  sync(): Promise<void>;
  /** Waits for what is queued, syncs and closes the file. Safe to call twice. */
  close(): Promise<void>;
}

export interface WriterOptions {
  /**
   * Absent: lines are on disk (fsync) when `append` resolves. Else they are with the operating
   * system then, which a killed process does not take with it, and on disk within this time.
   */
  readonly sync_after_ms?: number | undefined;
  /** Told when lines that were acknowledged could not be synced: a failing machine loses them. */
  readonly onSyncFailed?: ((error: unknown) => void) | undefined;
}

interface Pending {
  readonly lines: string;
  readonly bytes: number;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

/** So many lines in the last write mean that a wait gathers more of them: a write is dear. */
const CROWD = 2;
const CROWD_WAIT_MS = 1;
const SYNC_RETRY_MS = 1_000;

const BATCH_BYTES_MAX = 8 * 1024 * 1024;
const QUEUE_BYTES_MAX = 256 * 1024 * 1024;

const ROOM_BYTES_MIN = 4 * 1024;
/** Room for a greater write is given back after it. */
const ROOM_BYTES_MAX = 1024 * 1024;

function roomFor(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(bytes, ROOM_BYTES_MIN))));
}

/** The row as a line; throws `invalid` for what JSON cannot say, `too_large` over the limit. */
export function toLine(row: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(row);
  } catch (error) {
    throw new LakehouseError("invalid", "the row cannot be written as JSON", { cause: error });
  }
  if (text === undefined) throw new LakehouseError("invalid", "the row has no JSON form");
  // No character takes more than three bytes: counting is left out where it cannot matter.
  if (text.length * 3 < LINE_BYTES_MAX || Buffer.byteLength(text) < LINE_BYTES_MAX) {
    return `${text}\n`;
  }
  throw new LakehouseError("too_large", `a row may have at most ${LINE_BYTES_MAX} bytes`);
}

/** Takes over a file opened for appending whose first `start_bytes` are whole lines. */
export function createJsonlWriter(
  file: FileHandle,
  start_bytes: number,
  options: WriterOptions = {},
): JsonlWriter {
  const { sync_after_ms } = options;
  const end = createFileEnd(file, start_bytes);
  const queue: Pending[] = [];
  let queued_bytes = 0;
  let last_count = 0;
  let room: Buffer | undefined;
  let running: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  let sync_timer: NodeJS.Timeout | undefined;
  let syncing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch(queue);
      last_count = batch.length;
      for (const pending of batch) queued_bytes -= pending.bytes;
      await writeBatch(batch);
    }
    running = undefined;
  }

  /** One write goes at a time and has the room of the last: fresh memory makes for collections. */
  function bytesOf(lines: string): Buffer {
    const bytes = Buffer.byteLength(lines);
    if (room === undefined || room.length < bytes) room = roomFor(bytes);
    const used = room.subarray(0, room.write(lines));
    if (room.length > ROOM_BYTES_MAX) room = undefined;
    return used;
  }

  async function writeBatch(batch: readonly Pending[]): Promise<void> {
    let offset = end.bytes();
    try {
      const lines = batch.length === 1 ? batch[0]!.lines : batch.map((one) => one.lines).join("");
      const bytes = bytesOf(lines);
      if (sync_after_ms === undefined) await end.writeSynced(bytes);
      else await end.write(bytes);
    } catch (cause) {
      const message = `the log could not be written: ${(cause as Error).message}`;
      const error = new LakehouseError("unavailable", message, { reason: "log_unwritable", cause });
      for (const pending of batch) pending.reject(error);
      return;
    }
    if (sync_after_ms !== undefined) sync_timer ??= setTimeout(syncSoon, sync_after_ms);
    for (const pending of batch) {
      pending.resolve(offset);
      offset += pending.bytes;
    }
  }

  /** What fails here fails the next write too: a disk that takes nothing is not passed over. */
  function syncSoon(): void {
    sync_timer = undefined;
    if (syncing !== undefined) {
      // Lines that came while it runs are not in it.
      sync_timer = setTimeout(syncSoon, sync_after_ms);
      return;
    }
    syncing = end
      .sync()
      .catch((error: unknown) => {
        options.onSyncFailed?.(error);
        if (closing === undefined) sync_timer ??= setTimeout(syncSoon, SYNC_RETRY_MS);
      })
      .finally(() => (syncing = undefined));
  }

  /** What is asked for at one moment leaves in one write. Where many ask, a moment is longer. */
  function begin(): Promise<void> {
    if (sync_after_ms === undefined) return Promise.resolve().then(flush);
    return new Promise<void>((resolve) => {
      if (last_count < CROWD) setImmediate(resolve);
      else setTimeout(resolve, CROWD_WAIT_MS);
    }).then(flush);
  }

  return {
    endBytes: () => end.bytes(),
    append(lines) {
      if (closing !== undefined) return Promise.reject(logClosed());
      if (lines.length === 0) return Promise.resolve(end.bytes());
      const bytes = Buffer.byteLength(lines);
      if (queued_bytes + bytes > QUEUE_BYTES_MAX) return Promise.reject(queueFull());
      return new Promise<number>((resolve, reject) => {
        queue.push({ lines, bytes, resolve, reject });
        queued_bytes += bytes;
        running ??= begin();
      });
    },
    sync: () => end.sync(),
    close() {
      closing ??= (async () => {
        await running;
        clearTimeout(sync_timer);
        try {
          await syncing;
          if (sync_after_ms !== undefined) await end.sync();
        } finally {
          await file.close();
        }
      })();
      return closing;
    },
  };
}

function logClosed(): LakehouseError {
  return new LakehouseError("unavailable", "the log is closed");
}

function queueFull(): LakehouseError {
  const options = { reason: "log_queue_full" };
  return new LakehouseError("unavailable", "too much is waiting to be written", options);
}

/** The front of the queue: at least one, then as many as stay within the bound. */
function takeBatch(queue: Pending[]): Pending[] {
  let bytes = 0;
  let count = 0;
  while (count < queue.length && (count === 0 || bytes < BATCH_BYTES_MAX)) {
    bytes += queue[count++]!.bytes;
  }
  return queue.splice(0, count);
}
