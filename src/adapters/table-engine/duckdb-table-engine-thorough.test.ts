// Memory bombs in SQL: each ends within its limits, and the DuckDB engine serves on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { allRows, sqlRequest } from "#ports/table-engine.suite.ts";
import { withSecrets } from "./duckdb-table-engine.suite.ts";

test("memory bombs are limited and the engine serves on", async (t) => {
  const { engine } = await withSecrets(t);
  const limits = { rows_max: 10, timeout_ms: 200 };
  const bombs = [
    "SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b",
    "SELECT list(i) FROM range(1000000000000) t(i)",
    "SELECT string_agg(repeat('x', 1000), '') FROM range(100000000)",
    "SELECT len(list_resize([1], 1000000000000))",
    "SELECT sum(len(repeat('x', 500000000))) FROM range(100)",
    "SELECT max(a) FROM (SELECT array_agg(i) OVER () AS a FROM range(10000000) t(i))",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
  ];
  for (const sql of bombs) {
    await assert.rejects(
      allRows(engine, sqlRequest(sql, { limits })),
      (error: LakehouseError) => {
        assert.ok(error instanceof LakehouseError);
        const known = ["out_of_memory", "deadline_exceeded", "sql_failed", "not_read_only"];
        assert.ok(known.includes(error.reason), `${sql}: ${error.reason} ${error.message}`);
        return true;
      },
      sql,
    );
    assert.deepEqual(await allRows(engine, sqlRequest("SELECT 1")), [[1]]);
  }
});
