// Reads a JSONL file line by line in bounded memory; bad lines are reported and skipped.
import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

export interface JsonlRow<T> {
  readonly row: T;
  /** 1-based, counted from where reading began. */
  readonly line: number;
  /** Byte offset at which the line starts. */
  readonly offset: number;
}

export interface CorruptLine {
  readonly path: string;
  readonly line: number;
  readonly offset: number;
  readonly message: string;
}

export interface JsonlReadOptions {
  readonly from_offset?: number;
  /** Exclusive; default the present end of the file. A line that is not finished there is left. */
  readonly to_offset?: number;
  readonly onCorrupt?: (line: CorruptLine) => void;
}

/** Longest line in bytes that is written or read; a longer one is reported and skipped. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** Rows of finished lines between two offsets. A file that is not there has no rows. */
export async function* readJsonlFile<T>(
  path: string,
  options: JsonlReadOptions = {},
): AsyncGenerator<JsonlRow<T>> {
  let offset = options.from_offset ?? 0;
  let line = 0;
  for await (const { bytes, length } of readLines(path, offset, options.to_offset)) {
    line++;
    const start = offset;
    offset += length + 1;
    try {
      const row = parseLine<T>(bytes, length);
      if (row !== undefined) yield { row: row.value, line, offset: start };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      options.onCorrupt?.({ path, line, offset: start, message: error.message });
    }
  }
}

/** The row of a line, undefined for a blank one; throws SyntaxError when it is not JSON. */
function parseLine<T>(bytes: Buffer | undefined, length: number): { value: T } | undefined {
  if (bytes === undefined) throw new SyntaxError(`a line of ${length} bytes is too long`);
  // Decoding would put a replacement character for bad bytes and hide the damage.
  if (!isUtf8(bytes)) throw new SyntaxError("the line is not valid UTF-8");
  const text = bytes.toString("utf8");
  return text.trim() === "" ? undefined : { value: JSON.parse(text) as T };
}

interface Line {
  /** undefined: longer than is kept. */
  readonly bytes: Buffer | undefined;
  readonly length: number;
}

async function* readLines(
  path: string,
  from: number,
  to: number | undefined,
): AsyncGenerator<Line> {
  const size = await sizeOf(path);
  const end = Math.min(to ?? size, size);
  if (end <= from) return;
  let pieces: Buffer[] = [];
  let length = 0;

  function takeLine(last: Buffer): Line {
    const total = length + last.length;
    const bytes =
      total > LINE_BYTES_MAX
        ? undefined
        : pieces.length === 0
          ? last
          : Buffer.concat([...pieces, last]);
    pieces = [];
    length = 0;
    return { bytes, length: total };
  }

  const source = createReadStream(path, { start: from, end: end - 1, highWaterMark: 1 << 18 });
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let start = 0;
    let newline = chunk.indexOf(0x0a, start);
    while (newline >= 0) {
      yield takeLine(chunk.subarray(start, newline));
      start = newline + 1;
      newline = chunk.indexOf(0x0a, start);
    }
    length += chunk.length - start;
    if (length > LINE_BYTES_MAX) pieces = [];
    else if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
