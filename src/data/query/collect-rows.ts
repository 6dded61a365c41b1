// A whole result in memory, within bounds.
import type { Column } from "#contracts/nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { RowStream } from "#ports/table-engine.ts";
import type { Row } from "./result-formats.ts";

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
        hint: "ask for fewer rows or columns, or POST /query/sql, which streams",
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
