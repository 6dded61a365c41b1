// For tests: an engine of one connection, that can be asked the same again.
import type { SqlRequest } from "#ports/table-engine.ts";
import { allRows, sqlRequest } from "#ports/table-engine.suite.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createDuckDbEngine } from "./duckdb-table-engine.ts";

export async function openEngine(t: HasAfter) {
  const dir = await tempDir(t);
  const engine = await createDuckDbEngine({
    memory_mb: 128,
    threads: 1,
    temp_dir: `${dir}/tmp`,
    data_dir: dir,
    connections_max: 1,
  });
  t.after(() => engine.close());
  const ask = (sql: string, params: SqlRequest["params"] = [], more: Partial<SqlRequest> = {}) =>
    allRows(engine, sqlRequest(sql, { params, ...more }));
  return { dir, engine, ask };
}
