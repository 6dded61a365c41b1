// What is kept in memory of each trace, text version and log row: numbers, never text.
import { createColumn, float64, int32, uint16, uint32, uint8 } from "./growing-column.ts";
import { hash32 } from "./index-words.ts";
import { createKeyTable, keyOf, uuidOf, type Key } from "./key-table.ts";
import {
  scopeKey,
  scopeOf,
  trustOf,
  type PathwayRow,
  type PathwayScope,
  type PathwayStatus,
} from "./pathway-row.ts";
import { createVersionChains, NONE } from "./version-chains.ts";

export interface ScopeState {
  readonly number: number;
  readonly scope: PathwayScope;
  /** Traces in the order they were added. */
  readonly traces: ReturnType<typeof createColumn<Uint32Array>>;
  count: number;
  active: number;
  superseded: number;
  retired: number;
  evidence: number;
  successes: number;
  failures: number;
  rows: number;
  /** Text versions that have a vector. */
  embedded: number;
}

export type TraceTable = ReturnType<typeof createTraceTable>;

const RETIRED = 1;

export function createTraceTable() {
  const ids = createKeyTable();
  const scopes = new Map<string, ScopeState>();
  const by_number: ScopeState[] = [];
  const columns = traceColumns();
  const chains = createVersionChains(columns, count);
  const docs = docColumns();
  const rows = { ...rowColumns(), count: 0 };
  const tags = { hashes: createColumn(uint32), count: 0 };
  /** Rare: rows that changed tags or sources after the content was written; retiring rows. */
  const meta_rows = new Map<number, number>();
  const retire_rows = new Map<number, number>();
  const origins = new Map<number, Int32Array>();
  /** Links to versions that did not come yet: only a damaged or forged log has them. */
  const awaited = new Map<string, number[]>();
  const hashes = createKeyTable();

  function scopeState(scope: PathwayScope): ScopeState {
    const key = scopeKey(scope);
    const known = scopes.get(key);
    if (known !== undefined) return known;
    const zero = { count: 0, active: 0, superseded: 0, retired: 0, evidence: 0 };
    const state: ScopeState = {
      number: by_number.length,
      scope: scopeOf(scope),
      traces: createColumn(uint32),
      ...zero,
      successes: 0,
      failures: 0,
      rows: 0,
      embedded: 0,
    };
    scopes.set(key, state);
    by_number.push(state);
    return state;
  }

  /** The trace of this id in any scope; undefined when there is none. */
  function traceAt(id: string): number | undefined {
    const key = keyOf(id);
    return key === undefined ? undefined : ids.find(key)[0];
  }

  function statusOf(trace: number): PathwayStatus {
    if ((columns.flags.values[trace]! & RETIRED) !== 0) return "retired";
    return columns.replaced_by.values[trace] === NONE ? "active" : "superseded";
  }

  function count(trace: number, by: 1 | -1): void {
    by_number[columns.scope.values[trace]!]![statusOf(trace)] += by;
  }

  function open(row: PathwayRow): number {
    const state = scopeState(row);
    const trace = ids.push(keyOf(row.pathway_id)!);
    for (const column of Object.values(columns)) column.reserve(trace + 1);
    columns.scope.values[trace] = state.number;
    columns.recorded_at.values[trace] = Date.parse(row.at);
    columns.evidence.values[trace] = 1;
    state.traces.reserve(state.count + 1);
    state.traces.values[state.count++] = trace;
    state.active++;
    state.evidence++;
    return trace;
  }

  function setTags(trace: number, names: readonly string[]): void {
    columns.tags_at.values[trace] = tags.count;
    columns.tags_count.values[trace] = names.length;
    tags.hashes.reserve(tags.count + names.length);
    for (const tag of names) tags.hashes.values[tags.count++] = hash32(tag, 7);
  }

  function openDoc(trace: number, hash: Key): number {
    const doc = hashes.push(hash);
    for (const column of Object.values(docs)) column.reserve(doc + 1);
    docs.trace.values[doc] = trace;
    columns.doc.values[trace] = doc;
    return doc;
  }

  function noteRow(trace: number, offset: number, counted: boolean): number {
    const row = rows.count++;
    for (const column of [rows.offset, rows.previous, rows.trace]) column.reserve(rows.count);
    rows.counted.reserve(rows.count);
    rows.counted.values[row] = counted ? 1 : 0;
    rows.offset.values[row] = offset;
    rows.previous.values[row] = columns.last_row.values[trace]!;
    rows.trace.values[row] = trace;
    columns.last_row.values[trace] = row;
    by_number[columns.scope.values[trace]!]!.rows++;
    return row;
  }

  return {
    columns,
    docs,
    rows,
    tags,
    ids,
    hashes,
    origins,
    meta_rows,
    retire_rows,
    awaited,
    scopes: by_number,
    scopeState,
    scope: (scope: PathwayScope) => scopes.get(scopeKey(scope)),
    get count() {
      return ids.count;
    },
    idOf: (trace: number) => uuidOf(ids.keyAt(trace)),
    traceAt,
    /** As `traceAt`, but what stands in another scope is not there. */
    traceIn(scope: PathwayScope, id: string): number | undefined {
      const trace = traceAt(id);
      const state = scopes.get(scopeKey(scope));
      if (trace === undefined || state === undefined) return undefined;
      return columns.scope.values[trace] === state.number ? trace : undefined;
    },
    statusOf,
    isRetired: (trace: number) => (columns.flags.values[trace]! & RETIRED) !== 0,
    isCyclic: chains.isCyclic,
    newestOf: chains.newestOf,
    hasTag(trace: number, tag_hash: number): boolean {
      const from = columns.tags_at.values[trace]!;
      const end = from + columns.tags_count.values[trace]!;
      for (let at = from; at < end; at++) if (tags.hashes.values[at] === tag_hash) return true;
      return false;
    },
    open,
    openDoc,
    setVector(doc: number, row: number): void {
      if (docs.vector.values[doc] === NONE)
        by_number[columns.scope.values[docs.trace.values[doc]!]!]!.embedded++;
      docs.vector.values[doc] = row;
    },
    noteRow,
    link: chains.link,
    setTags,
    setTrust(trace: number, sources: PathwayRow["sources"]): void {
      columns.trust.values[trace] = Math.round(trustOf(sources ?? []) * TRUST_STEPS);
    },
    trustOf: (trace: number) => columns.trust.values[trace]! / TRUST_STEPS,
    retire(trace: number, row: number): void {
      if ((columns.flags.values[trace]! & RETIRED) !== 0) return;
      count(trace, -1);
      columns.flags.values[trace]! |= RETIRED;
      count(trace, 1);
      retire_rows.set(trace, row);
    },
  };
}

