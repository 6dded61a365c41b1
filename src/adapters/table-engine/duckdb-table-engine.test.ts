// The DuckDB engine: the port's suite, and what attackers try in SQL.
import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import {
  allRows,
  failsWith,
  never,
  sqlRequest,
  tableEngineSuite,
} from "#ports/table-engine.suite.ts";
import { tableFilesSuite } from "#ports/table-files.suite.ts";
import { tableRewriteSuite } from "#ports/table-rewrite.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openDuckDb, withSecrets } from "./duckdb-table-engine.suite.ts";
import { createDuckDbEngine } from "./duckdb-table-engine.ts";

tableEngineSuite("duckdb", openDuckDb);
tableFilesSuite("duckdb", openDuckDb);
tableRewriteSuite("duckdb", openDuckDb);

const WRITES = [
  "CREATE TABLE x AS SELECT 1",
  "CREATE TEMP TABLE x (a INT)",
  "CREATE OR REPLACE VIEW people AS SELECT 2 AS id",
  "CREATE MACRO f(x) AS x",
  "CREATE SECRET s (TYPE s3)",
  "INSERT INTO people VALUES (1)",
  "UPDATE people SET id = 2",
  "DELETE FROM people",
  "TRUNCATE people",
  "DROP VIEW people",
  "ALTER VIEW people RENAME TO p",
  "MERGE INTO people USING people p ON true WHEN MATCHED THEN DELETE",
  "COPY (SELECT 1) TO '$DIR/out.csv'",
  "COPY people FROM '$DIR/secret.csv'",
  "EXPORT DATABASE '$DIR/db'",
  "IMPORT DATABASE '$DIR/db'",
  "ATTACH '$DIR/x.db' AS x",
  "DETACH scope_1",
  "USE memory",
  "INSTALL httpfs",
  "LOAD httpfs",
  "LOAD '$DIR/evil.duckdb_extension'",
  "SET memory_limit = '100GB'",
  "RESET ALL",
  "SET VARIABLE x = 1",
  "PRAGMA database_list",
  "PRAGMA memory_limit = '100GB'",
  "CALL pragma_version()",
  "CHECKPOINT",
  "VACUUM",
  "BEGIN TRANSACTION",
  "PREPARE p AS SELECT 1",
  "EXECUTE p",
  "EXPLAIN DELETE FROM people",
  "EXPLAIN ANALYZE COPY (SELECT 1) TO '$DIR/out.csv'",
  "EXPLAIN EXPLAIN SELECT 1",
  "/* hello */ -- there\n DROP VIEW people",
  "WITH x AS (SELECT 1) INSERT INTO people SELECT * FROM x",
  "FROM people; DROP VIEW people",
  "SELECT 1; SELECT 2",
  "SELECT 1;;;SELECT 2",
  "SELECT 1 -- \n; DROP VIEW people",
  "SELECT 1\u2028; DROP VIEW people",
  "SELECT $$;$$; DROP VIEW people",
  "SELECT 1\0; DROP VIEW people",
  "",
  ";",
  "-- nothing",
];

