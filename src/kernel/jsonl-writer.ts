// The writer queue of a JSONL file: waiting lines are written and synced together, in order.
import type { FileHandle } from "node:fs/promises";
import { LINE_BYTES_MAX } from "./jsonl-read.ts";
import { LakehouseError } from "./problem.ts";

export interface JsonlWriter {
  durableBytes(): number;
  /** Whole lines; resolves when they are on disk, with their byte offset. */
  append(lines: Buffer): Promise<number>;
  /** Waits for what is queued, then closes the file. Safe to call twice. */
  close(): Promise<void>;
}

interface Pending {
  readonly lines: Buffer;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_BYTES_MAX = 8 * 1024 * 1024;
const QUEUE_BYTES_MAX = 256 * 1024 * 1024;

/** The row as a line; throws `invalid` for what JSON cannot say, `too_large` over the limit. */
export function toLine(row: unknown): Buffer {
  let text: string | undefined;
  try {
    text = JSON.stringify(row);
  } catch (error) {
    throw new LakehouseError("invalid", "the row cannot be written as JSON", { cause: error });
  }
  if (text === undefined) throw new LakehouseError("invalid", "the row has no JSON form");
  const line = Buffer.from(`${text}\n`);
  if (line.length <= LINE_BYTES_MAX) return line;
  throw new LakehouseError("too_large", `a row may have at most ${LINE_BYTES_MAX} bytes`);
}

/** Takes over a file opened for appending whose first `start_bytes` are whole lines. */
export function createJsonlWriter(file: FileHandle, start_bytes: number): JsonlWriter {
  const end = createFileEnd(file, start_bytes);
  const queue: Pending[] = [];
  let queued_bytes = 0;
  let running: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch(queue);
      for (const pending of batch) queued_bytes -= pending.lines.length;
      await writeBatch(batch);
    }
    running = undefined;
  }

  async function writeBatch(batch: readonly Pending[]): Promise<void> {
    let offset = end.durableBytes();
    try {
      await end.write(Buffer.concat(batch.map((pending) => pending.lines)));
    } catch (cause) {
      const message = `the log could not be written: ${(cause as Error).message}`;
      const error = new LakehouseError("unavailable", message, { reason: "log_unwritable", cause });
      for (const pending of batch) pending.reject(error);
      return;
    }
    for (const pending of batch) {
      pending.resolve(offset);
      offset += pending.lines.length;
    }
  }

  return {
    durableBytes: () => end.durableBytes(),
    async append(lines) {
      if (closing !== undefined) throw new LakehouseError("unavailable", "the log is closed");
      if (lines.length === 0) return end.durableBytes();
      if (queued_bytes + lines.length > QUEUE_BYTES_MAX) {
        const options = { reason: "log_queue_full" };
        throw new LakehouseError("unavailable", "too much is waiting to be written", options);
      }
      return new Promise<number>((resolve, reject) => {
        queue.push({ lines, resolve, reject });
        queued_bytes += lines.length;
        running ??= Promise.resolve().then(flush);
      });
    },
    close() {
      closing ??= (async () => {
        await running;
        await file.close();
      })();
      return closing;
    },
  };
}

/** The end of the file: bytes are added durably or not at all. */
function createFileEnd(file: FileHandle, start_bytes: number) {
  let durable_bytes = start_bytes;
  // True while bytes of a failed write may stand behind the durable end.
  let dirty = false;

  /** Removes what a failed write left, so that no half line ever stands before a good one. */
  async function cutBack(): Promise<void> {
    await file.truncate(durable_bytes);
    await file.datasync();
    dirty = false;
  }

  return {
    durableBytes: () => durable_bytes,
    async write(bytes: Buffer): Promise<void> {
      if (dirty) await cutBack();
      dirty = true;
      try {
        await file.appendFile(bytes);
        await file.datasync();
      } catch (error) {
        // If even this fails, the next write tries it again before it adds a byte.
        await cutBack().catch(() => undefined);
        throw error;
      }
      dirty = false;
      durable_bytes += bytes.length;
    },
  };
}

/** The front of the queue: at least one, then as many as stay within the bound. */
function takeBatch(queue: Pending[]): Pending[] {
  let bytes = 0;
  let count = 0;
  while (count < queue.length && (count === 0 || bytes < BATCH_BYTES_MAX)) {
    bytes += queue[count++]!.lines.length;
  }
  return queue.splice(0, count);
}
