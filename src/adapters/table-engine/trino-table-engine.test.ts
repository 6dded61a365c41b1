// The Trino engine against a loopback server of its protocol: types, pages, faults, limits, logs.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import type { QueryEngine, Relation, SqlRequest } from "#ports/table-engine.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";
import {
  startTrinoServer,
  trinoColumn,
  trinoSignature,
  type TrinoScript,
} from "../../../test/support/trino-server.ts";
import { ownDuckDb } from "./duckdb-table-engine.suite.ts";
import { createTrinoEngine } from "./trino-table-engine.ts";

const never = new AbortController().signal;

function ask(sql: string, more: Partial<SqlRequest> = {}): SqlRequest {
  const limits = { rows_max: 1_000_000, timeout_ms: 20_000, ...more.limits };
  return { sql, params: [], relations: [], signal: never, ...more, limits };
}

/** No log of the house is asked for in most tests. */
const noLocal = {
  inspect: () => Promise.reject(new Error("the local engine was asked")),
} as unknown as QueryEngine;

async function openTrino(
  t: HasAfter,
  answer: TrinoScript | ((sql: string) => TrinoScript),
  local = noLocal,
  more = {},
) {
  const server = await startTrinoServer(t, typeof answer === "function" ? answer : () => answer);
  const connection = { url: server.url, user: "ann", catalog: "lake", schema: "default", ...more };
  return { server, engine: createTrinoEngine(connection, local) };
}

async function allRows(engine: QueryEngine, request: SqlRequest): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  const stream = await engine.rows(request);
  for await (const chunk of stream.chunks) rows.push(...chunk.map((row) => [...row]));
  return rows;
}

async function failure(promise: Promise<unknown>): Promise<LakehouseError> {
  const thrown = await promise.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof LakehouseError, String(thrown));
  return thrown;
}

const bigint = trinoColumn("n", "bigint");
const one: TrinoScript = { columns: [bigint], pages: ["[[1]]"] };

/** Trino's type, JSON as Trino writes it, our type, our value. */
const TYPES: readonly [ReturnType<typeof trinoColumn>, string, string, unknown][] = [
  [trinoColumn("c", "boolean"), "true", "boolean", true],
  [trinoColumn("c", "tinyint"), "-128", "int", -128],
  [trinoColumn("c", "smallint"), "32767", "int", 32_767],
  [trinoColumn("c", "integer"), "-2147483648", "int", -2_147_483_648],
  [trinoColumn("c", "bigint"), "9007199254740991", "long", 9_007_199_254_740_991],
  [trinoColumn("c", "bigint"), "-9223372036854775808", "long", "-9223372036854775808"],
  [trinoColumn("c", "real"), "0.1", "float", Math.fround(0.1)],
  [trinoColumn("c", "real"), '"NaN"', "float", "NaN"],
  [trinoColumn("c", "double"), "1.7976931348623157E308", "double", Number.MAX_VALUE],
  [trinoColumn("c", "double"), '"-Infinity"', "double", "-Infinity"],
  [trinoColumn("c", "decimal", 9, 2), '"12.50"', "decimal(9,2)", 12.5],
  [
    trinoColumn("c", "decimal", 38, 3),
    '"12345678901234567.890"',
    "decimal(38,3)",
    "12345678901234567.890",
  ],
  [
    trinoColumn("c", "varchar", 10),
    '"a \\" 1234567890123456789"',
    "string",
    'a " 1234567890123456789',
  ],
  [trinoColumn("c", "char", 5), '"ab   "', "string", "ab"],
  [trinoColumn("c", "varbinary"), '"AAEC"', "binary", "AAEC"],
  [
    trinoColumn("c", "uuid"),
    '"12151fd2-7586-11e9-8f9e-2a86e4085a59"',
    "uuid",
    "12151fd2-7586-11e9-8f9e-2a86e4085a59",
  ],
  [trinoColumn("c", "date"), '"2024-02-29"', "date", "2024-02-29"],
  [trinoColumn("c", "time", 6), '"12:34:56.500000"', "time", "12:34:56.5"],
  [
    trinoColumn("c", "timestamp", 6),
    '"2024-02-29 12:34:56.000000"',
    "timestamp",
    "2024-02-29T12:34:56",
  ],
  [
    trinoColumn("c", "timestamp", 6),
    '"0001-01-01 00:00:00.123456"',
    "timestamp",
    "0001-01-01T00:00:00.123456",
  ],
  [
    trinoColumn("c", "timestamp with time zone", 6),
    '"2024-02-29 12:34:56.100000 UTC"',
    "timestamptz",
    "2024-02-29T12:34:56.1Z",
  ],
  [
    trinoColumn("c", "timestamp with time zone", 3),
    '"2024-02-29 00:30:00.000 +01:30"',
    "timestamptz",
    "2024-02-28T23:00:00Z",
  ],
  [
    trinoColumn("c", "timestamp with time zone", 3),
    '"2024-07-01 12:00:00.000 Europe/Berlin"',
    "timestamptz",
    "2024-07-01T10:00:00Z",
  ],
  [trinoColumn("c", "json"), '"{\\"a\\":1}"', "string", '{"a":1}'],
  [trinoColumn("c", "interval day to second"), '"2 00:00:00.000"', "string", "2 00:00:00.000"],
  [trinoColumn("c", "unknown"), "null", "string", null],
  [
    trinoColumn("c", "array", trinoSignature("timestamp", 6)),
    '["2024-01-01 00:00:00.000000",null]',
    "list<timestamp>",
    ["2024-01-01T00:00:00", null],
  ],
  [
    trinoColumn("c", "map", trinoSignature("bigint"), trinoSignature("decimal", 5, 1)),
    '{"9007199254740993":"1.5"}',
    "map<long, decimal(5,1)>",
    { "9007199254740993": 1.5 },
  ],
  [
    trinoColumn(
      "c",
      "row",
      { fieldName: { name: "a b" }, typeSignature: trinoSignature("bigint") },
      { fieldName: null, typeSignature: trinoSignature("array", trinoSignature("date")) },
    ),
    '[9223372036854775807,["2024-01-01"]]',
    'struct<"a b": long, field1: list<date>>',
    { "a b": "9223372036854775807", field1: ["2024-01-01"] },
  ],
];

