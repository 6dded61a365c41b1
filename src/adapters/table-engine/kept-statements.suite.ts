// For tests: an engine of one connection, that can be asked the same again.
import type { SqlRequest } from "#ports/table-engine.ts";
import { allRows, sqlRequest } from "#ports/table-engine.suite.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";
import { ownDuckDb } from "./duckdb-table-engine.suite.ts";

export async function openEngine(t: HasAfter) {
  const { engine, dir } = await ownDuckDb(t, { threads: 1, connections_max: 1 });
  const ask = (sql: string, params: SqlRequest["params"] = [], more: Partial<SqlRequest> = {}) =>
    allRows(engine, sqlRequest(sql, { params, ...more }));
  return { dir, engine, ask };
}
