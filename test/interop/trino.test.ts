// A real Trino on our REST catalog and S3 door, and our Trino engine in front of it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createDuckDbEngine } from "#adapters/table-engine/duckdb-table-engine.ts";
import { createTrinoEngine } from "#adapters/table-engine/trino-table-engine.ts";
import type { QueryEngine } from "#ports/table-engine.ts";
import { startHouse, type RunningHouse } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";
import { comparableRows, ourRows } from "./engine-values.ts";
import { findTrino } from "./foreign-engines.ts";
import { fillLake, ingestRows, TABLES } from "./lake-tables.ts";
import { fillChurned } from "./random-operations.ts";
import { startTrino, type RunningTrino } from "./real-trino.ts";

const trino = await findTrino();
const { skip } = trino;
const stops: (() => unknown)[] = [];
const lifetime = { after: (stop: () => unknown) => void stops.push(stop) };
let house: RunningHouse;
let server: RunningTrino;
let engine: QueryEngine;

describe("Trino", () => {
  before(async () => {
    if (trino.skip !== false) return;
    console.log(trino.found.versions);
    const dir = await tempDir(lifetime);
    house = await startHouse(join(dir, "data"), "one process");
    lifetime.after(() => house.stop());
    await fillLake(house.clients, dir);
    await fillChurned(house.clients);
    server = await startTrino(trino.found, house.url, TABLES[0], await tempDir(lifetime));
    lifetime.after(() => server.stop());
    const local = await createDuckDbEngine({
      memory_mb: 256,
      threads: 1,
      temp_dir: join(dir, "duckdb"),
      data_dir: join(dir, "data"),
    });
    lifetime.after(() => local.close());
    const connection = { url: server.url, user: "test", catalog: "lake", schema: "default" };
    engine = createTrinoEngine(connection, local);
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  /** Rows of a SELECT by our Trino engine. */
  async function trinoRows(sql: string, params: unknown[] = []) {
    const limits = { rows_max: 100_000, timeout_ms: 120_000 };
    const signal = AbortSignal.timeout(120_000);
    const { columns, chunks } = await engine.rows({ sql, params, relations: [], limits, signal });
    const rows: (readonly unknown[])[] = [];
    for await (const chunk of chunks) rows.push(...chunk);
    return comparableRows(columns, rows);
  }

  interface Answer {
    readonly nextUri?: string;
    readonly error?: { readonly message: string };
  }

  /** Runs a statement that writes; our engine takes none of these. */
  async function run(sql: string): Promise<void> {
    const headers = {
      "x-trino-user": "test",
      "x-trino-catalog": "lake",
      "x-trino-schema": "default",
    };
    const first = await fetch(`${server.url}/v1/statement`, { method: "POST", headers, body: sql });
    let answer = (await first.json()) as Answer;
    while (answer.nextUri !== undefined) {
      answer = (await (await fetch(answer.nextUri, { headers })).json()) as Answer;
    }
    if (answer.error !== undefined) throw new Error(`${sql}\n${answer.error.message}`);
  }

  async function sameRows(table: string) {
    const sql = `SELECT * FROM ${table} ORDER BY id`;
    const theirs = await trinoRows(sql);
    assert.deepEqual(theirs, await ourRows(house.clients, sql));
    return theirs;
  }

  for (const table of [...TABLES, "clock_kinds", "churned"]) {
    test(
      `Trino answers through our engine just what DuckDB does for ${table}`,
      { skip },
      async () => {
        assert.ok((await sameRows(table)).length > 0);
      },
    );
  }

  test("Trino takes parameters, joins and aggregates as we ask it", { skip }, async () => {
    const sql = `SELECT e.note, count(*) AS n, sum(k.price) AS total FROM edited AS e
    JOIN kinds AS k ON k.id = e.id WHERE e.id > ? GROUP BY e.note ORDER BY e.note`;
    const theirs = await trinoRows(sql, [5]);
    const { columns, rows } = await house.clients.query.rows({ sql, params: [5] });
    assert.deepEqual(theirs, comparableRows(columns, rows));
    assert.ok(theirs.length > 0);
  });

  test("Trino travels to our snapshots", { skip }, async () => {
    const { clients } = house;
    const { snapshots } = await clients.catalog.snapshots({ name: "edited" });
    for (const { snapshot_id } of snapshots) {
      const theirs = await trinoRows(
        `SELECT * FROM edited FOR VERSION AS OF ${snapshot_id} ORDER BY id`,
      );
      const ours = await ourRows(clients, "SELECT * FROM edited ORDER BY id", snapshot_id);
      assert.deepEqual(theirs, ours, snapshot_id);
    }
  });

  test(
    "a table of Trino's, with its deletes and merges, reads the same here",
    { skip },
    async () => {
      const { clients } = house;
      await run("CREATE SCHEMA lake.by_trino");
      await run(`CREATE TABLE by_trino.made (id bigint, since timestamp(6),
    kind varchar, price decimal(12, 3))
    WITH (partitioning = ARRAY['day(since)', 'bucket(id, 3)'])`);
      await run(`INSERT INTO by_trino.made SELECT id,
    timestamp '2024-01-01 00:00:00' + id * interval '2' hour,
    'k' || cast(id % 3 AS varchar), cast(id AS decimal(12, 3)) / 8
    FROM UNNEST(sequence(0, 79)) AS s(id)`);
      assert.equal((await sameRows("by_trino.made")).length, 80);
      await run("DELETE FROM by_trino.made WHERE id % 7 = 0");
      await run("UPDATE by_trino.made SET kind = 'changed' WHERE id BETWEEN 20 AND 30");
      await sameRows("by_trino.made");
      await run(`MERGE INTO by_trino.made AS t USING UNNEST(sequence(70, 90)) AS s(id)
    ON t.id = s.id
    WHEN MATCHED THEN UPDATE SET kind = 'merged'
    WHEN NOT MATCHED THEN INSERT (id, kind) VALUES (s.id, 'new')`);
      const rows = await sameRows("by_trino.made");
      const { files } = await clients.catalog.files({ name: "by_trino.made", locate: false });
      assert.ok(files.some((file) => file.deletes.length > 0));
      const { tables } = await clients.query.explain({
        sql: "SELECT * FROM by_trino.made WHERE since < TIMESTAMP '2024-01-02 00:00:00'",
      });
      assert.ok(tables[0]!.files_read < tables[0]!.files_total, JSON.stringify(tables));
      await clients.rewrite.compact({ dataset: "by_trino.made", all: true });
      assert.equal((await sameRows("by_trino.made")).length, rows.length);
    },
  );

  test("what either side appends and evolves, the other reads", { skip }, async () => {
    const { clients } = house;
    await run("ALTER TABLE evolved ADD COLUMN by_trino varchar");
    await run("INSERT INTO evolved (id, note, by_trino) VALUES (20, 'theirs', 'x')");
    await ingestRows(clients, "evolved", [{ id: 21, note: "ours", by_trino: "y", n: 3 }], {
      evolve: true,
    });
    const rows = await sameRows("evolved");
    assert.deepEqual(
      rows.slice(-2).map((row) => [row["note"], row["by_trino"]]),
      [
        ["theirs", "x"],
        ["ours", "y"],
      ],
    );
  });
});
