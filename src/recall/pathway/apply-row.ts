// What a row of the log does to the tables; the same for replay and for live changes.
import { isCount, type PathwayRow } from "./pathway-row.ts";
import { keyOf } from "./key-table.ts";
import type { TraceTable } from "./trace-table.ts";

export interface Applied {
  readonly trace: number;
  /** The text version that the row brought, to be indexed; undefined: it brought none. */
  readonly doc: number | undefined;
}

/** Why a row cannot be applied; undefined: it can. */
export function refusalOf(table: TraceTable, row: PathwayRow): string | undefined {
  const known = table.traceAt(row.pathway_id);
  const opens = row.op === "add" || row.op === "revise";
  if (opens && known !== undefined) return "the trace is there already";
  if (opens) return undefined;
  if (known === undefined) return "the trace is not there";
  // The scope is part of the key: a row that names another one is of another trace.
  return table.traceIn(row, row.pathway_id) === undefined ? "it names another scope" : undefined;
}

/** Applies a row that stands at this byte of the log. The row was checked by `refusalOf`. */
export function applyRow(table: TraceTable, row: PathwayRow, offset: number): Applied {
  const opens = row.op === "add" || row.op === "revise";
  const trace = opens ? table.open(row) : table.traceAt(row.pathway_id)!;
  const at = table.noteRow(trace, offset, isCount(row));
  const { columns } = table;
  const doc = row.content === undefined ? undefined : table.openDoc(trace, keyOf(row.hash!)!);
  if (doc !== undefined) columns.body_row.values[trace] = at;
  if (opens) {
    columns.first_row.values[trace] = at;
    table.setTags(trace, row.tags ?? []);
    table.setTrust(trace, row.sources);
    linkOrigins(table, trace, row);
    linkVersions(table, trace, row);
  } else if (row.tags !== undefined || row.sources !== undefined) {
    table.meta_rows.set(trace, at);
    if (row.tags !== undefined) table.setTags(trace, row.tags);
    if (row.sources !== undefined) table.setTrust(trace, row.sources);
  }
  count(table, trace, row);
  if (row.op === "retire") table.retire(trace, at);
  return { trace, doc };
}

function count(table: TraceTable, trace: number, row: PathwayRow): void {
  const { columns, scopes } = table;
  const state = scopes[columns.scope.values[trace]!]!;
  for (const item of row.op === "counts" ? row.items! : [row]) {
    if (item.op === "merge") {
      columns.evidence.values[trace]!++;
      state.evidence++;
    } else if (item.op === "outcome") {
      const outcome = item.success === true ? "successes" : "failures";
      columns[outcome].values[trace]!++;
      state[outcome]++;
    }
    // Only what speaks for it makes a trace young again.
    const confirms = item.op !== "retire" && (item.op !== "outcome" || item.success === true);
    if (confirms) columns.confirmed_at.values[trace] = Date.parse(item.at);
  }
}

function linkOrigins(table: TraceTable, trace: number, row: PathwayRow): void {
  const found = (row.derived_from ?? []).flatMap((id) => table.traceIn(row, id) ?? []);
  if (found.length > 0) table.origins.set(trace, Int32Array.from(found));
}

function linkVersions(table: TraceTable, trace: number, row: PathwayRow): void {
  const { awaited } = table;
  if (row.replaces !== undefined) {
    const older = table.traceIn(row, row.replaces);
    if (older !== undefined) table.link(trace, older);
    else awaited.set(row.replaces, [...(awaited.get(row.replaces) ?? []), trace]);
  }
  for (const newer of awaited.get(row.pathway_id) ?? []) {
    if (table.columns.scope.values[newer] === table.columns.scope.values[trace]) {
      table.link(newer, trace);
    }
  }
  awaited.delete(row.pathway_id);
}

/** Whether something a trace derives from, near or far, was retired or superseded. */
export function isStale(table: TraceTable, trace: number): boolean {
  if (table.origins.size === 0) return false;
  const seen = new Set<number>([trace]);
  const left = [trace];
  while (left.length > 0) {
    for (const origin of table.origins.get(left.pop()!) ?? []) {
      if (table.statusOf(origin) !== "active") return true;
      if (!seen.has(origin)) left.push(origin);
      seen.add(origin);
    }
  }
  return false;
}
