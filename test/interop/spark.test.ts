// Spark attached to our REST catalog and S3 door: it reads ours, we read what it wrote.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startHouse, type RunningHouse } from "../support/running-house.ts";
import { ROOT } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startPeer, type EnginePeer } from "./engine-peer.ts";
import { ourRows } from "./engine-values.ts";
import { findSpark, type SparkTools } from "./foreign-engines.ts";
import { fillLake, ingestRows, partedRows, TABLES } from "./lake-tables.ts";
import { fillChurned } from "./random-operations.ts";

const spark = await findSpark();
const { skip } = spark;
const stops: (() => unknown)[] = [];
const lifetime = { after: (stop: () => unknown) => void stops.push(stop) };
let house: RunningHouse;
let peer: EnginePeer;

type Rows = Record<string, unknown>[];

describe("Spark", () => {
  before(async () => {
    if (spark.skip !== false) return;
    console.log(spark.found.versions);
    const dir = await tempDir(lifetime);
    house = await startHouse(join(dir, "data"), "one process");
    lifetime.after(() => house.stop());
    peer = startSpark(spark.found, house.url);
    lifetime.after(() => peer.stop());
    await fillLake(house.clients, dir);
    await fillChurned(house.clients);
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  /** Of the catalog only its address is set: access to the data comes with each table. */
  function startSpark(tools: SparkTools, url: string): EnginePeer {
    const config = {
      "spark.driver.extraClassPath": tools.jars.join(":"),
      "spark.driver.memory": "1g",
      "spark.ui.enabled": "false",
      "spark.driver.host": "127.0.0.1",
      "spark.driver.bindAddress": "127.0.0.1",
      "spark.sql.session.timeZone": "UTC",
      "spark.sql.shuffle.partitions": "2",
      "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
      "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
      "spark.sql.catalog.lake.type": "rest",
      "spark.sql.catalog.lake.uri": `${url}/iceberg`,
      // Else it looks for others' commits twice a minute only.
      "spark.sql.catalog.lake.cache-enabled": "false",
    };
    const { java_home } = tools;
    const env = { JAVA_HOME: java_home, TZ: "UTC", PYTHONDONTWRITEBYTECODE: "1" };
    const script = join(ROOT, "test/interop/spark-check.py");
    return startPeer({ python: tools.python, script, config, env });
  }

  function sql<T extends Rows = Rows>(text: string): Promise<T> {
    return peer.ask<T>("sql", { text });
  }

  function asTheyName(table: string): string {
    return `lake.${table.includes(".") ? table : `default.${table}`}`;
  }

  /** Both engines' answers for a whole table, which must be the same; answers them. */
  async function sameRows(table: string): Promise<Rows> {
    const theirs = await sql(`SELECT * FROM ${asTheyName(table)} ORDER BY id`);
    assert.deepEqual(theirs, await ourRows(house.clients, `SELECT * FROM ${table} ORDER BY id`));
    return theirs;
  }

  /** Spark's names of types where they differ from Iceberg's. */
  function ourType(type: string): string {
    const plain = type.replace(/^(array|map|struct)<.*/s, "$1");
    const known: Record<string, string> = {
      bigint: "long",
      timestamp: "timestamptz",
      timestamp_ntz: "timestamp",
      array: "list",
    };
    return known[plain] ?? plain;
  }

  for (const table of [...TABLES, "churned"]) {
    test(`Spark agrees on rows, schema and snapshots of ${table}`, { skip }, async () => {
      const { clients } = house;
      const ours = await clients.catalog.get({ name: table });
      const columns = await peer.ask<[string, string, boolean][]>("columns", {
        table: asTheyName(table),
      });
      assert.deepEqual(
        columns.map(([name, type, nullable]) => [name, ourType(type), nullable]),
        ours.fields.map(({ name, type, nullable }) => [name, type.replace(/<.*/s, ""), nullable]),
      );
      const listed = await sql(`SELECT snapshot_id FROM ${asTheyName(table)}.snapshots`);
      const { snapshots } = await clients.catalog.snapshots({ name: table, limit: 1000 });
      assert.deepEqual(
        listed.map((row) => row["snapshot_id"]).toSorted(),
        snapshots.map((one) => one.snapshot_id).toSorted(),
      );
      assert.ok((await sameRows(table)).length > 0);
    });
  }

  test("Spark travels to snapshots, times and tags as we do", { skip }, async () => {
    const { clients } = house;
    const { snapshots } = await clients.catalog.snapshots({ name: "edited" });
    const middle = snapshots[2]!;
    const at = new Date(middle.timestamp_ms).toISOString();
    for (const [theirs, ours] of [
      [`VERSION AS OF ${middle.snapshot_id}`, middle.snapshot_id],
      [`TIMESTAMP AS OF '${at.replace("T", " ").replace("Z", "")}'`, at],
      ["VERSION AS OF 'before'", "before"],
    ] as const) {
      const rows = await sql(`SELECT * FROM lake.default.edited ${theirs} ORDER BY id`);
      assert.ok(rows.length > 0);
      const same = await ourRows(clients, "SELECT * FROM edited ORDER BY id", ours);
      assert.deepEqual(rows, same, theirs);
    }
  });

  test("Spark reads our statistics and partitions in its metadata tables", { skip }, async () => {
    const files = await sql("SELECT record_count, partition FROM lake.default.parted.files");
    const { files: ours } = await house.clients.catalog.files({ name: "parted", locate: false });
    assert.equal(files.length, ours.length);
    const total = files.reduce((sum, row) => sum + Number(row["record_count"]), 0);
    assert.equal(total, 100);
    const [row] = await sql(
      "SELECT count(*) AS n FROM lake.default.parted WHERE since < '2024-01-02'",
    );
    const where = "SELECT count(*) AS n FROM parted WHERE since < TIMESTAMP '2024-01-02'";
    assert.deepEqual([row], await ourRows(house.clients, where));
  });

  test(
    "what Spark appends to our partitioned table is ours to read and to prune",
    { skip },
    async () => {
      const { clients } = house;
      const values = partedRows(500, 30).map(({ id, since, name, amount }) => {
        const text = name === null ? "NULL" : `'${name}'`;
        return `(${id}, TIMESTAMP_NTZ '${since.replace("T", " ")}', ${text}, ${amount})`;
      });
      await sql(`INSERT INTO lake.default.parted VALUES ${values.join(", ")}`);
      assert.equal((await sameRows("parted")).length, 130);
      const { tables } = await clients.query.explain({
        sql: "SELECT * FROM parted WHERE id = 517",
      });
      assert.ok(tables[0]!.files_read < tables[0]!.files_total / 2, JSON.stringify(tables));
    },
  );

  for (const mode of ["copy-on-write", "merge-on-read"]) {
    const name = mode.replaceAll("-", "_");
    test(`a table of Spark's with ${mode} changes reads the same here`, { skip }, async () => {
      const { clients } = house;
      const table = `lake.spark_made.${name}`;
      await sql("CREATE NAMESPACE IF NOT EXISTS lake.spark_made");
      await sql(`CREATE TABLE ${table} (id BIGINT NOT NULL, since TIMESTAMP, kind STRING,
        price DECIMAL(12, 3), place STRUCT<x: INT, tags: ARRAY<STRING>>)
      USING iceberg PARTITIONED BY (days(since), bucket(4, id)) TBLPROPERTIES (
        'format-version' = '2', 'write.delete.mode' = '${mode}',
        'write.update.mode' = '${mode}', 'write.merge.mode' = '${mode}')`);
      await sql(`INSERT INTO ${table} SELECT id,
        timestamp_seconds(1704067200 + id * 7200), concat('k', id % 3),
        CAST(id AS DECIMAL(12, 3)) / 8,
        named_struct('x', CAST(id AS INT), 'tags', array('a', NULL))
      FROM range(0, 80)`);
      const ours = `spark_made.${name}`;
      assert.equal((await sameRows(ours)).length, 80);
      await sql(`DELETE FROM ${table} WHERE id % 7 = 0`);
      await sameRows(ours);
      await sql(`UPDATE ${table} SET kind = 'changed' WHERE id BETWEEN 20 AND 30`);
      await sameRows(ours);
      await sql(`MERGE INTO ${table} AS t
      USING (SELECT id, 'merged' AS kind FROM range(70, 90)) AS s
      ON t.id = s.id WHEN MATCHED AND t.id = 71 THEN DELETE
      WHEN MATCHED THEN UPDATE SET kind = s.kind
      WHEN NOT MATCHED THEN INSERT (id, kind) VALUES (s.id, s.kind)`);
      const rows = await sameRows(ours);
      assert.ok(rows.some((row) => row["kind"] === "merged"));
      const { files } = await clients.catalog.files({ name: ours, locate: false });
      const deleted = files.some((file) => file.deletes.length > 0);
      assert.equal(deleted, mode === "merge-on-read");
      const { tables } = await clients.query.explain({
        sql: `SELECT * FROM ${ours} WHERE since < TIMESTAMPTZ '2024-01-02 00:00:00+00'`,
      });
      assert.ok(tables[0]!.files_read < tables[0]!.files_total, JSON.stringify(tables));
      // Ours on top of theirs: rows go, files are joined, and their deletes are applied for good.
      await clients.rewrite.delete_rows({ dataset: ours, where: "id = 50" });
      await clients.rewrite.compact({ dataset: ours, all: true });
      const joined = await sameRows(ours);
      assert.equal(joined.length, rows.length - 1);
      const compacted = await clients.catalog.files({ name: ours, locate: false });
      assert.ok(compacted.files.every((file) => file.deletes.length === 0));
    });
  }

  test(
    "Spark evolves our table, and old and new rows read the same on both sides",
    { skip },
    async () => {
      const table = "lake.default.evolved";
      await sql(`ALTER TABLE ${table} ADD COLUMN by_spark STRUCT<a: INT, b: STRING>`);
      await sql(`ALTER TABLE ${table} RENAME COLUMN note TO remark`);
      await sql(`ALTER TABLE ${table} DROP COLUMN gone`);
      await sql(`INSERT INTO ${table}
    SELECT 9, 'r', NULL, NULL, NULL, NULL, named_struct('a', 1, 'b', 'x')`);
      await sameRows("evolved");
      await sql(`ALTER TABLE ${table} ADD PARTITION FIELD truncate(1, remark)`);
      await sql(`INSERT INTO ${table} SELECT 10, 'zz', 1, 1.5, NULL, array(1), NULL`);
      assert.ok((await sameRows("evolved")).length >= 7);
      await ingestRows(house.clients, "evolved", [{ id: 11, remark: "ours", n: 1 }], {
        evolve: true,
      });
      const rows = await sameRows("evolved");
      assert.equal(rows.at(-1)!["remark"], "ours");
    },
  );

  test(
    "tables that Spark makes by SELECT, replaces, renames and drops come and go here",
    { skip },
    async () => {
      const { clients } = house;
      const table = "lake.shop.copied";
      await sql(`CREATE TABLE ${table} USING iceberg AS SELECT id, small FROM lake.default.kinds`);
      assert.equal((await sameRows("shop.copied")).length, 40);
      await sql(
        `CREATE OR REPLACE TABLE ${table} USING iceberg AS SELECT id, label FROM lake.default.kinds`,
      );
      assert.deepEqual(Object.keys((await sameRows("shop.copied"))[0]!), ["id", "label"]);
      await sql(`ALTER TABLE ${table} RENAME TO shop.renamed`);
      assert.equal((await sameRows("shop.renamed")).length, 40);
      await sql("DROP TABLE lake.shop.renamed PURGE");
      const { datasets } = await clients.catalog.list({ namespace: "shop" });
      assert.deepEqual(
        datasets.map((one) => one.name),
        ["shop.orders"],
      );
      await assert.rejects(sql("SELECT * FROM lake.shop.renamed"), /TABLE_OR_VIEW_NOT_FOUND/);
      await assert.rejects(sql("CREATE NAMESPACE lake.spark_made.deeper"), /one level only/);
    },
  );

  test(
    "upkeep that Spark does on a table of ours leaves the rows as they are",
    { skip },
    async () => {
      const before = await sameRows("edited");
      await sql(
        "CALL lake.system.rewrite_data_files(table => 'default.edited', options => map('rewrite-all', 'true'))",
      );
      await sql("CALL lake.system.rewrite_manifests('default.edited')");
      assert.deepEqual(await sameRows("edited"), before);
      await sql(
        "CALL lake.system.expire_snapshots(table => 'default.edited', older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => 1)",
      );
      assert.deepEqual(await sameRows("edited"), before);
      const { snapshots } = await house.clients.catalog.snapshots({ name: "edited" });
      // The current one and the one that a tag keeps.
      assert.equal(snapshots.length, 2);
      assert.equal((await ourRows(house.clients, "SELECT * FROM edited", "before")).length, 400);
    },
  );

  test("appends of Spark and ours at the same time are all kept", { skip }, async () => {
    const { clients } = house;
    await ingestRows(clients, "busy", [{ id: 0, who: "start" }]);
    const theirs = peer.ask("batches", { table: "lake.default.busy", start: 100, count: 6 });
    for (let id = 1; id <= 12; id++) await ingestRows(clients, "busy", [{ id, who: "ours" }]);
    await theirs;
    const counted = await clients.query.rows({
      sql: "SELECT who, count(*), count(DISTINCT id) FROM busy GROUP BY 1 ORDER BY 1",
    });
    assert.deepEqual(counted.rows, [
      ["ours", 12, 12],
      ["spark", 6, 6],
      ["start", 1, 1],
    ]);
    await sameRows("busy");
  });
});
