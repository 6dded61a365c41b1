// What users meet: SQL over datasets and logs in every format, with limits, and errors that help.
import assert from "node:assert/strict";
import { mkdir, readdir, readlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { tableFromIPC } from "apache-arrow";
import { startCall } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { lakesOfOneEngine, put, select, textOf, type Lake } from "#data/ingest/open-lake.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { createQueryTurns } from "./query-turns.ts";

const openLake = lakesOfOneEngine();

const PEOPLE = 'id,name,pay\n1,Ann,10.5\n2,"Bo, ""Jr""",\n3,Cy,7\n';

async function failure(promise: Promise<unknown>): Promise<LakehouseError> {
  const error = await promise.then(
    () => assert.fail("it should have failed"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LakehouseError, String(error));
  return error;
}

async function sqlText(lake: Lake, sql: string, format: "json" | "ndjson" | "csv", more = {}) {
  const { body, content_type } = await lake.query.sql({ sql, format, ...more });
  return { text: await textOf(body), content_type };
}

eachTransport(
  "one SELECT is answered as JSON, NDJSON, CSV, Parquet and rows",
  async (connect, t) => {
    const lake = await openLake(t, { connect });
    await put(lake, "people", "p.csv", PEOPLE);
    const sql = "SELECT id, name, pay, id AS id FROM people ORDER BY id";
    const json = JSON.parse((await sqlText(lake, sql, "json")).text);
    assert.deepEqual(json.rows[0], { id: 1, name: "Ann", pay: 10.5, id_1: 1 });
    assert.deepEqual([json.row_count, json.truncated, json.columns.length], [3, false, 4]);
    assert.equal(json.columns[2].type, "double");
    assert.ok(json.elapsed_ms > 0 && json.query_id.length > 10);
    const ndjson = await sqlText(lake, sql, "ndjson");
    assert.equal(ndjson.content_type, "application/x-ndjson");
    assert.equal(ndjson.text.split("\n")[1], '{"id":2,"name":"Bo, \\"Jr\\"","pay":null,"id_1":2}');
    const csv = await sqlText(lake, sql, "csv");
    assert.equal(csv.text, 'id,name,pay,id_1\r\n1,Ann,10.5,1\r\n2,"Bo, ""Jr""",,2\r\n3,Cy,7,3\r\n');
    const rows = await lake.query.rows({
      sql: "SELECT name FROM people WHERE id = $1",
      params: [3],
    });
    assert.deepEqual(rows.rows, [["Cy"]]);
    const parquet = await lake.query.sql({ sql, format: "parquet" });
    assert.match(await textOf(parquet.body), /^PAR1[^]*PAR1$/);
    assert.deepEqual((await readdir(join(lake.dir, "query"))).length, 0);
    const arrow = await lake.query.sql({ sql, format: "arrow" });
    assert.equal(arrow.content_type, "application/vnd.apache.arrow.stream");
    const table = await tableFromIPC(arrow.body);
    assert.deepEqual(table.getChild("id")!.toArray(), new BigInt64Array([1n, 2n, 3n]));
    assert.deepEqual([...table.getChild("pay")!], [10.5, null, 7]);
  },
);

eachTransport("errors say what is wrong and what would be right", async (connect, t) => {
  const lake = await openLake(t, { connect });
  await put(lake, "people", "p.csv", PEOPLE);
  const expected: [string, string, string][] = [
    ["SELEC 1", "invalid", "sql_syntax"],
    ["DROP TABLE people", "forbidden", "not_read_only"],
    ["SELECT 1; SELECT 2", "invalid", "many_statements"],
    ["SELECT * FROM '/etc/passwd'", "not_found", "no_such_table"],
    ["SELECT * FROM kb.nothing", "not_found", "no_such_table"],
    ["SELECT nope FROM people", "invalid", "sql_failed"],
    ["SELECT name::INT FROM people", "invalid", "sql_failed"],
    ["SELECT $2 FROM people", "invalid", "sql_failed"],
  ];
  for (const [sql, code, reason] of expected) {
    for (const format of ["json", "ndjson", "csv", "arrow", "parquet"] as const) {
      const error = await failure(lake.query.sql({ sql, format }).then(({ body }) => textOf(body)));
      assert.deepEqual([error.code, error.reason], [code, reason], `${sql}: ${error.message}`);
    }
  }
  const near = await failure(lake.query.rows({ sql: "SELECT * FROM peopel" }));
  assert.equal(near.hint, 'did you mean "people"?');
  const at = await failure(lake.query.rows({ sql: "SELECT * FROM people", at: "no time" }));
  // What is no time may be the name of a tag.
  assert.match(at.reason, /^(bad_point_in_time|no_such_snapshot)$/);
  const early = lake.query.rows({ sql: "SELECT * FROM people", at: "2001-01-01T00:00:00Z" });
  assert.equal((await failure(early)).reason, "no_such_snapshot");
  assert.deepEqual(await select(lake, "SELECT count(*) FROM people"), [[3]]);
});

test("rows over the limit are told of, and streams have no limit of their own", async (t) => {
  const lake = await openLake(t, { query: { rows_max: 10 } });
  const many = await lake.query.rows({ sql: "FROM range(11)" });
  assert.deepEqual([many.row_count, many.truncated], [10, true]);
  const all = await lake.query.rows({ sql: "FROM range(10)" });
  assert.deepEqual([all.row_count, all.truncated], [10, false]);
  assert.equal((await lake.query.rows({ sql: "FROM range(9)", limit: 3 })).truncated, true);
  assert.equal((await lake.query.rows({ sql: "FROM range(9)", limit: 50 })).row_count, 9);
  const streamed = await sqlText(lake, "FROM range(50000)", "csv");
  assert.equal(streamed.text.split("\r\n").length, 50_002);
  assert.equal((await sqlText(lake, "FROM range(50000)", "ndjson", { limit: 2 })).text.length, 24);
});

test("an answer too large for memory is refused, not built", async (t) => {
  const lake = await openLake(t, { query: { result_mb_max: 1 } });
  const sql = "SELECT repeat('x', 1000) FROM range(5000)";
  assert.equal((await failure(lake.query.rows({ sql }))).code, "too_large");
  assert.ok((await sqlText(lake, sql, "csv")).text.length > 5_000_000);
});

test("logs are tables of schema kb, and SHOW TABLES names everything", async (t) => {
  const columns = [{ name: "n", type: "long", nullable: true }];
  const kb = (dir: string) => [{ name: "events", uris: [join(dir, "kb", "e.jsonl")], columns }];
  const lake = await openLake(t, { kb });
  await put(lake, "people", "p.csv", PEOPLE);
  assert.deepEqual(await select(lake, "SELECT count(*) FROM kb.events"), [[0]]);
  await mkdir(join(lake.dir, "kb"));
  await writeFile(join(lake.dir, "kb", "e.jsonl"), '{"n":1}\n{"n":2}\n{"n":');
  const sql = "SELECT p.name FROM kb.events e JOIN people p ON p.id = e.n ORDER BY 1";
  assert.deepEqual(await select(lake, sql), [["Ann"], ['Bo, "Jr"']]);
  assert.deepEqual(await select(lake, "show tables;"), [["people"], ["kb.events"]]);
  const { tables } = await lake.query.tables({});
  assert.deepEqual(
    tables.map((table) => [table.schema, table.name, table.rows, table.broken]),
    [
      ["main", "people", 3, null],
      ["kb", "events", null, null],
    ],
  );
});

test("a dataset whose object is gone breaks only queries that name it, and gets quarantined", async (t) => {
  const lake = await openLake(t);
  await put(lake, "good", "g.csv", PEOPLE);
  await put(lake, "bad", "b.csv", "n\n1\n");
  const { files } = await lake.catalog.files({ name: "bad" });
  await unlink(files[0]!.uri);
  const error = await failure(lake.query.rows({ sql: "SELECT * FROM bad, good" }));
  assert.deepEqual([error.reason, error.extra["dataset"]], ["broken_dataset", "bad"]);
  assert.deepEqual(await select(lake, "SELECT count(*) FROM good"), [[3]]);
  const { tables } = await lake.query.tables({});
  assert.notEqual(tables.find((table) => table.name === "bad")!.broken, null);
  const again = await failure(lake.query.rows({ sql: "SELECT * FROM bad" }));
  assert.equal(again.reason, "broken_dataset");
});

test("a running query is cancelled by its id, by its caller and by its time", async (t) => {
  const lake = await openLake(t);
  const sql = "SELECT count(*) FROM range(10000000) a, range(10000000) b";
  const running = failure(lake.query.rows({ sql, query_id: "q1" }));
  while (!(await lake.query.cancel({ query_id: "q1" })).cancelled) await Promise.resolve();
  assert.equal((await running).code, "cancelled");
  assert.deepEqual(await lake.query.cancel({ query_id: "q1" }), { cancelled: false });
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(), 30);
  const left = failure(lake.query.rows({ sql }, startCall({ signal: leaving.signal })));
  assert.equal((await left).code, "cancelled");
  assert.equal((await failure(lake.query.rows({ sql, timeout_ms: 50 }))).code, "deadline_exceeded");
  assert.deepEqual(await select(lake, "SELECT 1"), [[1]]);
});

test("a body that is left half-way gives its place to the next query", async (t) => {
  const lake = await openLake(t, { query: { running_max: 1 } });
  for (let i = 0; i < 3; i++) {
    const { body } = await lake.query.sql({ sql: "FROM range(10000000)", format: "ndjson" });
    for await (const chunk of body) if (chunk.length > 0) break;
  }
  const { body } = await lake.query.sql({ sql: "FROM range(10000000)", format: "ndjson" });
  await body[Symbol.asyncIterator]().return?.();
  assert.deepEqual(await select(lake, "SELECT 1"), [[1]]);
});

test("an export that is being read keeps its turn, however long its reader takes", async (t) => {
  const lake = await openLake(t, { query: { running_max: 1 } });
  const sql = "FROM range(1000000)";
  const { body } = await lake.query.sql({ sql, format: "ndjson", timeout_ms: 150 });
  const reader = body[Symbol.asyncIterator]();
  await reader.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const call = startCall({ signal: AbortSignal.timeout(200) });
  const other = await failure(lake.query.rows({ sql: "SELECT 1" }, call));
  assert.equal(other.code, "cancelled");
  await reader.return?.();
  assert.deepEqual(await select(lake, "SELECT 1"), [[1]]);
});

test("a Parquet answer that nobody reads leaves no file open or behind", async (t) => {
  const lake = await openLake(t);
  const folder = join(lake.dir, "query");
  for (let i = 0; i < 3; i++) {
    const { body } = await lake.query.sql({ sql: "SELECT 1 AS one", format: "parquet" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await body[Symbol.asyncIterator]().return?.();
  }
  assert.deepEqual(await readdir(folder), []);
  assert.deepEqual(await openFilesBelow(folder), []);
});

/** What this process holds open below a folder; nothing where the system does not tell. */
async function openFilesBelow(folder: string): Promise<string[]> {
  const descriptors = await readdir("/proc/self/fd").catch(() => []);
  const paths = descriptors.map((fd) => readlink(join("/proc/self/fd", fd)).catch(() => ""));
  return (await Promise.all(paths)).filter((path) => path.startsWith(folder));
}

test("owners take turns, whoever asked for more", async () => {
  const turns = createQueryTurns(1, 10);
  const never = new AbortController().signal;
  const first = await turns.take("a", never);
  const order: string[] = [];
  const asked = ["a", "a", "a", "b", "a", "b"].map(async (owner) => {
    const leave = await turns.take(owner, never);
    order.push(owner);
    leave();
  });
  const gone = new AbortController();
  const given_up = turns.take("c", gone.signal);
  gone.abort();
  await assert.rejects(given_up, { code: "cancelled" });
  first();
  await Promise.all(asked);
  assert.equal(order.join(""), "ababaa");
  const held = await turns.take("a", never);
  const waiting = Array.from({ length: 10 }, () => turns.take("a", never).then((leave) => leave()));
  await assert.rejects(turns.take("b", never), { code: "rate_limited" });
  held();
  await Promise.all(waiting);
  assert.deepEqual([turns.running(), turns.waiting()], [0, 0]);
});
