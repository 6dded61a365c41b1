// What a statement would read, table by table, and the engine's plan for it.
import type { query } from "#contracts/query.ts";
import type { Predicate } from "#contracts/table-nouns.ts";
import type { Call } from "#kernel/call.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { QueryEngine } from "#ports/table-engine.ts";
import { collectRows } from "./collect-rows.ts";
import type { TableScan } from "./query-tables.ts";
import type { RunningQueries } from "./running-queries.ts";

export interface ExplainNeeds {
  readonly engine: QueryEngine;
  readonly engine_name: string;
  readonly queries: RunningQueries;
}

type ExplainInput = ParsedInputOf<typeof query.operations.explain>;
type Explained = OutputOf<typeof query.operations.explain>;

/** A plan is text of a few lines for each step. */
const PLAN_ROWS_MAX = 10_000;
const PLAN_BYTES_MAX = 64 * 1024 * 1024;

export async function explainQuery(
  { engine, engine_name, queries }: ExplainNeeds,
  input: ExplainInput,
  call: Call,
): Promise<Explained> {
  const { sql, analyze, ...rest } = input;
  if (/^\s*(?:explain|show)\b/i.test(sql)) throw notAQuery();
  const explained = `EXPLAIN ${analyze ? "ANALYZE " : ""}${sql}`;
  const running = await queries.begin({ ...rest, sql: explained, inner: sql }, PLAN_ROWS_MAX, call);
  try {
    const { rows } = await queries.run(running, async () =>
      collectRows(await engine.rows(running.request), PLAN_ROWS_MAX, PLAN_BYTES_MAX),
    );
    return {
      engine: engine_name,
      tables: running.scans.map(toTable),
      planning_ms: Math.round(running.planning_ms * 1000) / 1000,
      plan: rows.map((row) => textOf(row.at(-1))).join("\n"),
    };
  } finally {
    running.end();
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function toTable(scan: TableScan): Explained["tables"][number] {
  const { relation, snapshot_id, files_total, files_read, bytes_read } = scan;
  return {
    name: scan.dataset ?? `${relation.schema}.${relation.name}`,
    snapshot_id,
    files_total,
    files_read,
    bytes_read,
    conditions: scan.where.map(conditionText),
  };
}

const SIGNS: Readonly<Record<string, string>> = {
  eq: "=",
  ne: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
};

/** `day >= "2024-01-01"`, `id IN (1, 2)`, `note IS NULL`. */
function conditionText(predicate: Predicate): string {
  const { column } = predicate;
  if ("values" in predicate) {
    const list = predicate.values.map((value) => JSON.stringify(value)).join(", ");
    return `${column} ${predicate.op === "in" ? "IN" : "NOT IN"} (${list})`;
  }
  if (!("value" in predicate)) {
    return `${column} IS ${predicate.op === "is_null" ? "NULL" : "NOT NULL"}`;
  }
  return `${column} ${SIGNS[predicate.op] ?? "STARTS WITH"} ${JSON.stringify(predicate.value)}`;
}

function notAQuery(): LakehouseError {
  return new LakehouseError("invalid", "explain takes the query itself, without EXPLAIN or SHOW", {
    reason: "sql_syntax",
    hint: 'give {"sql": "SELECT …"}, and "analyze": true to run it',
  });
}
