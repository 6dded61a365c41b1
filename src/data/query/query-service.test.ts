// The query service alone: names, files left out, held answers, limits, and bodies as they flow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { fakeCatalog, openQuery, rowsOf, type FakeTable } from "./query-fakes.suite.ts";

const orders = (): FakeTable => ({
  name: "orders",
  snapshot_id: "s1",
  columns: [
    ["id", "long"],
    ["day", "date"],
    ["note", "string"],
  ],
  files: ["a1", "a2", "a7"],
});
const sales = (): FakeTable => ({ ...orders(), name: "sales.orders", snapshot_id: "s5" });

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

async function failure(promise: Promise<unknown>): Promise<LakehouseError> {
  const thrown = await promise.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof LakehouseError, String(thrown));
  return thrown;
}

test("a dataset is named with or without its namespace, in any case", async (t) => {
  const { client, engine } = await openQuery(t, [orders(), sales()]);
  const expected: [string, string, string][] = [
    ["orders", "main", "s3://lake/a1"],
    ["MAIN.Orders", "main", "s3://lake/a1"],
    ["default.orders", "default", "s3://lake/a1"],
    ["Sales.ORDERS", "sales", "s3://lake/a1"],
    ["kb.events", "kb", "/kb/e.jsonl"],
  ];
  for (const [written, schema, first] of expected) {
    await client.rows({ sql: `SELECT 1 FROM ${written}` });
    const [relation] = engine.requests.at(-1)!.relations;
    assert.equal(relation!.schema, schema, written);
    const place = relation!.kind === "table" ? relation!.files[0]!.location : relation!.uris[0];
    assert.equal(place, first);
  }
  await client.rows({ sql: "SELECT 1 FROM orders JOIN main.orders JOIN sales.orders" });
  assert.equal(engine.requests.at(-1)!.relations.length, 2);
});

test("a wrong name is told with the nearest one of any namespace", async (t) => {
  const { client } = await openQuery(t, [sales(), { ...orders(), name: "people" }]);
  const hints: [string, string][] = [
    ["orders", "sales.orders"],
    ["sale.orders", "sales.orders"],
    ["sales.oders", "sales.orders"],
    ["default.peopel", "people"],
    ["kb.event", "kb.events"],
  ];
  for (const [written, nearest] of hints) {
    const error = await failure(client.rows({ sql: `SELECT 1 FROM ${written}` }));
    assert.equal(error.reason, "no_such_table");
    assert.equal(error.hint, `did you mean "${nearest}"?`, written);
  }
  const far = (sql: string) => failure(client.rows({ sql })).then(({ hint }) => hint);
  assert.equal(await far("SELECT 1 FROM kb.qqqqqqqq"), "there are: kb.events");
  assert.equal(await far("SELECT 1 FROM zzzzzzzz"), "there are: people");
  assert.equal(await far("SELECT 1 FROM x.zzzzzzzz"), "there are: sales.orders, people, kb.events");
});

test("conditions leave files out, and the kept ones make another version of the table", async (t) => {
  const { client, engine, asked } = await openQuery(t, [orders(), sales()]);
  const keyOf = () => {
    const [relation] = engine.requests.at(-1)!.relations;
    assert.ok(relation?.kind === "table");
    return [relation.version_key, relation.files.length];
  };
  await client.rows({ sql: "SELECT 1 FROM orders", cache: false });
  const whole = keyOf();
  assert.deepEqual(whole, ["id-orders@s1#0 all", 3]);
  engine.conditions_of = new Map([
    ["orders", [{ op: "gte", column: "ID", value: 5 } as const]],
    ["sales.orders", [{ op: "eq", column: "note", value: 5 } as const]],
  ]);
  await client.rows({ sql: "SELECT 1 FROM orders JOIN sales.orders", cache: false });
  assert.deepEqual(asked.at(-2), {
    name: "orders",
    at: undefined,
    where: [{ op: "gte", column: "id", value: 5 }],
  });
  assert.equal(asked.at(-1)!.where, undefined, "a text is not compared with a number");
  const pruned = keyOf();
  assert.equal(pruned[1], 2);
  assert.notEqual(pruned[0], whole[0]);
  // Named twice, each with conditions of its own: one relation serves both, so it is whole.
  await client.rows({ sql: "SELECT 1 FROM orders JOIN main.orders", cache: false });
  assert.equal(keyOf()[1], 3);
});

