// Conditions on metadata, worked out once for each distinct value and then looked up for each item.
import type { Filters } from "#contracts/nouns.ts";
import type { MetadataColumns, MetadataValue } from "./metadata-columns.ts";

type Condition = Filters[string];

/**
 * Clears `mask` (1 = still in) for each item that a condition does not hold for. A value or a list:
 * the field has it. `gte` and `lte`: the field has a value of the same kind (number or text) in
 * between. `not`: the field has another value or is absent.
 */
export function applyFilters(filters: Filters, columns: MetadataColumns, mask: Uint8Array): void {
  for (const [field, condition] of Object.entries(filters)) {
    const column = columns.column(field);
    if (column === undefined) {
      if (!holds(condition, undefined)) mask.fill(0);
      continue;
    }
    const allowed = Uint8Array.from(column.values, (value) => (holds(condition, value) ? 1 : 0));
    const { codes } = column;
    for (let slot = 0; slot < mask.length; slot++) mask[slot]! &= allowed[codes[slot]!]!;
  }
}

/** Whether a condition holds for a value; undefined: the item has no such field. */
export function holds(condition: Condition, value: MetadataValue | undefined): boolean {
  if (Array.isArray(condition)) return condition.some((one) => one === value);
  if (typeof condition !== "object") return condition === value;
  const { gte, lte, not } = condition;
  if (not !== undefined && value === not) return false;
  if (gte !== undefined && !(comparable(value, gte) && value! >= gte)) return false;
  return lte === undefined || (comparable(value, lte) && value! <= lte);
}

function comparable(value: MetadataValue | undefined, bound: number | string): boolean {
  return value !== undefined && value !== null && typeof value === typeof bound;
}
