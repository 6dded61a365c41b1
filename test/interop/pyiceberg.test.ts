// PyIceberg attached to our REST catalog and S3 door: it reads ours, we read what it wrote.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startHouse, type RunningHouse } from "../support/running-house.ts";
import { ROOT } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startPeer, type EnginePeer } from "./engine-peer.ts";
import { ourRows } from "./engine-values.ts";
import { findPython } from "./foreign-engines.ts";
import { READER, startGuardedHouse, WRITER } from "./guarded-house.ts";
import { fillLake, ingestRows, partedRows, TABLES } from "./lake-tables.ts";
import { fillChurned } from "./random-operations.ts";

const python = await findPython();
const { skip } = python;
const stops: (() => unknown)[] = [];
const lifetime = { after: (stop: () => unknown) => void stops.push(stop) };
let house: RunningHouse;
let peer: EnginePeer;

interface Described {
  readonly columns: [number, string, string, boolean][];
  readonly spec: [number, number, string, string][];
  readonly snapshots: string[];
  readonly current: string | null;
  readonly refs: Record<string, string>;
  readonly properties: Record<string, string>;
}

type Rows = Record<string, unknown>[];

describe("PyIceberg", () => {
  before(async () => {
    if (python.skip !== false) return;
    console.log(python.found.versions);
    const dir = await tempDir(lifetime);
    house = await startHouse(join(dir, "data"), "one process");
    lifetime.after(() => house.stop());
    await fillLake(house.clients, dir);
    await fillChurned(house.clients);
    peer = attach({ type: "rest", uri: `${house.url}/iceberg` });
    lifetime.after(() => peer.stop());
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  /** A PyIceberg of its own, attached with these properties. */
  function attach(config: Record<string, string>): EnginePeer {
    assert.ok(python.skip === false);
    const script = join(ROOT, "test/interop/pyiceberg-check.py");
    const env = { PYTHONDONTWRITEBYTECODE: "1" };
    return startPeer({ python: python.found.python, script, config, env });
  }

  function asTheyName(table: string): string {
    return table.includes(".") ? table : `default.${table}`;
  }

  /** Iceberg's type names without spaces, lists and structs left to the comparison of rows. */
  function plainType(type: string): string {
    return type.replaceAll(" ", "").replace(/^(list|map|struct)<.*/s, "$1");
  }

  for (const table of [...TABLES, "clock_kinds", "churned"]) {
    test(`PyIceberg agrees on rows, schema and snapshots of ${table}`, { skip }, async () => {
      const { clients } = house;
      const theirs = await peer.ask<Described>("describe", { table: asTheyName(table) });
      const ours = await clients.catalog.get({ name: table });
      assert.deepEqual(
        theirs.columns.map(([id, name, type, nullable]) => [id, name, plainType(type), nullable]),
        ours.fields.map((one) => [one.field_id, one.name, plainType(one.type), one.nullable]),
      );
      const { snapshots } = await clients.catalog.snapshots({ name: table, limit: 1000 });
      assert.deepEqual(theirs.snapshots, snapshots.map((one) => one.snapshot_id).toSorted());
      assert.equal(theirs.current, ours.current_snapshot_id);
      const rows = await peer.ask<Rows>("rows", { table: asTheyName(table) });
      assert.ok(rows.length > 0);
      assert.deepEqual(rows, await ourRows(clients, `SELECT * FROM ${table} ORDER BY id`));
    });
  }

  test("PyIceberg lists our namespaces and tables", { skip }, async () => {
    const { namespaces, tables } = await peer.ask<{
      namespaces: string[][];
      tables: Record<string, string[]>;
    }>("names");
    assert.deepEqual(namespaces.flat().toSorted(), ["default", "shop"]);
    assert.deepEqual(tables["shop"], ["orders"]);
    assert.deepEqual(
      tables["default"]!.toSorted(),
      [...TABLES.filter((one) => !one.includes(".")), "clock_kinds", "churned"].toSorted(),
    );
  });

  test("PyIceberg reads every snapshot and the tag as we do", { skip }, async () => {
    const { clients } = house;
    const { snapshots } = await clients.catalog.snapshots({ name: "edited" });
    assert.ok(snapshots.length >= 5);
    for (const { snapshot_id } of snapshots) {
      const rows = await peer.ask<Rows>("rows", { table: "default.edited", snapshot_id });
      const ours = await ourRows(clients, "SELECT * FROM edited ORDER BY id", snapshot_id);
      assert.deepEqual(rows, ours, snapshot_id);
    }
    const tagged = await peer.ask<Rows>("rows", { table: "default.edited", ref: "before" });
    assert.equal(tagged.length, 400);
    assert.deepEqual(tagged, await ourRows(clients, "SELECT * FROM edited ORDER BY id", "before"));
  });

  test("PyIceberg prunes our files by partition and by statistics", { skip }, async () => {
    const table = "default.parted";
    const all = await peer.ask<number>("planned", { table, where: "id >= 0" });
    for (const where of [
      "since < '2024-01-02T00:00:00'",
      "id = 17",
      "amount > 1000",
      "name = 'b-name-1'",
    ]) {
      const some = await peer.ask<number>("planned", { table, where });
      assert.ok(some < all, `${where}: ${some} of ${all} files`);
      const rows = await peer.ask<Rows>("rows", { table, where });
      const sql = `SELECT * FROM parted WHERE ${where} ORDER BY id`;
      assert.deepEqual(rows, await ourRows(house.clients, sql), where);
    }
  });

  test(
    "what PyIceberg appends to a partitioned table is ours to read and to prune",
    { skip },
    async () => {
      const { clients } = house;
      const added = partedRows(500, 30);
      const snapshot = await peer.ask<string>("append", {
        table: "default.parted",
        values: added,
      });
      assert.equal((await clients.catalog.get({ name: "parted" })).current_snapshot_id, snapshot);
      const counted = await clients.query.rows({ sql: "SELECT count(*) FROM parted" });
      assert.deepEqual(counted.rows, [[130]]);
      const sql = "SELECT * FROM parted WHERE id = 517";
      const [found] = await ourRows(clients, sql);
      assert.equal(found!["name"], added[17]!.name);
      const { tables } = await clients.query.explain({ sql });
      assert.ok(tables[0]!.files_read < tables[0]!.files_total / 2, JSON.stringify(tables));
      const theirs = await peer.ask<Rows>("rows", { table: "default.parted" });
      assert.deepEqual(theirs, await ourRows(clients, "SELECT * FROM parted ORDER BY id"));
    },
  );

  const COLUMNS = [
    ["id", "long", true],
    ["day", "date", false],
    ["kind", "string", false],
    ["price", "decimal(12, 3)", false],
    ["note", "string", false],
  ];
  const ROWS = Array.from({ length: 50 }, (_, id) => ({
    id,
    day: `2024-03-${String((id % 5) + 1).padStart(2, "0")}`,
    kind: ["red", "green", null][id % 3],
    price: `${id}.125`,
    note: `n${id}`,
  }));

  test(
    "a table that PyIceberg creates, fills, changes and evolves reads the same here",
    { skip },
    async () => {
      const { clients } = house;
      const table = "shop.made";
      const partition_by = [
        ["day", "month", "day_month"],
        ["kind", "identity", "kind"],
      ];
      await peer.ask("create", { table, columns: COLUMNS, partition_by });
      await peer.ask("append", { table, values: ROWS });
      await peer.ask("delete", { table, where: "id < 5" });
      await peer.ask("overwrite", {
        table,
        values: [{ ...ROWS[9]!, note: "new" }],
        where: "id == 9",
      });
      const done = await peer.ask<number[]>("upsert", {
        table,
        values: [
          { ...ROWS[10]!, note: "up" },
          { ...ROWS[11]!, id: 777 },
        ],
        key: ["id"],
      });
      assert.deepEqual(done, [1, 1]);
      const same = async () => {
        const theirs = await peer.ask<Rows>("rows", { table });
        assert.deepEqual(await ourRows(clients, `SELECT * FROM ${table} ORDER BY id`), theirs);
        return theirs;
      };
      const rows = await same();
      assert.equal(rows.length, 46);
      assert.equal(rows.find((row) => row["id"] === "9")!["note"], "new");
      const evolved = await peer.ask<Described>("evolve", { table });
      assert.equal(evolved.properties["touched-by"], "pyiceberg");
      assert.ok((await same())[0]!["remark"]);
      // And on with ours, on top of theirs.
      await clients.rewrite.delete_rows({ dataset: table, where: "kind = 'green'" });
      await clients.rewrite.compact({ dataset: table, all: true });
      const left = await same();
      assert.ok(left.length > 0 && left.every((row) => row["kind"] !== "green"));
      const current = (await clients.catalog.get({ name: table })).current_snapshot_id!;
      const refs = await peer.ask<Record<string, string>>("tag", {
        table,
        name: "kept",
        snapshot_id: current,
      });
      assert.equal(refs["kept"], current);
      assert.equal((await clients.catalog.get({ name: table })).tags["kept"], current);
    },
  );

  test("a table made and filled in one transaction appears with its rows", { skip }, async () => {
    const table = "default.staged_by_py";
    await peer.ask("create", { table, columns: COLUMNS, staged_rows: ROWS });
    const ours = await ourRows(house.clients, "SELECT * FROM staged_by_py ORDER BY id");
    assert.deepEqual(ours, await peer.ask<Rows>("rows", { table }));
    assert.equal(ours.length, 50);
  });

  test("namespaces, renames, drops and errors are what PyIceberg expects", { skip }, async () => {
    const seen = await peer.ask<Record<string, unknown>>("housekeeping");
    assert.deepEqual(seen, {
      twice: "NamespaceAlreadyExistsError",
      properties: { owner: "pyiceberg" },
      changed: { team: "lake" },
      exists_twice: "TableAlreadyExistsError",
      not_empty: "NamespaceNotEmptyError",
      tables: ["second"],
      exists: [false, true],
      gone: "NoSuchTableError",
      no_namespace: "NoSuchNamespaceError",
      left: false,
    });
  });

  test("appends of PyIceberg and ours at the same time are all kept", { skip }, async () => {
    const { clients } = house;
    await ingestRows(clients, "busy", [{ id: 0, who: "start" }]);
    const ours = (async () => {
      for (let id = 1; id <= 10; id++) await ingestRows(clients, "busy", [{ id, who: "ours" }]);
    })();
    let refused = 0;
    for (let id = 101; id <= 105; id++) {
      // PyIceberg says when another was first; then it is to be tried again.
      for (;;) {
        const values = [{ id, who: "theirs" }];
        const failed = await peer.ask("append", { table: "default.busy", values }).then(
          () => undefined,
          (error: Error) => error,
        );
        if (failed === undefined) break;
        assert.match(failed.message, /CommitFailedException/);
        refused++;
        assert.ok(refused < 100);
      }
    }
    await ours;
    const counted = await clients.query.rows({
      sql: "SELECT who, count(*), count(DISTINCT id) FROM busy GROUP BY 1 ORDER BY 1",
    });
    assert.deepEqual(counted.rows, [
      ["ours", 10, 10],
      ["start", 1, 1],
      ["theirs", 5, 5],
    ]);
  });

  test("PyIceberg signs in by OAuth, and may do what its token may", { skip }, async (t) => {
    const guarded = await startGuardedHouse(join(await tempDir(t), "data"));
    t.after(() => guarded.stop());
    await ingestRows(guarded.clients, "kept", [{ id: 1, who: "ours" }]);
    const table = "default.kept";
    const values = [{ id: 2, who: "theirs" }];
    const [reader, writer] = [READER, WRITER].map((secret) => {
      const credential = `some-client:${secret}`;
      const one = attach({ type: "rest", uri: `${guarded.url}/iceberg`, credential });
      t.after(() => one.stop());
      return one;
    });
    assert.equal((await reader!.ask<Rows>("rows", { table })).length, 1);
    await assert.rejects(reader!.ask("append", { table, values }), /access.?denied|forbidden/i);
    await writer!.ask("append", { table, values });
    const rows = await reader!.ask<Rows>("rows", { table });
    assert.deepEqual(rows, await ourRows(guarded.clients, "SELECT * FROM kept ORDER BY id"));
    assert.equal(rows.length, 2);
  });
});