const READS = [
  "SELECT * FROM '$FILE'",
  'SELECT * FROM "$FILE"',
  "SELECT * FROM '$FILE' AS people",
  "SELECT * FROM people, '$FILE'",
  'WITH "$FILE" AS (SELECT 1 AS a) SELECT * FROM "$FILE"',
  'SELECT (WITH "x" AS (SELECT 1) SELECT 1), * FROM "$FILE"',
  "SELECT * FROM read_csv('$FILE')",
  "SELECT * FROM READ_CSV_AUTO('$FILE')",
  "SELECT * FROM \"read_csv\"('$FILE')",
  "SELECT * FROM main.read_csv('$FILE')",
  "SELECT * FROM system.main.read_text('$FILE')",
  "SELECT * FROM read_text('$FILE')",
  "SELECT * FROM read_blob('$FILE')",
  "SELECT * FROM read_json('$FILE')",
  "SELECT * FROM read_ndjson_objects('$FILE')",
  "SELECT * FROM read_parquet('$PARQUET')",
  "SELECT * FROM parquet_scan('$PARQUET')",
  "SELECT * FROM parquet_metadata('$PARQUET')",
  "SELECT * FROM parquet_schema('$PARQUET')",
  "SELECT * FROM parquet_kv_metadata('$PARQUET')",
  "SELECT * FROM sniff_csv('$FILE')",
  "SELECT * FROM glob('/*')",
  "SELECT * FROM query('SELECT * FROM ''$FILE''')",
  "SELECT * FROM query_table('$FILE')",
  "SELECT * FROM read_duckdb('$DIR/x.db')",
  "SELECT * FROM people WHERE id IN (SELECT a FROM '$FILE')",
  "SELECT (SELECT a FROM '$FILE')",
  "SELECT * FROM people ORDER BY (SELECT a FROM '$FILE')",
  "SELECT [x FOR x IN (SELECT list(a) FROM '$FILE')]",
  "SELECT * FROM (VALUES ((SELECT a FROM '$FILE')))",
  "SELECT * FROM people LIMIT (SELECT count(*) FROM '$FILE')",
  "SELECT sum(1) OVER (PARTITION BY (SELECT a FROM '$FILE'))",
  "SELECT * FROM people UNION ALL SELECT a FROM '$FILE'",
  "SELECT * FROM people JOIN '$FILE' ON true",
  "SELECT * FROM people, LATERAL (SELECT * FROM '$FILE')",
  "SELECT * FROM people SEMI JOIN '$FILE' f ON f.a = people.id::VARCHAR",
  "WITH RECURSIVE r AS (SELECT a FROM '$FILE' UNION ALL SELECT a FROM r) SELECT * FROM r",
  "WITH people AS MATERIALIZED (FROM '$FILE') FROM people",
  "DESCRIBE '$FILE'",
  "SUMMARIZE '$FILE'",
  "DESCRIBE SELECT * FROM '$FILE'",
  "EXPLAIN ANALYZE SELECT * FROM '$FILE'",
  "PIVOT '$FILE' ON a USING count(*)",
  "FROM '$FILE' PIVOT (count(*) FOR a IN ('SECRET'))",
  "FROM '$FILE' UNPIVOT (v FOR n IN (a))",
  "SHOW DATABASES",
  "SHOW ALL TABLES",
  "SHOW TABLES",
  "SELECT getenv('HOME')",
  "SELECT GETENV('HOME')",
  "SELECT 'HOME'.getenv()",
  "SELECT main.getenv('HOME')",
  "SELECT list_transform(['HOME'], lambda x: getenv(x))",
  "SELECT current_setting('secret_directory')",
  "SELECT write_log('x')",
  "SELECT json_serialize_plan('SELECT * FROM ''$FILE''')",
  "SELECT pg_get_viewdef(1)",
  "SELECT nextval('s')",
  "SELECT * FROM duckdb_settings()",
  "SELECT * FROM duckdb_secrets()",
  "SELECT * FROM which_secret('s3://x', 's3')",
  "SELECT * FROM duckdb_views()",
  "SELECT * FROM duckdb_views",
  "SELECT * FROM pragma_database_size()",
  "SELECT * FROM information_schema.tables",
  "SELECT * FROM pg_catalog.pg_class",
  "SELECT * FROM sqlite_master",
  "SELECT * FROM json_execute_serialized_sql('{}')",
  "SELECT * FROM sql_auto_complete('x')",
  "SELECT * FROM enable_logging()",
  "SELECT * FROM force_checkpoint()",
  "SELECT * FROM memory.main.people",
  "SELECT * FROM scope_1.main.people",
  "SELECT * FROM temp.people",
  "SELECT * FROM kb.events",
  "SELECT * FROM 'https://example.com/x.csv'",
  "SELECT * FROM 's3://bucket/x.parquet'",
];

test("no statement writes, whatever it is dressed as", async (t) => {
  const { dir, engine, relations } = await withSecrets(t);
  const before = (await readdir(dir)).toSorted();
  for (const template of WRITES) {
    const sql = template.replaceAll("$DIR", dir);
    await assert.rejects(allRows(engine, sqlRequest(sql, { relations })), isRefused, sql);
    const target = join(dir, "out.parquet");
    await assert.rejects(engine.toParquet(sqlRequest(sql, { relations }), target), isRefused, sql);
  }
  assert.deepEqual((await readdir(dir)).toSorted(), before);
  assert.deepEqual(await allRows(engine, sqlRequest("FROM people", { relations })), [[1]]);
});

test("no statement reads a file or the system, inside or outside of the data folder", async (t) => {
  const { dir, outside, engine, relations, target_path } = await withSecrets(t);
  for (const template of READS) {
    for (const file of [join(dir, "secret.csv"), join(outside, "secret.json"), "/etc/passwd"]) {
      const sql = template
        .replaceAll("$FILE", file)
        .replaceAll("$PARQUET", target_path)
        .replaceAll("$DIR", dir);
      await assert.rejects(allRows(engine, sqlRequest(sql, { relations })), isRefused, sql);
    }
  }
  const escape = join(dir, "..", "..", "etc", "passwd");
  const relation = { ...relations[0]!, uris: [escape] };
  await assert.rejects(allRows(engine, sqlRequest("FROM people", { relations: [relation] })));
});