test("explain tells the files of each table, the conditions and the plan", async (t) => {
  const { client, engine } = await openQuery(t, [orders()]);
  engine.conditions_of = new Map([
    ["orders", [{ op: "in", column: "day", values: ["2024-01-01"] } as const]],
  ]);
  engine.answer = () => rowsOf([[["physical_plan"], ["SCAN"]]]);
  const told = await client.explain({ sql: "SELECT 1 FROM orders", analyze: true });
  assert.equal(engine.requests[0]!.sql, "EXPLAIN ANALYZE SELECT 1 FROM orders");
  assert.deepEqual(told.tables, [
    {
      name: "orders",
      snapshot_id: "s1",
      files_total: 3,
      files_read: 2,
      bytes_read: 200,
      conditions: ['day IN ("2024-01-01")'],
    },
  ]);
  assert.deepEqual([told.engine, told.plan], ["duckdb", "physical_plan\nSCAN"]);
  assert.ok(told.planning_ms >= 0);
  const twice = await failure(client.explain({ sql: "EXPLAIN SELECT 1" }));
  assert.equal(twice.reason, "sql_syntax");
});

test("an answer is held for the same statement on the same snapshots, in each form", async (t) => {
  const table = orders();
  const { client, engine, health } = await openQuery(t, [table]);
  const sql = "SELECT n FROM orders";
  for (const format of ["json", "ndjson", "csv", "arrow"] as const) {
    const first = await client.sql({ sql, format });
    const text = await textOf(first.body);
    const held = await client.sql({ sql: ` ${sql} ;\n`, format, query_id: "mine" });
    assert.deepEqual([first.cache, held.cache, held.query_id], ["miss", "hit", "mine"]);
    if (format !== "json") continue;
    const answers = [text, await textOf(held.body)].map((one) => JSON.parse(one));
    assert.deepEqual(answers[1].columns, answers[0].columns);
    assert.deepEqual([answers[1].row_count, answers[1].query_id], [1, "mine"]);
  }
  const made = engine.requests.length;
  const rows = await client.rows({ sql });
  assert.deepEqual((await client.rows({ sql })).rows, rows.rows);
  assert.equal(engine.requests.length, made + 1);
  table.snapshot_id = "s2";
  assert.notDeepEqual((await client.rows({ sql })).rows, rows.rows);
  assert.equal((await client.rows({ sql, at: "s1" })).row_count, 1);
  assert.equal(engine.requests.length, made + 3);
  const { figures } = await health();
  assert.ok(Number(figures["cache_hits"]) >= 5 && Number(figures["cache_bytes"]) > 0);
});

test("what may differ the next time is never held", async (t) => {
  const { client, engine } = await openQuery(t, [orders()]);
  const off = [
    "SELECT random() FROM orders",
    "SELECT Now() FROM orders",
    "SELECT current_date FROM orders",
    'SELECT "uuid"() FROM orders',
    "SELECT n FROM orders USING SAMPLE 5",
    "SELECT n FROM kb.events",
    "SELECT n FROM orders JOIN kb.events",
    "SELECT 1",
  ];
  for (const sql of off) {
    for (const time of [1, 2]) {
      const answer = await client.sql({ sql, format: "csv" });
      await textOf(answer.body);
      assert.equal(answer.cache, "off", `${sql}, time ${time}`);
    }
  }
  assert.equal(engine.requests.length, off.length * 2);
  const unwanted = await client.sql({ sql: "SELECT n FROM orders", cache: false });
  assert.equal(unwanted.cache, "off");
});

