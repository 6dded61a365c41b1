// Reading without searching: one trace, its history, a page of a scope, its figures.
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Pathway, pathwayContract } from "#contracts/pathway.ts";
import type { BackgroundEmbedding } from "./background-embedding.ts";
import { hash32 } from "./index-words.ts";
import { traceOrThrow } from "./pathway-form.ts";
import { operationsOf, type PathwayScope } from "./pathway-row.ts";
import { readPathway, rowAt, type LogState } from "./pathway-store.ts";

type Operations = (typeof pathwayContract)["operations"];
type Input<N extends keyof Operations> = ParsedInputOf<Operations[N]>;
type Output<N extends keyof Operations> = OutputOf<Operations[N]>;

/** Versions that one answer holds at most; a chain may be longer. */
const VERSIONS_MAX = 1_000;

export async function historyOf(
  state: LogState,
  input: Input<"history">,
): Promise<Output<"history">> {
  const { table } = state;
  const start = traceOrThrow(table, input, input.pathway_id);
  const chain: number[] = [];
  const seen = new Set<number>();
  let at = start;
  for (; at >= 0 && !seen.has(at) && chain.length < VERSIONS_MAX; at = before(state, at)) {
    chain.push(at);
    seen.add(at);
  }
  const versions: Pathway[] = [];
  for (const trace of chain) versions.push(await readPathway(state, trace));
  const newest = table.newestOf(start);
  const rows = rowsOf(state, chain);
  const operations: Record<string, unknown>[] = [];
  let total = 0;
  // The newest rows are read; of older ones only those that count more than one have to be.
  for (const row of rows.toReversed()) {
    if (operations.length >= input.limit && !mayBeMany(state, row)) {
      total++;
      continue;
    }
    const several = operationsOf(await rowAt(state, row));
    total += several.length;
    operations.push(...several.toReversed().map((one) => ({ ...one })));
  }
  return {
    versions,
    newest: newest < 0 ? null : table.idOf(newest),
    cycle: at >= 0 && seen.has(at) ? table.idOf(at) : null,
    operations: operations.slice(0, input.limit).toReversed(),
    operations_total: total,
  };
}

function before({ table }: LogState, trace: number): number {
  return table.columns.replaces.values[trace]!;
}

/** A row of counts may hold many operations. */
function mayBeMany({ table }: LogState, row: number): boolean {
  return table.rows.counted.values[row] === 1;
}

/** Rows of a chain given newest first: version by version, oldest first. */
function rowsOf({ table }: LogState, chain: readonly number[]): number[] {
  const newest_first = chain.flatMap((trace) => {
    const found: number[] = [];
    let row = table.columns.last_row.values[trace]!;
    for (; row >= 0; row = table.rows.previous.values[row]!) found.push(row);
    return found;
  });
  return newest_first.toReversed();
}

/** A page of a scope, newest first. The cursor is the id of the last trace of the page before. */
export async function listPathways(state: LogState, input: Input<"list">): Promise<Output<"list">> {
  const { table } = state;
  const scope = table.scope(input);
  const from = input.after === undefined ? undefined : table.traceIn(input, input.after);
  if (input.after !== undefined && from === undefined) throw badCursor();
  if (scope === undefined) return { pathways: [], total: 0, next_after: null };
  const { status, tag } = input;
  const tag_hash = tag === undefined ? undefined : hash32(tag, 7);
  const page: number[] = [];
  let total = 0;
  let more = false;
  for (let at = scope.count - 1; at >= 0; at--) {
    const trace = scope.traces.values[at]!;
    if (status !== undefined && table.statusOf(trace) !== status) continue;
    if (tag_hash !== undefined && !table.hasTag(trace, tag_hash)) continue;
    total++;
    if (from !== undefined && trace >= from) continue;
    if (page.length < input.limit) page.push(trace);
    else more = true;
  }
  const pathways = await Promise.all(page.map((trace) => readPathway(state, trace)));
  return { pathways, total, next_after: more ? pathways.at(-1)!.pathway_id : null };
}

function badCursor(): LakehouseError {
  const message = "unknown cursor: after must be the next_after of the page before";
  return new LakehouseError("invalid", message, { reason: "bad_cursor" });
}

/** Figures of a scope; one without traces has zeros. */
export function statsOf(
  { table }: LogState,
  input: PathwayScope,
  embedding: BackgroundEmbedding | undefined,
): Output<"stats"> {
  const scope = table.scope(input);
  const { columns, docs } = table;
  let embedded = 0;
  let backlog = 0;
  for (let at = 0; at < (scope?.count ?? 0); at++) {
    const trace = scope!.traces.values[at]!;
    if (docs.vector.values[columns.doc.values[trace]!]! >= 0) embedded++;
    else if (!table.isRetired(trace)) backlog++;
  }
  const { count = 0, active = 0, superseded = 0, retired = 0 } = scope ?? {};
  const { evidence = 0, successes = 0, failures = 0 } = scope ?? {};
  const { model = null, last_error = null } = embedding?.figures() ?? {};
  const enabled = embedding !== undefined;
  return {
    traces: count,
    active,
    superseded,
    retired,
    evidence,
    successes,
    failures,
    embedding: { enabled, model, embedded, backlog: enabled ? backlog : 0, last_error },
  };
}
