// Reads a JSONL file line by line in bounded memory; bad lines are reported and skipped.
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

/** Rows of finished lines between two offsets. A file that is not there has no rows. */
export async function* readJsonlFile<T>(
  path: string,
  options: JsonlReadOptions = {},
): AsyncGenerator<JsonlRow<T>> {
  let offset = options.from_offset ?? 0;
  let line = 0;
  for await (const bytes of readLines(path, offset, options.to_offset)) {
    line++;
    const text = bytes.toString("utf8");
    const start = offset;
    offset += bytes.length + 1;
    if (text.trim() === "") continue;
    let row: T;
    try {
      row = JSON.parse(text) as T;
    } catch (error) {
      options.onCorrupt?.({ path, line, offset: start, message: (error as Error).message });
      continue;
    }
    yield { row, line, offset: start };
  }
}

async function* readLines(path: string, from: number, to: number | undefined) {
  const size = await stat(path).then(
    (info) => info.size,
    () => 0,
  );
  const end = Math.min(to ?? size, size);
  if (end <= from) return;
  let rest: Buffer[] = [];
  const source = createReadStream(path, { start: from, end: end - 1, highWaterMark: 1 << 18 });
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let start = 0;
    let newline = chunk.indexOf(0x0a, start);
    while (newline >= 0) {
      const piece = chunk.subarray(start, newline);
      yield rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      start = newline + 1;
      newline = chunk.indexOf(0x0a, start);
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}
