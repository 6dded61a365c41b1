// Queries from their start to their end: ids, turns, limits, cancelling, and whose fault it was.
import type { query } from "#contracts/query.ts";
import { remainingMs, type Call } from "#kernel/call.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { QueryEngine, SqlRequest } from "#ports/table-engine.ts";
import type { QuerySettings } from "./query-settings.ts";
import { broken, type QueryTables, type TableScan } from "./query-tables.ts";
import { createQueryTurns } from "./query-turns.ts";

type RowsInput = ParsedInputOf<typeof query.operations.rows>;
type QueryInput = Omit<RowsInput, "cache"> & {
  /** The query inside an EXPLAIN: what its conditions are told from. */
  readonly inner?: string;
};

/** One query that runs: what the engine is asked, and what ends it. */
export interface RunningQuery {
  readonly query_id: string;
  readonly request: SqlRequest;
  /** Names of tables as the statement has them. */
  readonly names: readonly string[];
  readonly scans: readonly TableScan[];
  readonly planning_ms: number;
  readonly started: number;
  readonly call: Call;
  /** Gives the turn back. Safe to call twice. */
  end(): void;
}

export interface RunningQueries {
  /** From the request to something the engine runs, in its turn. The caller must end it. */
  begin(input: QueryInput, rows_max: number, call: Call): Promise<RunningQuery>;
  /** Runs engine work; a table that cannot be read is looked at and named. */
  run<T>(query: RunningQuery, work: () => Promise<T>): Promise<T>;
  /** What broke a query that was answering already, as its reader should hear it. */
  failed(query: RunningQuery, thrown: unknown): Promise<LakehouseError>;
  /** false when no query of that id runs. */
  cancel(query_id: string): boolean;
  figures(): Readonly<Record<string, number>>;
  stopAll(): void;
}

export interface RunningNeeds {
  readonly engine: QueryEngine;
  readonly tables: QueryTables;
  readonly log: Log;
}

export function createRunningQueries(needs: RunningNeeds, settings: QuerySettings): RunningQueries {
  const { engine, tables } = needs;
  const turns = createQueryTurns(settings.running_max, settings.waiting_max);
  const running = new Map<string, AbortController>();
  let served = 0;
  let failed = 0;

  /** From the request to something the engine runs, in its turn. */
  async function begin(input: QueryInput, rows_max: number, call: Call): Promise<RunningQuery> {
    const query_id = input.query_id ?? newId();
    checkMemory(input.memory_mb, settings.memory_mb_max);
    if (running.has(query_id)) {
      throw new LakehouseError("conflict", `a query with the id "${query_id}" is running`);
    }
    const stop = new AbortController();
    running.set(query_id, stop);
    const signal = AbortSignal.any([call.signal, stop.signal]);
    const started = performance.now();
    let leave: (() => void) | undefined;
    const end = () => {
      running.delete(query_id);
      leave?.();
    };
    try {
      leave = await turns.take(call.principal.name, signal);
      const planned = performance.now();
      const { sql, params } = await overTables(input, call);
      const { names, scans } = await scansOf({ ...input, sql, params }, call);
      const limits = { rows_max, ...limitsOf(input, call) };
      const relations = scans.map((scan) => scan.relation);
      const request = { sql, params, relations, limits, signal };
      const planning_ms = performance.now() - planned;
      return { query_id, request, names, scans, planning_ms, started, call, end };
    } catch (error) {
      end();
      failed++;
      throw error;
    }
  }

  async function scansOf({ sql, inner, params, at }: QueryInput, call: Call) {
    const names = await engine.inspect(sql);
    if (at !== undefined && names.length === 0) throw nothingAt();
    if (names.length === 0) return { names, scans: [] };
    const conditions = await engine.conditions(inner ?? sql, params);
    return { names, scans: await tables.scansOf(names, conditions, at, call) };
  }

  function limitsOf(input: QueryInput, call: Call) {
    const asked_ms = input.timeout_ms ?? settings.timeout_ms;
    const timeout_ms = Math.max(1, Math.min(asked_ms, remainingMs(call)));
    const { memory_mb } = input;
    return memory_mb === undefined ? { timeout_ms } : { timeout_ms, memory_mb };
  }

  /** SHOW TABLES tells the tables of the house, not those of an engine's connection. */
  async function overTables(input: QueryInput, call: Call) {
    if (!/^\s*show\s+tables\s*;?\s*$/i.test(input.sql)) return input;
    const all = await tables.list(call);
    const names = all.map(({ schema, name }) => (schema === "main" ? name : `${schema}.${name}`));
    // In words that any engine takes; names of datasets and logs have no quotes.
    if (names.length === 0) return { sql: "SELECT '' AS name WHERE 1 = 0", params: [] };
    const values = names.map((name) => `('${name}')`).join(", ");
    return { sql: `SELECT name FROM (VALUES ${values}) AS tables (name)`, params: [] };
  }

  /** Runs engine work; a table that cannot be read is looked at and named. */
  async function run<T>(query: RunningQuery, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      served++;
      return result;
    } catch (thrown) {
      throw await failure(query, thrown);
    }
  }

  async function failure(query: RunningQuery, thrown: unknown): Promise<LakehouseError> {
    failed++;
    const error = toLakehouseError(thrown);
    if (error.reason !== "broken_dataset") return error;
    const read = query.scans.flatMap(({ dataset }) => (dataset === undefined ? [] : [dataset]));
    const name = await tables.examine(read, query.call).catch(() => undefined);
    needs.log.warn({ dataset: name, err: error }, "a query met a table that cannot be read");
    if (name !== undefined) return broken(name, "an object of it is missing", error);
    return (await damaged(query, error)) ?? error;
  }

  /** A file that is there in its full size and still cannot be read: its dataset is named. */
  async function damaged(query: RunningQuery, error: LakehouseError) {
    const text = `${error.message} ${String(error.cause)}`;
    for (const { dataset: name, relation } of query.scans) {
      if (name === undefined || relation.kind !== "table") continue;
      const file = relation.files.find(({ uri }) => text.includes(uri));
      if (file === undefined) continue;
      const reason = `the file ${file.location ?? file.uri} cannot be read as Parquet`;
      await tables.quarantine(name, reason, query.call);
      return broken(name, reason, error);
    }
    return undefined;
  }

  return {
    begin,
    run,
    failed: failure,
    cancel(query_id) {
      const stop = running.get(query_id);
      stop?.abort(new Error("cancelled by its id"));
      return stop !== undefined;
    },
    figures: () => ({ running: turns.running(), waiting: turns.waiting(), served, failed }),
    stopAll() {
      for (const stop of running.values()) stop.abort(new Error("the service stops"));
    },
  };
}

function checkMemory(memory_mb: number | undefined, memory_mb_max: number): void {
  if (memory_mb === undefined || memory_mb <= memory_mb_max) return;
  const message = `one query may have ${memory_mb_max} MB at most, not ${memory_mb}`;
  throw new LakehouseError("invalid", message, {
    reason: "invalid_input",
    hint: "raise query.memory_mb_max, or ask for less",
    issues: [{ path: "memory_mb", message: `at most ${memory_mb_max}` }],
  });
}

/** Otherwise an answer about the present would pass for one about the past. */
function nothingAt(): LakehouseError {
  return new LakehouseError("invalid", "`at` needs a statement that names a dataset of this lake", {
    reason: "bad_point_in_time",
    hint: "leave it out, or (Trino) write FOR VERSION AS OF in the statement",
  });
}
