// Queries from their start to their end: ids, turns, limits, cancelling, and whose fault it was.
import type { query } from "#contracts/query.ts";
import { remainingMs, type Call } from "#kernel/call.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { Relation, SqlRequest, TableEngine } from "#ports/table-engine.ts";
import type { QuerySettings } from "./query-settings.ts";
import { broken, type QueryTables } from "./query-tables.ts";
import { createQueryTurns } from "./query-turns.ts";

type RowsInput = ParsedInputOf<typeof query.operations.rows>;

/** One query that runs: what the engine is asked, and what ends it. */
export interface RunningQuery {
  readonly query_id: string;
  readonly request: SqlRequest;
  readonly started: number;
  readonly call: Call;
  /** Gives the turn back. Safe to call twice. */
  end(): void;
}

export interface RunningQueries {
  /** From the request to something the engine runs, in its turn. The caller must end it. */
  begin(input: RowsInput, rows_max: number, call: Call): Promise<RunningQuery>;
  /** Runs engine work; a table that cannot be read is looked at and named. */
  run<T>(query: RunningQuery, work: () => Promise<T>): Promise<T>;
  /** false when no query of that id runs. */
  cancel(query_id: string): boolean;
  figures(): Readonly<Record<string, number>>;
  stopAll(): void;
}

export interface RunningNeeds {
  readonly engine: TableEngine;
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
  async function begin(input: RowsInput, rows_max: number, call: Call): Promise<RunningQuery> {
    const query_id = input.query_id ?? newId();
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
      const { sql, params } = await overTables(input, call);
      const names = await engine.inspect(sql);
      const relations = await tables.relationsOf(names, input.at, call);
      const asked_ms = input.timeout_ms ?? settings.timeout_ms;
      const timeout_ms = Math.max(1, Math.min(asked_ms, remainingMs(call)));
      const limits = { rows_max, timeout_ms };
      const request = { sql, params, relations, limits, signal };
      return { query_id, request, started, call, end };
    } catch (error) {
      end();
      failed++;
      throw error;
    }
  }

  /** SHOW TABLES tells the tables of the house, not those of an engine's connection. */
  async function overTables(input: RowsInput, call: Call) {
    if (!/^\s*show\s+tables\s*;?\s*$/i.test(input.sql)) return input;
    const all = await tables.list(call);
    const names = all.map(({ schema, name }) => (schema === "main" ? name : `${schema}.${name}`));
    return { sql: "SELECT unnest($1::VARCHAR[]) AS name", params: [names] };
  }

  /** Runs engine work; a table that cannot be read is looked at and named. */
  async function run<T>(query: RunningQuery, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      served++;
      return result;
    } catch (thrown) {
      failed++;
      throw await explain(toLakehouseError(thrown), query.request.relations, query.call);
    }
  }

  async function explain(error: LakehouseError, relations: readonly Relation[], call: Call) {
    if (error.reason !== "broken_dataset") return error;
    const name = await tables.examine(relations, call).catch(() => undefined);
    needs.log.warn({ dataset: name, err: error }, "a query met a table that cannot be read");
    return name === undefined ? error : broken(name, "an object of it is missing", error);
  }

  return {
    begin,
    run,
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
