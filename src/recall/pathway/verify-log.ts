// Reads the whole log anew and compares it with what is in memory.
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { applyRow, refusalOf } from "./apply-row.ts";
import { rowProblem, type PathwayRow } from "./pathway-row.ts";
import type { LogState } from "./pathway-store.ts";
import { contentHash } from "./trace-content.ts";
import { createTraceTable, type TraceTable } from "./trace-table.ts";

export interface LogProblem {
  readonly kind: string;
  readonly pathway_id: string | null;
  readonly message: string;
}

export interface Verified {
  readonly ok: boolean;
  readonly rows: number;
  readonly traces: number;
  readonly problems: LogProblem[];
}

/** Problems beyond these are found no slower, but nobody reads them. */
const PROBLEMS_MAX = 1_000;

/** What stands in the log up to now. Nothing may be appended meanwhile. */
export async function verifyLog(state: LogState): Promise<Verified> {
  const problems: LogProblem[] = [];
  const tell = (kind: string, pathway_id: string | null, message: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push({ kind, pathway_id, message });
  };
  const fresh = createTraceTable();
  let rows = 0;
  const lines = readJsonlFile<PathwayRow>(state.jsonl.path, {
    to_offset: state.jsonl.size(),
    onCorrupt: ({ line, message }) => tell("corrupt_line", null, `line ${line}: ${message}`),
  });
  for await (const { row, line, offset } of lines) {
    const why = rowProblem(row) ?? refusalOf(fresh, row);
    const id = typeof row?.pathway_id === "string" ? row.pathway_id : null;
    if (why !== undefined) {
      tell("corrupt_line", id, `line ${line}: ${why}`);
      continue;
    }
    if (row.content !== undefined && contentHash(row.content) !== row.hash) {
      tell("content_changed", id, `line ${line}: the hash is not that of the content`);
    }
    applyRow(fresh, row, offset);
    rows++;
  }
  for (const [older, newer] of fresh.awaited) {
    for (const trace of newer) {
      tell("version_missing", fresh.idOf(trace), `it replaces ${older}, which is not there`);
    }
  }
  for (let trace = 0; trace < fresh.count; trace++) {
    if (fresh.isCyclic(trace)) tell("cycle", fresh.idOf(trace), "its chain bites its tail");
    const differs = differenceOf(fresh, state.table, trace);
    if (differs !== undefined) tell("memory_differs", fresh.idOf(trace), differs);
  }
  if (fresh.count !== state.table.count) {
    tell("memory_differs", null, `${fresh.count} traces, where memory has ${state.table.count}`);
  }
  return { ok: problems.length === 0, rows, traces: fresh.count, problems };
}

const COMPARED = [
  "scope",
  "flags",
  "replaces",
  "replaced_by",
  "doc",
  "evidence",
  "successes",
  "failures",
  "recorded_at",
  "confirmed_at",
  "trust",
] as const;

function differenceOf(fresh: TraceTable, live: TraceTable, trace: number): string | undefined {
  for (const name of COMPARED) {
    const [a, b] = [fresh.columns[name].values[trace], live.columns[name].values[trace]];
    if (a !== b) return `${name} is ${a} in the log and ${b} in memory`;
  }
  return undefined;
}
