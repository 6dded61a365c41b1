// An SQL condition given by a caller, set into a SELECT that it cannot break out of.
import { checkClosed } from "#kernel/sql-condition.ts";
import type { IndexInfo } from "#contracts/vector.ts";

type Source = NonNullable<IndexInfo["source"]>;

/** `SELECT id FROM dataset [WHERE (condition)]`. Throws `invalid` (`sql_syntax`). */
export function idSelect({ dataset, id_column }: Source, condition: string): string {
  const select = `SELECT ${quoteName(id_column)} FROM ${quoteName(dataset)}`;
  if (condition.trim() === "") return select;
  checkClosed("sql_filter", condition);
  return `${select} WHERE (${condition})`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
