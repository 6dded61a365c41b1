// What is in memory of a log, as arrays for a snapshot, and back into empty tables.
import type { Numbers } from "./growing-column.ts";
import type { Snapshot } from "./snapshot-file.ts";
import type { PathwayScope } from "./pathway-row.ts";
import type { TraceTable } from "./trace-table.ts";
import type { WordIndex, WordIndexState } from "./word-index.ts";

export interface Memory {
  readonly table: TraceTable;
  readonly words: WordIndex;
}

interface About {
  readonly scopes: readonly PathwayScope[];
  readonly awaited: readonly (readonly [string, readonly number[]])[];
  readonly totals: WordIndexState["totals"];
  readonly postings_free: number;
  readonly pages: number;
}

/** Columns of traces that are never written again; the others are copied. */
const FIXED = new Set(["scope", "first_row", "recorded_at"]);
/** Of this process alone. */
const UNKEPT = new Set(["recalled_at"]);

/** The memory at this instant; it may go on changing while the arrays are written. */
export function captureMemory({ table, words }: Memory): Snapshot {
  const { ids, hashes, columns, docs, rows, tags } = table;
  const arrays: Record<string, Numbers> = { ids: ids.words(), hashes: hashes.words() };
  for (const [name, { values }] of keptColumns(columns)) {
    const end = ids.count;
    arrays[`trace.${name}`] = FIXED.has(name) ? values.subarray(0, end) : values.slice(0, end);
  }
  arrays["doc.trace"] = docs.trace.values.subarray(0, hashes.count);
  for (const [name, { values }] of rowColumns(rows)) {
    arrays[`row.${name}`] = values.subarray(0, rows.count);
  }
  arrays["tags"] = tags.hashes.values.subarray(0, tags.count);
  arrays["meta_rows"] = pairsOf(table.meta_rows);
  arrays["retire_rows"] = pairsOf(table.retire_rows);
  arrays["origins"] = listsOf(table.origins);
  const { terms, lists, lengths, totals } = words.capture();
  const { pages, free: postings_free, ...of_lists } = lists;
  Object.assign(arrays, { terms, lengths });
  for (const [name, values] of Object.entries(of_lists)) arrays[`list.${name}`] = values;
  for (const [at, page] of pages.entries()) arrays[`page.${at}`] = page;
  const scopes = table.scopes.map(({ scope }) => scope);
  const awaited = [...table.awaited];
  const about: About = { scopes, awaited, totals, postings_free, pages: pages.length };
  return { about, arrays };
}

function pairsOf(map: ReadonlyMap<number, number>): Int32Array {
  const pairs = new Int32Array(map.size * 2);
  let at = 0;
  for (const [key, value] of map) {
    pairs[at++] = key;
    pairs[at++] = value;
  }
  return pairs;
}

/** Each trace with how many origins it has, then these. */
function listsOf(origins: ReadonlyMap<number, Int32Array>): Int32Array {
  let length = 0;
  for (const from of origins.values()) length += 2 + from.length;
  const lists = new Int32Array(length);
  let at = 0;
  for (const [trace, from] of origins) {
    lists[at++] = trace;
    lists[at++] = from.length;
    lists.set(from, at);
    at += from.length;
  }
  return lists;
}

/** Fills empty tables. The snapshot was checked: it is whole and of this version. */
export function restoreMemory({ table, words }: Memory, { about, arrays }: Snapshot): void {
  const { scopes, awaited, totals, postings_free, pages } = about as About;
  const array = <A extends Numbers>(name: string) => arrays[name] as A;
  const list = (name: string) => array<Uint32Array>(`list.${name}`);
  table.ids.restore(array("ids"));
  table.hashes.restore(array("hashes"));
  for (const [name, column] of keptColumns(table.columns)) column.restore(array(`trace.${name}`));
  table.columns.recalled_at.reserve(table.ids.count);
  table.docs.trace.restore(array("doc.trace"));
  table.docs.vector.reserve(table.hashes.count);
  for (const [name, column] of rowColumns(table.rows)) column.restore(array(`row.${name}`));
  table.rows.count = table.rows.offset.values.length;
  table.tags.hashes.restore(array("tags"));
  table.tags.count = table.tags.hashes.values.length;
  for (const [name, map] of [
    ["meta_rows", table.meta_rows],
    ["retire_rows", table.retire_rows],
  ] as const) {
    const pairs = array<Int32Array>(name);
    for (let at = 0; at < pairs.length; at += 2) map.set(pairs[at]!, pairs[at + 1]!);
  }
  const origins = array<Int32Array>("origins");
  for (let at = 0; at < origins.length; at += 2 + origins[at + 1]!) {
    table.origins.set(origins[at]!, origins.slice(at + 2, at + 2 + origins[at + 1]!));
  }
  for (const [id, waiting] of awaited) table.awaited.set(id, [...waiting]);
  for (const scope of scopes) table.scopeState(scope);
  countScopes(table);
  const lists = {
    pages: Array.from({ length: pages }, (_, at) => array<Uint32Array>(`page.${at}`)),
    free: postings_free,
    heads: list("heads"),
    writes: list("writes"),
    ends: list("ends"),
    lengths: list("lengths"),
  };
  words.restore({ terms: array("terms"), lists, lengths: array("lengths"), totals });
}

/** What scopes count is the sum of what their traces say. */
function countScopes({ columns, scopes, ids, rows, statusOf }: TraceTable): void {
  const { scope, evidence, successes, failures } = columns;
  for (let trace = 0; trace < ids.count; trace++) {
    const state = scopes[scope.values[trace]!]!;
    state.traces.reserve(state.count + 1);
    state.traces.values[state.count++] = trace;
    state[statusOf(trace)]++;
    state.evidence += evidence.values[trace]!;
    state.successes += successes.values[trace]!;
    state.failures += failures.values[trace]!;
  }
  for (let row = 0; row < rows.count; row++) scopes[scope.values[rows.trace.values[row]!]!]!.rows++;
}

interface AnyColumn {
  readonly values: Numbers;
  restore(values: Numbers): void;
}

function keptColumns(columns: TraceTable["columns"]): [string, AnyColumn][] {
  const all = Object.entries(columns) as unknown as [string, AnyColumn][];
  return all.filter(([name]) => !UNKEPT.has(name));
}

function rowColumns({ offset, previous, trace, counted }: TraceTable["rows"]) {
  const columns = { offset, previous, trace, counted };
  return Object.entries(columns) as unknown as [string, AnyColumn][];
}
