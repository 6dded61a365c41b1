// A whole result in memory, within bounds, and its JSON form.
import type { Column } from "#contracts/nouns.ts";
import type { ByteStream } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { RowStream } from "#ports/table-engine.ts";
import { distinctNames, objectEncoder, type Row } from "./result-formats.ts";

export interface Collected {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** There were more rows than were kept. */
  readonly truncated: boolean;
}

/**
 * Reads one row more than `rows_max` to know whether there are more. Too many bytes: `too_large`.
 */
export async function collectRows(
  stream: RowStream,
  rows_max: number,
  bytes_max: number,
): Promise<Collected> {
  const rows: Row[] = [];
  let bytes = 0;
  for await (const chunk of stream.chunks) {
    bytes += weightOf(chunk);
    if (bytes > bytes_max) {
      throw new LakehouseError("too_large", `the answer is larger than ${bytes_max} bytes`, {
        hint: "ask for fewer rows or columns, or for format ndjson, csv or parquet",
      });
    }
    for (const row of chunk) rows.push(row);
  }
  const truncated = rows.length > rows_max;
  if (truncated) rows.length = rows_max;
  return { columns: stream.columns, rows, truncated };
}

/** About how many bytes rows are as JSON: exact for text, a guess for the rest. */
function weightOf(rows: readonly Row[]): number {
  let bytes = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value === "string") bytes += value.length + 3;
      else bytes += typeof value === "object" && value !== null ? JSON.stringify(value).length : 8;
    }
  }
  return bytes;
}

export interface JsonAnswer extends Collected {
  readonly elapsed_ms: number;
  readonly query_id: string;
}

const ROWS_PER_PIECE = 2_000;

/** `{columns, rows: [{…}], row_count, truncated, elapsed_ms, query_id}`, piece by piece. */
export async function* jsonBody(answer: JsonAnswer): ByteStream & AsyncGenerator<Uint8Array> {
  const names = distinctNames(answer.columns);
  const columns = answer.columns.map((column, at) => ({ ...column, name: names[at]! }));
  const encode = objectEncoder(names);
  const { rows, truncated, elapsed_ms, query_id } = answer;
  let text = `{"columns":${JSON.stringify(columns)},"rows":[`;
  for (let at = 0; at < rows.length; at += ROWS_PER_PIECE) {
    const piece = rows.slice(at, at + ROWS_PER_PIECE).map(encode);
    yield Buffer.from(`${text}${at === 0 ? "" : ","}${piece.join(",")}`);
    text = "";
  }
  const tail = { row_count: rows.length, truncated, elapsed_ms, query_id };
  yield Buffer.from(`${text}],${JSON.stringify(tail).slice(1)}`);
}
