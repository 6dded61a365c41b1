// Where the rows of a text file stand: the lines of some of them, told by their numbers.
import { createReadStream } from "node:fs";
import { readLines, type Line } from "./text-lines.ts";

export interface PlacedRow {
  readonly line: number;
  readonly text: string;
}

/**
 * Lines of NDJSON by row number. `rows`: ascending, from 1, among the lines that are not empty and
 * for which `skips` is false.
 */
export async function ndjsonLines(
  path: string,
  rows: readonly number[],
  bytes_max: number,
  skips: (line: Line) => boolean,
): Promise<PlacedRow[]> {
  const found: PlacedRow[] = [];
  let line = 0;
  let row = 0;
  for await (const read of readLines(createReadStream(path), bytes_max)) {
    line++;
    if (read.text.trim() === "" || skips(read)) continue;
    if (++row !== rows[found.length]) continue;
    found.push({ line, text: read.text });
    if (found.length === rows.length) break;
  }
  return found;
}

export interface CsvPlaces {
  readonly delimiter: string;
  readonly header: boolean;
  /** A line without anything is a row of the one column. */
  readonly one_column: boolean;
  /** Records that are no rows, ascending, numbered as the result is. */
  readonly rejected: AsyncIterable<number>;
}

/**
 * Records of a CSV file by row number (ascending, from 1). They are numbered as the engine numbers
 * those that it rejects: from 1 with the header, lines without anything too, and one over several
 * lines once.
 */
export async function csvRecords(
  path: string,
  rows: readonly number[],
  places: CsvPlaces,
): Promise<number[]> {
  const found: number[] = [];
  const rejected = places.rejected[Symbol.asyncIterator]();
  let next_rejected = (await rejected.next()).value as number | undefined;
  let record = 0;
  let row = places.header ? -1 : 0;
  for await (const empty of recordEnds(createReadStream(path), places.delimiter)) {
    record++;
    while (next_rejected !== undefined && next_rejected < record) {
      next_rejected = (await rejected.next()).value as number | undefined;
    }
    if (next_rejected === record || (empty && !places.one_column)) continue;
    if (++row !== rows[found.length]) continue;
    found.push(record);
    if (found.length === rows.length) break;
  }
  return found;
}

const [QUOTE, LF, CR] = [34, 10, 13];
const START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** After a quote inside of a quoted field: its end, or the first of two. */
const AFTER_QUOTE = 3;

/** For each record whether there is nothing in it: RFC 4180, with any line end. */
async function* recordEnds(
  source: AsyncIterable<Uint8Array>,
  delimiter: string,
): AsyncGenerator<boolean> {
  const separator = delimiter.charCodeAt(0);
  let state = START;
  let empty = true;
  let after_cr = false;
  for await (const chunk of source) {
    for (const byte of chunk) {
      if (after_cr) {
        after_cr = false;
        if (byte === LF) continue;
      }
      if (state === QUOTED) {
        if (byte === QUOTE) state = AFTER_QUOTE;
      } else if (byte === LF || byte === CR) {
        yield empty;
        state = START;
        empty = true;
        after_cr = byte === CR;
      } else {
        empty = false;
        if (byte === QUOTE && state !== PLAIN) state = QUOTED;
        else state = byte === separator ? START : PLAIN;
      }
    }
  }
  if (!empty) yield false;
}
