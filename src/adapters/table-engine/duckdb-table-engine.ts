// The table engine on DuckDB: read-only SQL in a locked instance, conversion in another.
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";
import type { Relation, SqlRequest, TableEngine } from "#ports/table-engine.ts";
import { createStatementChecker, type CheckedStatement } from "./checked-statements.ts";
import { createConverter } from "./convert-files.ts";
import { copyOut } from "./copy-out.ts";
import { isFatal, toQueryError } from "./engine-errors.ts";
import { fromJson } from "./json-values.ts";
import { removeDeadFolders } from "./instance-folder.ts";
import type { InstanceSettings } from "./locked-instance.ts";
import { createQueryInstance } from "./query-instance.ts";
import { createRewriter } from "./rewrite-rows.ts";
import { conditionsOf } from "./sql-conditions.ts";
import { watchQuery } from "./query-watch.ts";
import { streamRows } from "./row-stream.ts";

export interface DuckDbSettings {
  /** For queries together; conversions have the same again while they run. */
  readonly memory_mb: number;
  /** 0: one for each core. */
  readonly threads?: number;
  /** Spilled data and unpacked sources; made when absent. */
  readonly temp_dir: string;
  readonly temp_mb?: number;
  /** Relations and results lie under this folder; nothing else of the disk can be read by SQL. */
  readonly data_dir: string;
  /** Queries that run at once; further ones wait their turn. */
  readonly connections_max?: number;
}

/** The engine; opens its instances when they are first needed. */
export async function createDuckDbEngine(settings: DuckDbSettings): Promise<TableEngine> {
  const temp_dir = resolve(settings.temp_dir);
  await mkdir(temp_dir, { recursive: true });
  await removeDeadFolders(temp_dir);
  const duckdb = await import("@duckdb/node-api");
  const instance_settings: InstanceSettings = {
    memory_mb: settings.memory_mb,
    threads: settings.threads || availableParallelism(),
    temp_dir,
    temp_mb: settings.temp_mb ?? 20_000,
    allowed_dirs: [resolve(settings.data_dir)],
    connections_max: settings.connections_max ?? 4,
  };
  const queries = createQueryInstance(duckdb, instance_settings);
  const converter = createConverter(duckdb, instance_settings);
  const never = new AbortController().signal;
  const checker = createStatementChecker(async (work) => {
    const pooled = await queries.acquire(never);
    try {
      return await work(pooled.connection);
    } finally {
      pooled.release();
    }
  });

  const rewriter = createRewriter(duckdb, instance_settings, checker);

  async function checkedRequest(request: SqlRequest): Promise<CheckedStatement> {
    const statement = await checker.check(request.sql);
    const known = new Set(request.relations.map(nameOfRelation));
    for (const name of statement.names) {
      if (!known.has(canonicalName(name))) throw noSuchTable(name);
    }
    return statement;
  }

  return {
    inspect: async (sql) => (await checker.check(sql)).names,

    async rows(request) {
      const { sql } = await checkedRequest(request);
      const pooled = await queries.acquire(request.signal, request.limits.memory_mb);
      return streamRows(duckdb, pooled, sql, request);
    },

    async toParquet(request, target_path) {
      const { select } = await checkedRequest(request);
      if (select === undefined) throw notATable();
      const pooled = await queries.acquire(request.signal, request.limits.memory_mb);
      const watch = watchQuery(pooled, request);
      try {
        const values = request.params.map((param) => fromJson(param, duckdb));
        const limited = `SELECT * FROM (\n${select}\n) LIMIT ${request.limits.rows_max}`;
        const rows = await watch.during(async () => {
          await pooled.show(request.relations);
          return copyOut(pooled.connection, limited, values, target_path);
        });
        watch.end("done");
        return { rows };
      } catch (error) {
        watch.end(isFatal(error) ? "fatal" : "midway");
        throw toQueryError(error);
      }
    },

    affected: (relation, source, signal) => rewriter.affected(relation, source, signal),
    rewrite: (request) => rewriter.rewrite(request),

    async conditions(sql, params) {
      const { tree } = await checker.check(sql);
      return conditionsOf(tree ?? (await checker.tree(sql)), params);
    },

    convert: (request) => converter.convert(request),
    describeParquet: (uri) => converter.describeParquet(uri),

    async close() {
      await converter.close();
      await rewriter.close();
      await queries.close();
    },
  };
}

function nameOfRelation(relation: Relation): string {
  return `${relation.schema}.${relation.name}`.toLowerCase();
}

/** `workers` means `main.workers`. */
function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes(".") ? lower : `main.${lower}`;
}

function noSuchTable(name: string): LakehouseError {
  return new LakehouseError("not_found", `there is no table "${name}"`, {
    reason: "no_such_table",
  });
}

function notATable(): LakehouseError {
  return new LakehouseError("invalid", "an EXPLAIN cannot be answered as Parquet", {
    reason: "sql_failed",
  });
}