function isRefused(thrown: unknown): boolean {
  assert.ok(thrown instanceof LakehouseError, String(thrown));
  const reasons = ["not_read_only", "many_statements", "no_such_table", "sql_syntax"];
  assert.ok(reasons.includes(thrown.reason), `${thrown.reason}: ${thrown.message}`);
  return true;
}

test("harmless statements of every form are taken", async (t) => {
  const { engine, relations } = await withSecrets(t);
  const taken = [
    "SELECT * FROM people",
    "select * from PEOPLE;",
    "FROM people SELECT id /* ; */ ; -- the end ;",
    "SELECT 'it''s; fine', $$ DROP; $$",
    'SELECT * FROM "people"',
    "SELECT * FROM main.people",
    "WITH people AS (SELECT id + 1 AS id FROM people) SELECT * FROM people",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
    "SELECT * FROM range(3), generate_series(1, 2), unnest([1, 2])",
    "SELECT * FROM (VALUES (1, 2)) t(a, b)",
    "SELECT getvalue FROM (SELECT 1 AS getvalue)",
    "EXPLAIN SELECT * FROM people",
    "explain analyze select * from people",
    "DESCRIBE people",
    "SUMMARIZE people",
    "SHOW people",
    "SELECT id, row_number() OVER (ORDER BY id) FROM people QUALIFY true",
    "FROM people PIVOT (count(*) FOR id IN (1, 2))",
    "SELECT COLUMNS('i.*') FROM people",
    "SELECT regexp_replace('a', 'a', 'b'), now() IS NOT NULL, random() < 2, uuid() IS NOT NULL",
    "SELECT p.id FROM people p ASOF JOIN people q ON p.id >= q.id",
    "TABLE people",
    "SELECT * FROM json_each('{\"a\": 1}')",
    "SELECT pg_typeof(1), typeof(1), version() IS NOT NULL",
  ];
  for (const sql of taken) {
    const rows = await allRows(engine, sqlRequest(sql, { relations }));
    assert.ok(rows.length > 0, sql);
  }
  assert.deepEqual(
    await engine.inspect("SELECT * FROM a JOIN kb.b USING (x) JOIN (FROM c) USING (x)"),
    ["a", "kb.b", "c"],
  );
});

test("where a statement is wrong is told", async (t) => {
  const { engine } = await withSecrets(t);
  await assert.rejects(engine.inspect("SELECT 1 +* 2 FORM x y"), (error: LakehouseError) => {
    assert.equal(error.reason, "sql_syntax");
    assert.equal(typeof error.extra["position"], "number");
    return true;
  });
  await assert.rejects(engine.inspect("EXPLAIN SELEC 1"), (error: LakehouseError) => {
    assert.equal(error.extra["position"], 8);
    return true;
  });
  const failing = allRows(engine, sqlRequest("SELECT nothing FROM range(3)"));
  await assert.rejects(failing, failsWith("invalid", "sql_failed"));
});

test("a comment of a hundred thousand parts is read in no time", async (t) => {
  const { engine } = await withSecrets(t);
  const sql = `SELECT 1 ${"-- -- -- /* */\n".repeat(20_000)} ${"; ".repeat(50)}`;
  assert.deepEqual(await allRows(engine, sqlRequest(sql)), [[1]]);
});

test("a query that is not read on gives its connection back", async (t) => {
  const dir = await tempDir(t);
  await mkdir(join(dir, "tmp"));
  const settings = { memory_mb: 128, temp_dir: join(dir, "tmp"), data_dir: dir };
  const engine = await createDuckDbEngine({ ...settings, connections_max: 1 });
  t.after(() => engine.close());
  // Long enough that a busy machine begins to answer within it.
  const limits = { rows_max: 1_000_000, timeout_ms: 400 };
  const forgotten = await engine.rows(sqlRequest("FROM range(1000000)", { limits }));
  assert.deepEqual(await allRows(engine, sqlRequest("SELECT 1", { signal: never })), [[1]]);
  const late = forgotten.chunks[Symbol.asyncIterator]();
  await late.next();
  await assert.rejects(late.next(), failsWith("deadline_exceeded", "deadline_exceeded"));
});
