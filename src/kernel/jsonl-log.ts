// An append-only JSONL file: one writer queue, group fsync, torn tail repaired, corruption reported.
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { assert } from "./assert.ts";
import { LakehouseError } from "./problem.ts";
import { readJsonlFile, type CorruptLine, type JsonlRow } from "./jsonl-read.ts";

export interface JsonlLog<T> {
  readonly path: string;
  /** Resolves when the row is on disk (fsync), with the byte offset at which its line starts. */
  append(row: T): Promise<number>;
  /** Rows from the start (or from a byte offset) to the present durable end, in order. */
  read(from_offset?: number): AsyncIterable<JsonlRow<T>>;
  /** Durable length in bytes. */
  size(): number;
  /** What opening found: bytes of a torn last line that were set aside, if any. */
  readonly repaired_bytes: number;
  /** Waits for what is queued, then closes. */
  close(): Promise<void>;
}

export interface JsonlOptions {
  /** Told of each line that is not JSON; reading goes on after it. */
  readonly onCorrupt?: (line: CorruptLine) => void;
}

interface Pending {
  readonly bytes: Buffer;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens or creates the log. There must be one writer for each path in the whole system. */
export async function openJsonlLog<T>(
  path: string,
  options: JsonlOptions = {},
): Promise<JsonlLog<T>> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a+");
  const { durable_bytes, repaired_bytes } = await repairTail(file, path);
  const writer = createWriter(file, durable_bytes);
  return {
    path,
    repaired_bytes,
    size: () => writer.durableBytes(),
    append: (row) => writer.append(Buffer.from(`${JSON.stringify(row)}\n`)),
    read: (from_offset = 0) =>
      readJsonlFile<T>(path, {
        from_offset,
        to_offset: writer.durableBytes(),
        ...(options.onCorrupt === undefined ? {} : { onCorrupt: options.onCorrupt }),
      }),
    async close() {
      await writer.drain();
      await file.close();
    },
  };
}

function createWriter(file: FileHandle, start_bytes: number) {
  let durable_bytes = start_bytes;
  let queue: Pending[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      await writeBatch(batch);
    }
    running = undefined;
  }

  async function writeBatch(batch: Pending[]): Promise<void> {
    const bytes = Buffer.concat(batch.map((pending) => pending.bytes));
    try {
      await file.appendFile(bytes);
      await file.datasync();
    } catch (error) {
      await file.truncate(durable_bytes).catch(() => undefined);
      for (const pending of batch) pending.reject(error);
      return;
    }
    let offset = durable_bytes;
    durable_bytes += bytes.length;
    for (const pending of batch) {
      pending.resolve(offset);
      offset += pending.bytes.length;
    }
  }

  return {
    durableBytes: () => durable_bytes,
    append(bytes: Buffer): Promise<number> {
      if (closed) throw new LakehouseError("unavailable", "the log is closed");
      return new Promise<number>((resolve, reject) => {
        queue.push({ bytes, resolve, reject });
        running ??= Promise.resolve().then(flush);
      });
    },
    async drain(): Promise<void> {
      closed = true;
      await running;
      assert(queue.length === 0, "the log was drained with rows still queued");
    },
  };
}

const TAIL_STEP_BYTES = 64 * 1024;

/** Cuts an unfinished last line off into `<path>.torn`, so that appends start on a new line. */
async function repairTail(
  file: FileHandle,
  path: string,
): Promise<{ durable_bytes: number; repaired_bytes: number }> {
  const { size } = await file.stat();
  const end = await lastLineEnd(file, size);
  if (end === size) return { durable_bytes: size, repaired_bytes: 0 };
  const torn = Buffer.alloc(size - end);
  await file.read(torn, 0, torn.length, end);
  const aside = await open(`${path}.torn`, "a");
  await aside.appendFile(Buffer.concat([torn, Buffer.from("\n")]));
  await aside.datasync();
  await aside.close();
  await file.truncate(end);
  await file.datasync();
  return { durable_bytes: end, repaired_bytes: torn.length };
}

/** Byte offset just after the last newline; 0 when there is none. */
async function lastLineEnd(file: FileHandle, size: number): Promise<number> {
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - TAIL_STEP_BYTES);
    const block = Buffer.alloc(end - start);
    await file.read(block, 0, block.length, start);
    const newline = block.lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
