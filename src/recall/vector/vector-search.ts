// Nearest items by vector: through the graph, or by comparing with each when few may be found.
import type { Neighbours } from "#ports/vector-index.ts";
import type { IndexState } from "./log-rows.ts";
import type { Selection } from "./selection.ts";
import type { VectorSettings } from "./vector-settings.ts";

export interface NearItem {
  readonly slot: number;
  readonly distance: number;
}

export interface NearItems {
  readonly items: readonly NearItem[];
  readonly method: "graph" | "exact";
}

export interface VectorQuery {
  readonly vector: Float32Array;
  readonly k: number;
  readonly expansion: number | undefined;
  readonly selection: Selection | undefined;
}

/** How much more than k an unfiltered search asks for that met items which no longer show. */
const SLACK = 1.5;
/**
 * How much more than its share a filtered search asks the graph for at first, and grows by. The
 * farther neighbours are, the more of them a graph misses, so it is asked for more than needed.
 */
const FILTER_SLACK = 3;
const GROWTH = 3;
/** Asking the graph for n items costs about as much as comparing with so many times n. */
const GRAPH_COST = 12;

/** Up to so many items the configured width finds what there is. */
const WIDENED_FROM_ITEMS = 100_000;
/** The power of their number with which the width grows beyond. */
const WIDENING = 0.8;
/** As wide as a caller may ask for. */
const WIDTH_MAX = 10_000;

/**
 * Graph width of a search that names none: `expansion_search` up to 100,000 items, growing with
 * their number to the power of .8 beyond. At one width recall falls as an index grows
 * (docs/decisions/0035).
 */
export function graphWidth(items: number, { expansion_search }: VectorSettings): number {
  const growth = Math.max(1, items / WIDENED_FROM_ITEMS) ** WIDENING;
  return Math.min(WIDTH_MAX, Math.round(expansion_search * growth));
}

/** Gives k items whenever k may be found; nearest first. */
export async function searchVectors(
  state: IndexState,
  asked: VectorQuery,
  settings: VectorSettings,
): Promise<NearItems> {
  const expansion = asked.expansion ?? graphWidth(state.table.size, settings);
  const query = { ...asked, expansion };
  const { selection, k } = query;
  if (selection === undefined) {
    return { items: await searchAll(state, query), method: "graph" };
  }
  if (selection.count > settings.exact_items_max) {
    const items = await searchFiltered(state, query, selection);
    if (items !== undefined) return { items, method: "graph" };
  }
  if (selection.count === 0) return { items: [], method: "exact" };
  const found = await state.vectors.searchAmong(query.vector, selection.slots(), k);
  return { items: livingOf(state, found, k), method: "exact" };
}

/** Vectors of items that have died or don't show yet are passed over, and made up for. */
async function searchAll(state: IndexState, query: VectorQuery): Promise<NearItem[]> {
  const { vector, k, expansion } = query;
  for (let wanted = k; ;) {
    const [found] = await state.vectors.search(vector, wanted, expansion);
    const items = livingOf(state, found!, k);
    const all = found!.keys.length < wanted;
    if (items.length >= Math.min(k, state.table.size) || all) return items;
    wanted = Math.max(wanted + (k - items.length), Math.ceil(wanted * SLACK));
  }
}

/** undefined when the graph would have to be asked for more than comparing with each costs. */
async function searchFiltered(
  state: IndexState,
  query: VectorQuery,
  selection: Selection,
): Promise<NearItem[] | undefined> {
  const { vector, k, expansion } = query;
  const share = selection.count / Math.max(1, state.table.size);
  const wanted_max = Math.min(selection.count / GRAPH_COST, state.table.size / 2);
  for (
    let wanted = Math.ceil((k / share) * FILTER_SLACK) + 10;
    wanted <= wanted_max;
    wanted *= GROWTH
  ) {
    const [found] = await state.vectors.search(vector, wanted, expansion);
    const items = livingOf(state, found!, k, selection.mask);
    if (items.length >= k) return items;
    if (found!.keys.length < wanted) return undefined;
  }
  return undefined;
}

function livingOf(
  { table }: IndexState,
  { keys, distances }: Neighbours,
  k: number,
  mask?: Uint8Array,
): NearItem[] {
  const items: NearItem[] = [];
  for (let at = 0; at < keys.length && items.length < k; at++) {
    const slot = keys[at]!;
    if (!table.isAlive(slot) || (mask !== undefined && mask[slot] !== 1)) continue;
    items.push({ slot, distance: distances[at]! });
  }
  return items;
}
