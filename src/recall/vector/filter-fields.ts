// Filters of a search: a field that no item has is a mistake, not an empty answer.
import { nearestName } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Filters } from "#contracts/nouns.ts";
import type { ItemTable } from "./item-table.ts";

/**
 * Throws `invalid` (`no_such_field`) with the nearest field that items of the index have. An index
 * without items has no fields yet: it answers that there is nothing.
 */
export function checkFilterFields(table: ItemTable, filters: Filters | undefined): void {
  if (filters === undefined || table.size === 0) return;
  const unknown = Object.keys(filters).filter((field) => table.columns.column(field) === undefined);
  if (unknown.length === 0) return;
  const known = Array.from(table.columns.fields(), ([field]) => field).toSorted();
  const message = "no item of the index has this field";
  const nearest = nearestName(unknown[0]!, known);
  const list = known.length === 0 ? "the items have no fields" : `fields: ${known.join(", ")}`;
  throw new LakehouseError("invalid", `filters.${unknown[0]}: ${message}`, {
    reason: "no_such_field",
    hint: nearest === undefined ? list : `did you mean "${nearest}"?`,
    issues: unknown.map((field) => ({ path: `filters.${field}`, message })),
  });
}