test("an answer that failed half-way or was left is not held, and a broken table is looked at", async (t) => {
  const { client, engine, verified } = await openQuery(t, [orders()]);
  const many = Array.from({ length: 20_000 }, (_, at) => [at]);
  const sql = "SELECT n FROM orders";
  engine.answer = () => rowsOf(Array.from({ length: 50 }, () => many));
  const left = await client.sql({ sql, format: "csv" });
  for await (const piece of left.body) if (piece.length > 0) break;
  engine.answer = () =>
    rowsOf([
      ...Array.from({ length: 5 }, () => many),
      () => {
        throw new LakehouseError("unavailable", "gone", { reason: "broken_dataset" });
      },
    ]);
  const cut = await client.sql({ sql, format: "csv" });
  assert.equal(cut.cache, "miss");
  const error = await failure(textOf(cut.body));
  assert.deepEqual([error.reason, error.extra["dataset"]], ["broken_dataset", "orders"]);
  assert.deepEqual(verified, ["orders"]);
  const again = await failure(client.sql({ sql, format: "csv" }));
  assert.equal(again.reason, "broken_dataset");
});

test("JSON flows as rows are made, and what fails early is still an error", async (t) => {
  const { client, engine } = await openQuery(t, [orders()]);
  let made = 0;
  engine.answer = () =>
    rowsOf(
      (function* () {
        for (; made < 90; made++) yield Array.from({ length: 1_000 }, () => ["x".repeat(100)]);
      })(),
    );
  const { body } = await client.sql({ sql: "SELECT n FROM orders" });
  assert.ok(made < 10, `${made} chunks were made before anybody read`);
  const json = JSON.parse(await textOf(body));
  assert.deepEqual([json.row_count, json.rows.length, json.truncated], [90_000, 90_000, false]);
  engine.answer = () =>
    rowsOf([
      [[1]],
      () => {
        throw new LakehouseError("invalid", "no", { reason: "sql_failed" });
      },
    ]);
  assert.equal((await failure(client.sql({ sql: "SELECT 1" }))).reason, "sql_failed");
});

test("memory of one query is bounded, and a past without tables is refused", async (t) => {
  const { client, engine } = await openQuery(t, [orders()], { memory_mb_max: 100 });
  await client.rows({ sql: "SELECT 1", memory_mb: 100 });
  assert.equal(engine.requests[0]!.limits.memory_mb, 100);
  const error = await failure(client.rows({ sql: "SELECT 1", memory_mb: 101 }));
  assert.deepEqual([error.code, error.issues[0]?.path], ["invalid", "memory_mb"]);
  const past = await failure(client.rows({ sql: "SELECT 1", at: "s1" }));
  assert.equal(past.reason, "bad_point_in_time");
});

test("a query that waits for its turn can be cancelled, and a full queue says so", async (t) => {
  const { client, engine } = await openQuery(t, [orders()], { running_max: 1, waiting_max: 1 });
  const never = Promise.withResolvers<never>();
  engine.inspect = () => never.promise;
  const running = client.rows({ sql: "SELECT 1" });
  const waiting = client.rows({ sql: "SELECT 2", query_id: "w" });
  const refused = await failure(client.rows({ sql: "SELECT 3" }));
  assert.deepEqual([refused.code, refused.extra["retry_after_s"]], ["rate_limited", 1]);
  assert.deepEqual(await client.cancel({ query_id: "w" }), { cancelled: true });
  assert.equal((await failure(waiting)).code, "cancelled");
  never.reject(new LakehouseError("invalid", "over"));
  await failure(running);
});

test("the fake catalog answers as the contract has it", async () => {
  const { client } = fakeCatalog([orders()]);
  assert.equal((await client.files({ name: "orders" })).files_total, 3);
  assert.equal((await failure(client.get({ name: "nobody" }))).reason, "no_such_dataset");
});
