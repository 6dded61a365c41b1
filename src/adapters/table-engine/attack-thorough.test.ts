// What attackers try beyond reading and writing: statements that would use up memory or time. Each
// is refused, or ends within its limits; afterwards the engine serves on.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { allRows, sqlRequest } from "#ports/table-engine.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { ownDuckDb } from "./duckdb-table-engine.suite.ts";
import { createDuckDbEngine } from "./duckdb-table-engine.ts";

const deep = (open: string, inner: string, close: string, times: number) =>
  `SELECT ${open.repeat(times)}${inner}${close.repeat(times)}`;

/** Values that would be far larger than what they are made of. */
const GROWING = [
  "repeat('x', 1000000)",
  "repeat(repeat(repeat('x', 1000), 1000), 1000)",
  "lpad('x', 1000000, 'y')",
  "rpad('x', i, 'y') FROM range(3) t(i)",
  "repeat('x', i) FROM range(3) t(i)",
  "bitstring('1', 1000000)",
  "list_resize([1], 1000000000)",
  "system.main.range(1000000000)",
  "main.range(1000000000)",
  "system.main.repeat('x', 5)",
  "len(range(1000000000))",
  "len(generate_series(1, 1000000000))",
  "len(list_concat(range(9000), range(9000)))",
  "len(list_transform(range(9000), lambda i: range(9000)))",
  "len(list_transform(range(9000), lambda i: range(i)))",
  "len(flatten(list_transform(range(9000), lambda i: [i, i])))",
  "len(flatten([[x FOR x IN range(9000)] FOR y IN range(9000)]))",
  "list_aggregate(list_transform(range(9000), lambda x: repeat('x', 9000)), 'string_agg', '')",
  "array_to_string(range(9000), repeat(',', 9000))",
  "replace(repeat('x', 9000), 'x', repeat('y', 9000))",
  "regexp_replace(repeat('x', 9000), 'x', repeat('y', 9000), 'g')",
  `concat(${Array(20).fill("repeat('x', 9000)").join(", ")})`,
  "printf('%1000000000d', 1)",
  "printf('%*d', 1000000000, 1)",
  "format('{:>1000000000}', 'x')",
  "format('{:{}}', 1, 1000000000)",
  "format(f, 1) FROM (SELECT '{:1000000000}' AS f)",
  "list_reduce(range(60)::VARCHAR[], lambda a, b: a || a)",
  "reduce([[1], [2]], lambda a, b: list_concat(a, list_concat(a, b)))",
  "s || s FROM (SELECT repeat('x', 6000) AS s)",
  "b || b FROM (SELECT a || a AS b FROM (SELECT repeat('x', 4000) AS a))",
  "repeat('x', 4000) AS a, a || a AS b, b || b AS c",
  "repeat(s, 9000) FROM (SELECT repeat('x', 9000) AS s)",
  "string_split(repeat('a,', 9000), ',')",
  "regexp_extract_all(repeat('a', 9000), 'a')",
  "list_select(range(9000), range(9000))",
  "map(range(9000), range(9000))",
  "list_zip(range(9000), range(9000))",
  "count(*) FILTER (len(repeat('x', 1000000)) > 1) FROM range(3)",
  "1 FROM range(3) WHERE len(repeat('x', 1000000)) > 1",
  "1 FROM range(3) ORDER BY repeat('x', 1000000)",
  "1 FROM range(3) GROUP BY repeat('x', 1000000)",
  "1 FROM range(3) JOIN range(3) r ON repeat('x', 1000000) > ''",
  "(SELECT max(repeat('x', 1000000)))",
  "* FROM unnest(range(1000000000))",
  "string_agg(i::VARCHAR, ',') OVER (ORDER BY i) FROM range(1000000) t(i)",
  "list(i) OVER () FROM range(1000000) t(i)",
].map((expression) => `SELECT ${expression}`);

const WITH_GROWING = [
  "WITH a AS (SELECT repeat('x', 6000) AS s), b AS (SELECT s || s AS s FROM a) SELECT s FROM b",
  "EXPLAIN ANALYZE SELECT repeat('x', 1000000)",
  "SELECT * FROM (VALUES (repeat('x', 1000000)))",
  "SELECT 1 UNION ALL SELECT len(repeat('x', 1000000))",
];

/** Sizes that are not known before they run. */
const COMPUTED = [
  "SELECT len(range(i)) FROM range(100000, 100001) t(i)",
  "SELECT len(range(i)) FROM (SELECT -9223372036854775808::BIGINT AS i)",
  "SELECT len(range(i, 100000000, 2)) FROM range(3) t(i)",
  "SELECT len(generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2200-01-01', INTERVAL 1 SECOND))",
  "SELECT len(range(DATE '0001-01-01', DATE '9999-01-01', INTERVAL 1 MICROSECOND))",
  "SELECT levenshtein(repeat('x', 9000), repeat('y', 9000))",
  "SELECT damerau_levenshtein(s, s) FROM (SELECT string_agg('x', '') AS s FROM range(100000))",
];

