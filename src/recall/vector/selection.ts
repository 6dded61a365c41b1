// Which items a search may find: those alive that the filters and the list of ids let in.
import type { Filters } from "#contracts/nouns.ts";
import type { ItemTable } from "./item-table.ts";
import { applyFilters } from "./metadata-filter.ts";

export interface Selection {
  /** 1 for each slot that may be found. */
  readonly mask: Uint8Array;
  readonly count: number;
  /** The slots, in order; worked out when asked for. */
  slots(): Uint32Array;
}

/** undefined when nothing restricts the search. */
export function select(
  table: ItemTable,
  filters: Filters | undefined,
  ids: readonly string[] | undefined,
): Selection | undefined {
  const filtered = filters !== undefined && Object.keys(filters).length > 0;
  if (!filtered && ids === undefined) return undefined;
  const mask = ids === undefined ? table.aliveMask() : maskOfIds(table, ids);
  if (filtered) applyFilters(filters, table.columns, mask);
  let count = 0;
  for (let slot = 0; slot < mask.length; slot++) count += mask[slot]!;
  return {
    mask,
    count,
    slots() {
      const slots = new Uint32Array(count);
      let at = 0;
      for (let slot = 0; slot < mask.length; slot++) if (mask[slot] === 1) slots[at++] = slot;
      return slots;
    },
  };
}

function maskOfIds(table: ItemTable, ids: readonly string[]): Uint8Array {
  const mask = new Uint8Array(table.slots);
  for (const id of ids) {
    const slot = table.slotOf(id);
    if (slot !== undefined) mask[slot] = 1;
  }
  return mask;
}