test("every type comes as the JSON value that any engine here gives", async (t) => {
  for (const [column, json, type, value] of TYPES) {
    const { engine } = await openTrino(t, { columns: [column], pages: [`[[${json}],[null]]`] });
    const stream = await engine.rows(ask("SELECT c"));
    assert.deepEqual(stream.columns, [{ name: "c", type, nullable: true }]);
    const rows: unknown[] = [];
    for await (const chunk of stream.chunks) rows.push(...chunk);
    assert.deepEqual(rows, [[value], [null]], `${column.type} ${json}`);
  }
});

test("a statement goes out with who asks, where, and its limits", async (t) => {
  const { server, engine } = await openTrino(t, one, noLocal, {
    password: "secret",
    client_tags: ["a", "b"],
  });
  const limits = { rows_max: 5, timeout_ms: 1_500, memory_mb: 64 };
  await allRows(engine, ask("SELECT ? ;", { params: ["é"], limits }));
  const [{ sql, headers } = assert.fail("nothing came")] = server.statements;
  assert.equal(sql, "EXECUTE IMMEDIATE 'SELECT ?' USING 'é'");
  assert.equal(headers["x-trino-user"], "ann");
  assert.deepEqual([headers["x-trino-catalog"], headers["x-trino-schema"]], ["lake", "default"]);
  assert.equal(headers["x-trino-session"], "query_max_run_time=2s,query_max_memory=64MB");
  assert.deepEqual(
    [headers["x-trino-client-tags"], headers["x-trino-source"]],
    ["a,b", "lakehouse"],
  );
  assert.equal(headers["x-trino-client-capabilities"], "PARAMETRIC_DATETIME");
  assert.equal(headers["x-trino-time-zone"], "UTC");
  assert.equal(headers["authorization"], `Basic ${Buffer.from("ann:secret").toString("base64")}`);
  const open = { url: "http://trino.test:8080", user: "u", catalog: "c", schema: "s", token: "t" };
  assert.throws(() => createTrinoEngine(open, noLocal), { reason: "invalid_settings" });
});

test("pages are fetched only when their rows are asked for, and leaving ends the query", async (t) => {
  const pages = Array.from({ length: 50 }, (_, at) => `[[${at}]]`);
  const { server, engine } = await openTrino(t, { columns: [bigint], pages, queued: 3 });
  const stream = await engine.rows(ask("SELECT n"));
  const asked = server.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(server.requests.length, asked, "nobody asked for more");
  const seen: unknown[] = [];
  for await (const chunk of stream.chunks) {
    seen.push(...chunk.flat());
    assert.ok(server.requests.length <= asked + seen.length);
    if (seen.length === 10) break;
  }
  assert.equal(server.requests.at(-1), "DELETE 0");
  const whole = await allRows(engine, ask("SELECT n"));
  assert.deepEqual(
    whole,
    Array.from({ length: 50 }, (_, at) => [at]),
  );
  assert.ok(!server.requests.includes("DELETE 1"), "a query that is over needs no ending");
  const some = await allRows(
    engine,
    ask("SELECT n", { limits: { rows_max: 7, timeout_ms: 5_000 } }),
  );
  assert.deepEqual([some.length, server.requests.at(-1)], [7, "DELETE 2"]);
});

