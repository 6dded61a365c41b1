// Search among the rows that an SQL condition selects.
import type { Call } from "#kernel/call.ts";
import type { Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { query } from "#contracts/query.ts";
import type { vector } from "#contracts/vector.ts";
import type { IndexEntry } from "./index-entry.ts";
import { idSelect } from "./sql-condition.ts";

type HybridInput = ParsedInputOf<typeof vector.operations.hybrid>;

/** Ids of the items whose rows the condition selects, and how many rows there were. */
export async function selectIds(
  client: Client<typeof query>,
  entry: IndexEntry,
  input: HybridInput,
  rows_max: number,
  call: Call,
): Promise<{ sql_matches: number; ids: string[] }> {
  const { source } = entry;
  if (source === null) {
    throw new LakehouseError(
      "conflict",
      `${entry.index} was made without a source to select from`,
      {
        reason: "no_source",
        hint: "make the index with source {dataset, id_column}",
      },
    );
  }
  const sql = idSelect(source, input.sql_filter);
  const answer: OutputOf<typeof query.operations.rows> = await client.rows(
    { sql, limit: rows_max },
    call,
  );
  if (answer.truncated) {
    throw new LakehouseError("too_large", `the condition selects more than ${rows_max} rows`, {
      reason: "too_many_rows",
      hint: "select fewer rows, or raise vector.hybrid_rows_max",
    });
  }
  const ids = answer.rows.flatMap(([id]) =>
    typeof id === "string" || typeof id === "number" ? [`${source.id_prefix}${id}`] : [],
  );
  return { sql_matches: answer.row_count, ids };
}
