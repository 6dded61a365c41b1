// What every table engine must do to write rows anew: delete by condition, upsert by key, and tell
// from a statement which rows it can take.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import type { TableRelation } from "./table-engine.ts";
import {
  allRows,
  convertText,
  failsWith,
  idColumns,
  never,
  sqlRequest,
  tableOf,
  targetIn,
  type OpenEngine,
} from "./table-engine.suite.ts";

export function tableRewriteSuite(label: string, open: OpenEngine): void {
  async function opened(t: { after(fn: () => unknown): void }) {
    const dir = await tempDir(t);
    const engine = await open(dir);
    t.after(() => engine.close());
    const rows = (relation: TableRelation, sql = "SELECT * FROM t ORDER BY ALL") =>
      allRows(engine, sqlRequest(sql, { relations: [relation] }));
    return { dir, engine, rows };
  }

  test(`${label}: a condition tells the files it touches, and their rows are written without it`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const columns = idColumns({ n: "long", v: "string" });
    const one = await convertText(engine, dir, "n,v\n1,a\n2,\n3,c\n", { columns });
    const two = await convertText(engine, dir, "n,v\n4,d\n", { columns });
    const relation = tableOf(columns, [one.target_path, two.target_path]);
    const unless = (where: string, params: unknown[] = []) =>
      ({ kind: "unless", where, params }) as const;
    const source = unless("v >= $1 AND n < $2 -- the end", ["a", 3]);
    assert.deepEqual(await engine.affected(relation, source, never), [
      { uri: one.target_path, rows: 1 },
    ]);
    const { target } = targetIn(dir);
    const only = tableOf(columns, [one.target_path]);
    const made = await engine.rewrite({ relation: only, source, target, signal: never });
    assert.deepEqual([made.rows, made.dropped_rows], [2, 1]);
    assert.deepEqual(await rows(tableOf(columns, [made.files[0]!.path])), [
      [2, null],
      [3, "c"],
    ]);
    const all = await engine.rewrite({
      relation: only,
      source: unless("true"),
      target,
      signal: never,
    });
    assert.deepEqual([all.files, all.rows, all.dropped_rows], [[], 0, 3]);
    const unsafe = [
      "n IN (SELECT n FROM t)",
      "true) UNION SELECT 1, (2",
      "n = 1) GROUP BY (n",
      "1) AS x, (2",
      "n > 0; DROP TABLE t",
      "getenv('HOME') = ''",
      "n = (SELECT 1 FROM '/etc/passwd')",
      "",
    ];
    for (const where of unsafe) {
      await assert.rejects(engine.affected(relation, unless(where), never), LakehouseError);
      const request = { relation, source: unless(where), target, signal: never };
      await assert.rejects(engine.rewrite(request), LakehouseError);
    }
    const wrong = engine.affected(relation, unless("nothing = 1"), never);
    await assert.rejects(wrong, failsWith("invalid", "sql_failed"));
  });

  test(`${label}: an upsert replaces rows by key, and the last of equal keys wins`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const columns = idColumns({ k: "long", part: "string", v: "string" });
    const old = await convertText(engine, dir, "k,part,v\n1,x,a\n2,x,b\n2,y,c\n,x,n\n", {
      columns,
    });
    const first = await convertText(engine, dir, "k,part,v\n2,x,one\n9,x,nine\n2,x,two\n", {
      columns,
    });
    const last = await convertText(engine, dir, "k,part,v\n9,x,last\n,x,null\n", { columns });
    const relation = tableOf(columns, [old.target_path]);
    const incoming_uris = [first.target_path, last.target_path];
    const source = { kind: "upsert", incoming_uris, key: ["k", "part"] } as const;
    assert.deepEqual(await engine.affected(relation, source, never), [
      { uri: old.target_path, rows: 2 },
    ]);
    const { target } = targetIn(dir, {
      partition_by: [{ column: "part", transform: "identity", name: "part" }],
    });
    const made = await engine.rewrite({ relation, source, target, signal: never });
    assert.deepEqual([made.rows, made.dropped_rows, made.files.length], [5, 2, 2]);
    const after = tableOf(
      columns,
      made.files.map(({ path }) => path),
    );
    assert.deepEqual(await rows(after), [
      [1, "x", "a"],
      [2, "x", "two"],
      [2, "y", "c"],
      [9, "x", "last"],
      [null, "x", "null"],
    ]);
    const fresh = await engine.rewrite({
      relation: tableOf(columns, []),
      source,
      target,
      signal: never,
    });
    assert.deepEqual([fresh.rows, fresh.dropped_rows], [3, 0]);
    const unknown = { ...source, key: ["id"] };
    const failed = engine.affected(relation, unknown, never);
    await assert.rejects(failed, failsWith("invalid", "bad_key_columns"));
  });

  test(`${label}: a query with memory of its own fails alone when that is too little`, async (t) => {
    const { engine } = await opened(t);
    const limits = { rows_max: 10, timeout_ms: 20_000, memory_mb: 24 };
    const sql = "SELECT max(len(a)) FROM (SELECT list(i) AS a FROM range(20000000) r(i))";
    const hungry = allRows(engine, sqlRequest(sql, { limits }));
    const other = allRows(engine, sqlRequest("SELECT 42"));
    await assert.rejects(hungry, failsWith("rejected", "out_of_memory"));
    assert.deepEqual(await other, [[42]]);
    const small = sqlRequest("SELECT sum(i) FROM range(1000) r(i)", { limits });
    assert.deepEqual(await allRows(engine, small), [[499_500]]);
  });

  test(`${label}: conditions that every row must meet are told, and nothing that is not certain`, async (t) => {
    const { engine } = await opened(t);
    const told = async (sql: string, params: unknown[] = []) =>
      Object.fromEntries(await engine.conditions(sql, params));
    const eq = (column: string, value: unknown) => ({ op: "eq", column, value });
    const where =
      "a = 1 AND 2 < b AND (c BETWEEN -1.5 AND DATE '2024-01-01') AND d IN ('x', $1) " +
      "AND e IS NULL AND f LIKE 'ab%c' AND g <> $2 AND h >= '2024-01-01 10:00'::TIMESTAMP";
    assert.deepEqual(await told(`SELECT count(*) FROM T WHERE ${where} LIMIT 5`, ["y", true]), {
      T: [
        eq("a", 1),
        { op: "gt", column: "b", value: 2 },
        { op: "gte", column: "c", value: -1.5 },
        { op: "lte", column: "c", value: "2024-01-01" },
        { op: "in", column: "d", values: ["x", "y"] },
        { op: "is_null", column: "e" },
        { op: "starts_with", column: "f", value: "ab" },
        { op: "ne", column: "g", value: true },
        { op: "gte", column: "h", value: "2024-01-01T10:00:00" },
      ],
    });
    const joined =
      "SELECT * FROM s.t AS x JOIN u ON x.k = u.k, v WHERE x.a = 1 AND U.b = 2 AND c = 3";
    assert.deepEqual(await told(joined), { "s.t": [eq("a", 1)], u: [eq("b", 2)] });
    const left = "SELECT * FROM t LEFT JOIN u USING (k) WHERE t.a = 1 AND u.b = 2";
    assert.deepEqual(await told(left), { t: [eq("a", 1)] });
    const within =
      "WITH w AS (SELECT * FROM t WHERE a = 1) SELECT * FROM w WHERE b = 2 UNION SELECT 1";
    assert.deepEqual(await told(within), { t: [eq("a", 1)] });
    assert.deepEqual(await told("EXPLAIN SELECT * FROM t WHERE a = 1"), { t: [eq("a", 1)] });
    const nothing = [
      "SELECT * FROM t",
      "SELECT * FROM t WHERE a = 1 OR b = 2",
      "SELECT * FROM t WHERE NOT (a = 1 AND b = 2)",
      "SELECT * FROM t WHERE a = b",
      "SELECT * FROM t WHERE a + 1 = 2",
      "SELECT * FROM t WHERE lower(a) = 'x'",
      "SELECT * FROM t WHERE a = NULL",
      "SELECT * FROM t WHERE a = 9007199254740993",
      "SELECT * FROM t WHERE a = 'x' COLLATE nocase",
      "SELECT * FROM t WHERE a LIKE '%x'",
      "SELECT * FROM t WHERE a IN (1, 'x')",
      "SELECT * FROM t WHERE a IN (1, NULL)",
      "SELECT * FROM t WHERE a = 1 UNION ALL SELECT * FROM t",
      "SELECT * FROM t x, t y WHERE x.a = 1",
      "SELECT * FROM t WHERE a = 1 AND EXISTS (FROM t)",
      "WITH t AS (SELECT 1 AS a) SELECT * FROM t WHERE a = 1",
      "SELECT * FROM u RIGHT JOIN t ON true WHERE t.a = 1",
      "SELECT * FROM t FULL JOIN u ON true WHERE t.a = 1",
      "SELECT * FROM t POSITIONAL JOIN u WHERE t.a = 1",
      "SELECT * FROM t TABLESAMPLE 10% WHERE a = 1",
      "SELECT * FROM t WHERE a = 1 USING SAMPLE 5",
      "SELECT * FROM t AS x(b, a) WHERE a = 1",
      "SELECT * FROM t, u WHERE a = 1",
      "SELECT * FROM t JOIN u ON t.a = 1",
    ];
    for (const sql of nothing) assert.deepEqual(await told(sql), {}, sql);
  });
}