test("large and packed pages come whole, and an empty answer has its columns", async (t) => {
  const rows = Array.from({ length: 100_000 }, (_, at) => [at, `name ${at}`]);
  const columns = [bigint, trinoColumn("name", "varchar", 100)];
  const { engine } = await openTrino(t, { columns, pages: [JSON.stringify(rows), "[]", "[]"] });
  assert.deepEqual(await allRows(engine, ask("SELECT n, name")), rows);
  const empty = await openTrino(t, { columns, pages: [] });
  const stream = await empty.engine.rows(ask("SELECT n, name"));
  assert.equal(stream.columns.length, 2);
  assert.deepEqual(await allRows(empty.engine, ask("SELECT n")), []);
});

test("a busy gateway and broken connections are tried again without losing or doubling rows", async (t) => {
  const pages = Array.from({ length: 6 }, (_, at) => `[[${at}],["1234567890123456789"]]`);
  const { server, engine } = await openTrino(t, { columns: [bigint], pages });
  server.faults.POST.push(503, 429);
  server.faults.GET.push(502, "cut", "none", 504, "half", "none", 503, "half", "cut");
  server.next_origin = "http://a-proxy-that-named-itself-wrongly.test:1";
  const rows = await allRows(engine, ask("SELECT n"));
  assert.deepEqual(
    rows.filter((_, at) => at % 2 === 0),
    Array.from({ length: 6 }, (_, at) => [at]),
  );
  assert.equal(server.statements.length, 1);
  assert.deepEqual([server.faults.POST, server.faults.GET], [[], []]);
});

test("what is not the protocol is an error of the engine, not an answer", async (t) => {
  const { server, engine } = await openTrino(t, one);
  for (const fault of [401, 404, 500, "not_json"] as const) {
    server.faults.POST.push(fault);
    const error = await failure(engine.rows(ask("SELECT 1")));
    assert.deepEqual([error.code, error.reason], ["unavailable", "engine_failed"], String(fault));
  }
  const { engine: nobody } = await openTrino(t, one, noLocal, { url: "http://127.0.0.1:1" });
  const signal = AbortSignal.timeout(300);
  assert.equal((await failure(nobody.rows(ask("SELECT 1", { signal })))).code, "cancelled");
});

