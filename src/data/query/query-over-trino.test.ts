// The query service with Trino as its engine: formats, names, logs, and what it cannot do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tableFromIPC } from "apache-arrow";
import { createTrinoEngine } from "#adapters/table-engine/trino-table-engine.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { startTrinoServer, trinoColumn } from "../../../test/support/trino-server.ts";
import { fakeEngine, openQuery, rowsOf, type FakeTable } from "./query-fakes.suite.ts";

const orders: FakeTable = {
  name: "sales.orders",
  snapshot_id: "s1",
  columns: [["id", "long"]],
  files: ["a1"],
};

test("answers come from the cluster in each format, and logs from here", async (t) => {
  const columns = [trinoColumn("id", "bigint"), trinoColumn("day", "date")];
  const pages = ['[[9223372036854775807,"2024-01-01"]]', "[[2,null]]"];
  const server = await startTrinoServer(t, () => ({ columns, pages }));
  const local = fakeEngine();
  local.answer = () => rowsOf([[[7]]]);
  const connection = { url: server.url, user: "u", catalog: "lake", schema: "default" };
  const engine = createTrinoEngine(connection, local);
  const { client } = await openQuery(t, [orders], {}, engine);
  const sql = "SELECT * FROM sales.orders WHERE id > $1";
  const asked = { sql, params: [1] };
  const arrow = await client.sql({ ...asked, format: "arrow" });
  const table = await tableFromIPC(arrow.body);
  assert.deepEqual([...table.getChildAt(0)!], [9_223_372_036_854_775_807n, 2n]);
  const csv = await client.sql({ ...asked, format: "csv" });
  let text = "";
  for await (const piece of csv.body) text += Buffer.from(piece).toString();
  assert.equal(text, "id,day\r\n9223372036854775807,2024-01-01\r\n2,\r\n");
  assert.equal(csv.cache, "off", "its tables' snapshots are not known here");
  assert.match(server.statements[0]!.sql, /^EXECUTE IMMEDIATE .* USING 1$/);
  const logs = await client.rows({ sql: "SELECT n FROM kb.events" });
  assert.deepEqual([logs.rows, server.statements.length], [[[7]], 2]);
  await client.rows({ sql: "SHOW TABLES" });
  assert.match(server.statements[2]!.sql, /VALUES \('sales\.orders'\), \('kb\.events'\)/);
  const explained = await client.explain({ sql: "SELECT * FROM sales.orders" });
  assert.deepEqual(explained.tables, []);
  const refused = async (work: Promise<unknown>) => {
    const thrown = await work.then(
      () => assert.fail("taken"),
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof LakehouseError);
    return thrown.reason;
  };
  assert.equal(await refused(client.rows({ ...asked, at: "s1" })), "bad_point_in_time");
  assert.equal(await refused(client.rows({ sql: "DROP TABLE sales.orders" })), "not_read_only");
  const mixed = "SELECT * FROM kb.events JOIN sales.orders";
  assert.equal(await refused(client.rows({ sql: mixed })), "sql_failed");
});
