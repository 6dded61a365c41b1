// An append-only JSONL file: one writer queue, group fsync, torn tail set aside, bad lines told.
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDurableDir, syncDir } from "./durable-dir.ts";
import { readJsonlFile, type CorruptLine, type JsonlRow } from "./jsonl-read.ts";
import { createJsonlWriter, toLine, type WriterOptions } from "./jsonl-writer.ts";

export interface JsonlLog<T> {
  readonly path: string;
  /**
   * Resolves when the row is kept as the options say (by default on disk: fsync), with the byte
   * offset at which its line starts.
   */
  append(row: T): Promise<number>;
  /** Several rows, all or none of which are kept if writing fails; the offset of the first. */
  appendAll(rows: readonly T[]): Promise<number>;
  /** The same for rows that `toLine` has made lines of. */
  appendLines(lines: readonly string[]): Promise<number>;
  /** Resolves when all that was acknowledged is on disk (fsync): what no option says later. */
  sync(): Promise<void>;
  /** Rows from the start (or from a byte offset) to the last one acknowledged, in order. */
  read(from_offset?: number): AsyncIterable<JsonlRow<T>>;
  /** Bytes of what was acknowledged. */
  size(): number;
  /** What opening found: bytes of a torn last line that were set aside, if any. */
  readonly repaired_bytes: number;
  /** Waits for what is queued, then closes. */
  close(): Promise<void>;
}

export interface JsonlOptions extends WriterOptions {
  /** Told of each line that is not JSON; reading goes on after it. */
  readonly onCorrupt?: (line: CorruptLine) => void;
}

/** Opens or creates the log. There must be one writer for each path in the whole system. */
export async function openJsonlLog<T>(
  path: string,
  options: JsonlOptions = {},
): Promise<JsonlLog<T>> {
  await makeDurableDir(dirname(path));
  const file = await open(path, "a+");
  let repaired_bytes: number;
  let durable_bytes: number;
  try {
    await syncDir(dirname(path));
    ({ durable_bytes, repaired_bytes } = await repairTail(file, path));
  } catch (error) {
    await file.close();
    throw error;
  }
  const writer = createJsonlWriter(file, durable_bytes, options);
  return {
    path,
    repaired_bytes,
    size: () => writer.endBytes(),
    append(row) {
      let line: string;
      try {
        line = toLine(row);
      } catch (error) {
        return Promise.reject(error as Error);
      }
      return writer.append(line);
    },
    appendAll: async (rows) => writer.append(rows.map(toLine).join("")),
    appendLines: (lines) => writer.append(lines.join("")),
    read: (from_offset = 0) =>
      readJsonlFile<T>(path, {
        from_offset,
        to_offset: writer.endBytes(),
        ...(options.onCorrupt === undefined ? {} : { onCorrupt: options.onCorrupt }),
      }),
    sync: () => writer.sync(),
    close: () => writer.close(),
  };
}

const STEP_BYTES = 64 * 1024;

/** Cuts an unfinished last line off into `<path>.torn`, so that appends start on a new line. */
async function repairTail(
  file: FileHandle,
  path: string,
): Promise<{ durable_bytes: number; repaired_bytes: number }> {
  const { size } = await file.stat();
  const end = await lastLineEnd(file, size);
  if (end === size) return { durable_bytes: size, repaired_bytes: 0 };
  const aside = await open(`${path}.torn`, "a");
  try {
    for (let at = end; at < size; at += STEP_BYTES) {
      await aside.appendFile(await readBlock(file, at, Math.min(at + STEP_BYTES, size)));
    }
    await aside.appendFile("\n");
    await aside.sync();
  } finally {
    await aside.close();
  }
  await syncDir(dirname(path));
  await file.truncate(end);
  await file.sync();
  return { durable_bytes: end, repaired_bytes: size - end };
}

/** Byte offset just after the last newline; 0 when there is none. */
async function lastLineEnd(file: FileHandle, size: number): Promise<number> {
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - STEP_BYTES);
    const newline = (await readBlock(file, start, end)).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

async function readBlock(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const block = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < block.length) {
    const { bytesRead } = await file.read(block, filled, block.length - filled, start + filled);
    if (bytesRead === 0) throw new Error("the log shrank while it was opened");
    filled += bytesRead;
  }
  return block;
}