test("Trino's errors are told in our words, with its own name beside", async (t) => {
  const expected: [string, string, string, string][] = [
    ["SYNTAX_ERROR", "USER_ERROR", "invalid", "sql_syntax"],
    ["TABLE_NOT_FOUND", "USER_ERROR", "not_found", "no_such_table"],
    ["COLUMN_NOT_FOUND", "USER_ERROR", "invalid", "sql_failed"],
    ["PERMISSION_DENIED", "USER_ERROR", "forbidden", "not_read_only"],
    ["EXCEEDED_GLOBAL_MEMORY_LIMIT", "INSUFFICIENT_RESOURCES", "rejected", "out_of_memory"],
    ["EXCEEDED_TIME_LIMIT", "INSUFFICIENT_RESOURCES", "deadline_exceeded", "deadline_exceeded"],
    ["QUERY_QUEUE_FULL", "INSUFFICIENT_RESOURCES", "rate_limited", "rate_limited"],
    ["ICEBERG_CANNOT_OPEN_SPLIT", "EXTERNAL", "unavailable", "broken_dataset"],
    ["GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR", "unavailable", "engine_failed"],
    ["SOMETHING_NEW", "USER_ERROR", "invalid", "sql_failed"],
  ];
  for (const [errorName, errorType, code, reason] of expected) {
    const errorLocation = { lineNumber: 1, columnNumber: 8 };
    const error = { message: "no", errorCode: 1, errorName, errorType, errorLocation };
    const { engine } = await openTrino(t, { error });
    const thrown = await failure(engine.rows(ask("SELECT x")));
    assert.deepEqual([thrown.code, thrown.reason], [code, reason], errorName);
    assert.deepEqual(thrown.extra, { engine_error: errorName, line: 1, column: 8 });
  }
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test("time, the caller and a lost reader end a query on the cluster", async (t) => {
  const { server, engine } = await openTrino(t, { columns: [bigint], endless: true, delay_ms: 10 });
  const late = await failure(
    engine.rows(ask("SELECT 1", { limits: { rows_max: 1, timeout_ms: 250 } })),
  );
  assert.equal(late.code, "deadline_exceeded");
  assert.equal(server.requests.at(-1), "DELETE 0");
  const leaving = new AbortController();
  const rows = failure(engine.rows(ask("SELECT 1", { signal: leaving.signal })));
  // Its first page is asked for only when the cluster has said which query it is.
  await until(() => server.requests.at(-1)!.startsWith("GET 1"));
  leaving.abort();
  assert.deepEqual([(await rows).code, server.requests.at(-1)], ["cancelled", "DELETE 1"]);
  const pages = Array.from({ length: 9 }, () => "[[1]]");
  const other = await openTrino(t, { columns: [bigint], pages });
  const limits = { rows_max: 100, timeout_ms: 250 };
  const stream = await other.engine.rows(ask("SELECT 1", { limits }));
  const reader = stream.chunks[Symbol.asyncIterator]();
  await reader.next();
  await until(() => other.server.requests.at(-1) === "DELETE 0");
  assert.equal((await failure(reader.next())).code, "deadline_exceeded");
});

test("logs of the house stay here, and one statement cannot name both", async (t) => {
  const { engine: local, dir } = await ownDuckDb(t, { threads: 1 });
  const { server, engine } = await openTrino(t, one, local);
  const uri = join(dir, "e.jsonl");
  await writeFile(uri, '{"n":1}\n{"n":2}\n');
  const sql = "SELECT sum(n) FROM kb.events";
  assert.deepEqual(await engine.inspect(sql), ["kb.events"]);
  const columns = [{ name: "n", type: "long", nullable: true }];
  const events: Relation = { kind: "jsonl", schema: "kb", name: "events", columns, uris: [uri] };
  assert.deepEqual(await allRows(engine, ask(sql, { relations: [events] })), [[3]]);
  assert.equal(server.statements.length, 0);
  const mixed = await failure(engine.inspect("SELECT 1 FROM kb.events, sales.orders"));
  assert.match(mixed.message, /sales\.orders on Trino/);
  assert.deepEqual(await engine.inspect("SELECT 1 FROM sales.orders"), []);
  const written = await failure(engine.inspect("DELETE FROM orders"));
  assert.equal(written.reason, "not_read_only");
});

test("an answer as Parquet has the columns and every value of the rows", async (t) => {
  const { engine: local, dir } = await ownDuckDb(t, { threads: 1 });
  const columns = [
    bigint,
    trinoColumn("d", "double"),
    trinoColumn("b", "varbinary"),
    trinoColumn("when", "timestamp with time zone", 6),
    trinoColumn("price", "decimal", 38, 3),
    trinoColumn("text", "varchar", 10),
    trinoColumn("m", "map", trinoSignature("varchar", 5), trinoSignature("date")),
  ];
  const first = '[9223372036854775807,"NaN","AAEC","2024-02-29 12:00:00.000001 UTC",';
  const rest = '"12345678901234567.891","é\\" ,\\n",{"k":"2024-01-01"}]';
  const pages = [`[${first}${rest},[null,null,null,null,null,null,null]]`];
  const { engine } = await openTrino(t, { columns, pages }, local);
  const path = join(dir, "answer.parquet");
  assert.deepEqual(await engine.toParquet(ask("SELECT *"), path), { rows: 2 });
  const told = await local.describeParquet(path);
  assert.deepEqual(
    told.columns.map(({ name, type }) => `${name} ${type}`),
    [
      "n long",
      "d double",
      "b binary",
      "when timestamptz",
      "price decimal(38,3)",
      "text string",
      "m map<string, date>",
    ],
  );
  const uris = [path];
  const answer: Relation = {
    kind: "parquet",
    schema: "main",
    name: "answer",
    columns: told.columns,
    uris,
  };
  const expected = await allRows(engine, ask("SELECT *"));
  assert.deepEqual(await allRows(local, ask("FROM answer", { relations: [answer] })), expected);
  const none = await openTrino(t, { columns, pages: [] }, local);
  const empty = join(dir, "empty.parquet");
  assert.deepEqual(await none.engine.toParquet(ask("SELECT *"), empty), { rows: 0 });
  assert.equal((await local.describeParquet(empty)).columns.length, columns.length);
});