/** Much work, or much memory that counts. */
const ENDLESS = [
  "SELECT count(*) FROM generate_series(1, 1000000000000000000)",
  "SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b",
  "SELECT list(i) FROM range(1000000000000) t(i)",
  "SELECT histogram(i) FROM range(100000000) t(i)",
  "SELECT string_agg(repeat('x', 1000), '') FROM range(100000000)",
  "SELECT * FROM (SELECT repeat('x', 1000) AS s, i FROM range(1000000000) t(i)) ORDER BY s, i",
  "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
  "WITH RECURSIVE r(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM r) SELECT max(len(s)) FROM r",
  "WITH RECURSIVE r(a, b) AS (SELECT 1, 1 UNION ALL SELECT a, i FROM r, range(9) t(i)) SELECT max(b) FROM r",
  `SELECT 1 FROM ${Array(100).fill("range(2)").join(", ")} WHERE random() > 2`,
];

const SYNTAX = [
  deep("(SELECT ", "1", ")", 2_000),
  deep("[", "1", "]", 2_000),
  deep("NOT ", "true", "", 20_000),
  deep("1 + ", "1", "", 20_000),
  deep("CASE WHEN true THEN ", "1", " END", 3_000),
  deep("-", "1", "", 50_000),
  "SELECT '" + "[".repeat(100_000) + "'::JSON",
  "SELECT regexp_matches('a', '((((a{1,1000}){1,1000}){1,1000}){1,1000})')",
  "SELECT 1e308::DECIMAL(38,0)",
  "SELECT factorial(1000)",
  "SELECT 1::DECIMAL(39,0)",
];

const rss_mb = () => process.memoryUsage.rss() / 2 ** 20;

test("no statement uses up memory or time, and the engine serves on", async (t) => {
  const dir = await tempDir(t);
  const settings = { memory_mb: 128, threads: 2, temp_mb: 200, temp_dir: `${dir}/tmp` };
  const engine = await createDuckDbEngine({ ...settings, data_dir: dir });
  t.after(() => engine.close());
  assert.deepEqual(await allRows(engine, sqlRequest("SELECT 42")), [[42]]);
  const before = rss_mb();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, rss_mb())), 10);
  t.after(() => clearInterval(watch));

  const tried = async (sql: string, reasons: readonly string[], timeout_ms = 5_000) => {
    const limits = { rows_max: 10, timeout_ms };
    const ends = allRows(engine, sqlRequest(sql, { limits })).catch((error: unknown) => error);
    const error = await ends;
    const shown = sql.slice(0, 100);
    assert.ok(error instanceof LakehouseError, `${shown}: ${String(error)}`);
    assert.ok(reasons.includes(error.reason), `${shown}: ${error.reason}: ${error.message}`);
  };
  for (const sql of [...GROWING, ...WITH_GROWING]) await tried(sql, ["not_read_only"]);
  for (const sql of COMPUTED) await tried(sql, ["sql_failed"]);
  for (const sql of ENDLESS) {
    await tried(sql, ["deadline_exceeded", "out_of_memory"], 120);
    assert.deepEqual(await allRows(engine, sqlRequest("SELECT 42")), [[42]]);
  }
  for (const sql of SYNTAX) await tried(sql, ["sql_syntax", "sql_failed", "not_read_only"]);
  assert.deepEqual(await allRows(engine, sqlRequest("SELECT 42")), [[42]]);
  most = Math.max(most, rss_mb());
  assert.ok(most - before < 128 + 512, `${Math.round(most - before)} MiB more than before`);
  assert.deepEqual(await readdir(dir), ["tmp"]);
});

test("values of a size that people need are made", async (t) => {
  const { engine } = await ownDuckDb(t);
  const sums = Array.from({ length: 60 }, (_, i) => `i + ${i} AS c${i}`).join(", ");
  const useful = [
    "SELECT lpad(i::VARCHAR, 12, '0'), repeat('-', 80), rpad('x', 5, ' ') FROM range(3) t(i)",
    "SELECT unnest(generate_series(DATE '2020-01-01', DATE '2024-12-31', INTERVAL 1 DAY))",
    "SELECT unnest(range(i, i + 3)), range(5, 1, -1), range(3) FROM range(3) t(i)",
    "SELECT unnest(range(now(), now() + INTERVAL 1 DAY, INTERVAL 1 HOUR))",
    "SELECT list_transform([1, 2], lambda x: x * i + 1), [y || '!' FOR y IN ['a']] FROM range(3) t(i)",
    "SELECT list_reduce(['a', 'b', 'c'], lambda a, b: a || ',' || b)",
    "SELECT list_sum(list_transform(range(1000), lambda x: x + 1))",
    "SELECT a || ' ' || b || '!' AS c, upper(c) || c FROM (SELECT 'x' AS a, 'y' AS b)",
    "SELECT string_agg(i::VARCHAR, ', ' ORDER BY i) || '.' FROM range(100) t(i)",
    "SELECT format('{:08.3f} {}', 1.5, 'x'), printf('%05d', 7), replace('a b', ' ', '_')",
    "SELECT levenshtein('kitten', 'sitting'), jaro_winkler_similarity('a', 'b')",
    "SELECT string_split('a,b,c', ','), regexp_replace('abc', 'b', 'x', 'g')",
    `SELECT ${sums} FROM range(3) t(i)`,
    "SELECT count(*) FROM range(1000000), (SELECT sum(i) FROM range(100000) t(i))",
    "SELECT len(range(i)) FROM range(9999, 10000) t(i)",
  ];
  for (const sql of useful) {
    const rows = await allRows(engine, sqlRequest(sql));
    assert.ok(rows.length > 0, sql);
  }
});
