// A trace as callers see it: what its rows say, with the counts and links kept in memory.
import { LakehouseError } from "#kernel/problem.ts";
import type { Pathway } from "#contracts/pathway.ts";
import { isStale } from "./apply-row.ts";
import { utilityOf, type PathwayRow, type PathwayScope } from "./pathway-row.ts";
import type { TraceTable } from "./trace-table.ts";

/** Rows that together hold the text of a trace. */
export interface TraceRows {
  /** The row that opened it. */
  readonly first: PathwayRow;
  /** The row that holds its content now. */
  readonly body: PathwayRow;
  /** The last row that changed tags or sources, if any did. */
  readonly meta: PathwayRow | undefined;
  readonly retired: PathwayRow | undefined;
}

export function pathwayOf(table: TraceTable, trace: number, rows: TraceRows): Pathway {
  const { columns } = table;
  const id = (other: number) => (other < 0 ? null : table.idOf(other));
  const time = (ms: number) => new Date(ms).toISOString();
  const { first, body, meta, retired } = rows;
  const successes = columns.successes.values[trace]!;
  const failures = columns.failures.values[trace]!;
  return {
    pathway_id: table.idOf(trace),
    tenant: first.tenant,
    agent: first.agent,
    task_class: first.task_class,
    content: body.content as Pathway["content"],
    tags: [...(meta?.tags ?? body.tags ?? first.tags ?? [])],
    sources: [...(meta?.sources ?? body.sources ?? first.sources ?? [])],
    derived_from: [...(first.derived_from ?? [])],
    session_id: first.session_id ?? null,
    replaces: first.replaces ?? null,
    replaced_by: id(columns.replaced_by.values[trace]!),
    status: table.statusOf(trace),
    status_reason: retired === undefined || retired.reason === "" ? null : (retired.reason ?? null),
    stale: isStale(table, trace),
    evidence: columns.evidence.values[trace]!,
    successes,
    failures,
    utility: utilityOf(successes, failures),
    trust: table.trustOf(trace),
    recorded_at: time(columns.recorded_at.values[trace]!),
    confirmed_at: time(columns.confirmed_at.values[trace]!),
    trace_id: first.trace_id,
  };
}

/** The trace of this id in this scope; one of another scope is as if it were not there. */
export function traceOrThrow(table: TraceTable, scope: PathwayScope, pathway_id: string): number {
  const trace = table.traceIn(scope, pathway_id);
  if (trace !== undefined) return trace;
  throw new LakehouseError("not_found", `no trace ${pathway_id} stands in this scope`, {
    reason: "no_such_pathway",
  });
}
