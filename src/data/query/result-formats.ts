// Rows as JSON, NDJSON and CSV text; values come from the engine as JSON values already.
import type { Column } from "#contracts/nouns.ts";
import type { RowStream } from "#ports/table-engine.ts";

export type Row = readonly unknown[];

/** Names as the keys of one object: a repeated one gets `_1`, `_2` … */
export function distinctNames(columns: readonly Column[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let distinct = name;
    for (let i = 1; taken.has(distinct); i++) distinct = `${name}_${i}`;
    taken.add(distinct);
    return distinct;
  });
}

/** Turns a row into the text of an object with these keys; keys are encoded once. */
export function objectEncoder(names: readonly string[]): (row: Row) => string {
  const keys = names.map((name, at) => `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  if (keys.length === 0) return () => "{}";
  return (row) => {
    let text = "";
    for (let at = 0; at < keys.length; at++) text += keys[at]! + JSON.stringify(row[at] ?? null);
    return `${text}}`;
  };
}

export function toNdjson(names: readonly string[]): (rows: readonly Row[]) => string {
  const encode = objectEncoder(names);
  return (rows) => rows.map((row) => `${encode(row)}\n`).join("");
}

/**
 * RFC 4180: CRLF, quotes doubled. NULL is nothing, an empty text is `""`; nested values are JSON.
 */
export function toCsv(rows: readonly Row[]): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** How many rows were sent; complete once the body is. */
export interface Sent {
  row_count: number;
  truncated: boolean;
}

/** A whole result as NDJSON. */
export async function* ndjsonBody(stream: RowStream, sent: Sent): AsyncGenerator<Uint8Array> {
  const encode = toNdjson(distinctNames(stream.columns));
  for await (const rows of stream.chunks) {
    sent.row_count += rows.length;
    yield Buffer.from(encode(rows));
  }
}

/** A whole result as CSV, names first. */
export async function* csvBody(stream: RowStream, sent: Sent): AsyncGenerator<Uint8Array> {
  yield Buffer.from(toCsv([distinctNames(stream.columns)]));
  for await (const rows of stream.chunks) {
    sent.row_count += rows.length;
    yield Buffer.from(toCsv(rows));
  }
}

/**
 * `{"columns":[…],"rows":[{…}…]` of at most `rows_max` rows; `jsonTail` closes it. The stream may
 * have one row more, to tell that there are more.
 */
export async function* jsonBody(
  stream: RowStream,
  sent: Sent,
  rows_max: number,
): AsyncGenerator<Uint8Array> {
  const names = distinctNames(stream.columns);
  const columns = stream.columns.map((column, at) => ({ ...column, name: names[at]! }));
  const encode = objectEncoder(names);
  yield Buffer.from(`{"columns":${JSON.stringify(columns)},"rows":[`);
  for await (const chunk of stream.chunks) {
    const rows = chunk.slice(0, rows_max - sent.row_count);
    if (rows.length < chunk.length) sent.truncated = true;
    if (rows.length === 0) continue;
    const comma = sent.row_count === 0 ? "" : ",";
    sent.row_count += rows.length;
    yield Buffer.from(`${comma}${rows.map(encode).join(",")}`);
  }
}

export interface JsonTail extends Sent {
  readonly elapsed_ms: number;
  readonly query_id: string;
}

/** What is known only at the end. */
export function jsonTail({ row_count, truncated, elapsed_ms, query_id }: JsonTail): Uint8Array {
  const tail = JSON.stringify({ row_count, truncated, elapsed_ms, query_id });
  return Buffer.from(`],${tail.slice(1)}`);
}