/** Trust is kept in 16 bits. */
const TRUST_STEPS = 50_000;

function traceColumns() {
  return {
    scope: createColumn(uint32),
    flags: createColumn(uint8),
    replaces: createColumn(int32, 1, NONE),
    replaced_by: createColumn(int32, 1, NONE),
    doc: createColumn(uint32),
    first_row: createColumn(uint32),
    /** Row that holds the content now. */
    body_row: createColumn(uint32),
    last_row: createColumn(int32, 1, NONE),
    evidence: createColumn(uint32),
    successes: createColumn(uint32),
    failures: createColumn(uint32),
    recorded_at: createColumn(float64),
    confirmed_at: createColumn(float64),
    /** Epoch milliseconds of the last search that handed it out; not kept on disk. */
    recalled_at: createColumn(float64),
    trust: createColumn(uint16),
    tags_at: createColumn(uint32),
    tags_count: createColumn(uint8),
  };
}

function rowColumns() {
  return {
    offset: createColumn(float64),
    /** The row before of the same trace. */
    previous: createColumn(int32, 1, NONE),
    trace: createColumn(uint32),
    /** 1: it says nothing but that something was counted. */
    counted: createColumn(uint8),
  };
}

function docColumns() {
  return {
    trace: createColumn(uint32),
    /** Row of its vector; -1: none yet. */
    vector: createColumn(int32, 1, NONE),
  };
}
