// What every table engine must do with Iceberg tables: write files with ids and statistics, read
// columns by id, leave deleted rows out, and write rows anew.
import assert from "node:assert/strict";
import { access, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "../../test/support/temp-dir.ts";
import type { IdColumn, TableEngine, TableRelation } from "./table-engine.ts";
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

export function tableFilesSuite(label: string, open: OpenEngine): void {
  async function opened(t: { after(fn: () => unknown): void }) {
    const dir = await tempDir(t);
    const engine = await open(dir);
    t.after(() => engine.close());
    const rows = (relation: TableRelation, sql = "SELECT * FROM t ORDER BY ALL") =>
      allRows(engine, sqlRequest(sql, { relations: [relation] }));
    return { dir, engine, rows };
  }

  test(`${label}: a written file has Iceberg's statistics, and bounds in its JSON form`, async (t) => {
    const { dir, engine } = await opened(t);
    const columns = idColumns({
      l: "long",
      d: "double",
      s: "string",
      day: "date",
      at: "timestamp",
      tz: "timestamptz",
      ti: "time",
      b: "boolean",
      dec: "decimal(9,2)",
      f: "float",
      u: "uuid",
      none: "string",
    });
    const uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
    const csv =
      "l,d,s,day,at,tz,ti,b,dec,f,u,none\n" +
      `-9007199254740993,-0.0,${"é".repeat(70)},2024-02-29,2024-01-01 10:00:00.5,` +
      `2024-01-01 10:00:00+02,10:00:01,true,14.20,0.1,${uuid},\n` +
      `7,2.5,b,2017-11-16,2017-11-16 22:31:08,2024-01-01 10:00:00Z,09:00:00,false,-1.5,2,${uuid},\n`;
    const made = await convertText(engine, dir, csv, { columns });
    assert.equal(made.files.length, 1);
    const file = made.files[0]!;
    assert.equal(file.size_bytes, (await stat(file.path)).size);
    assert.deepEqual([file.rows, file.partition, file.split_offsets], [2, {}, [4]]);
    assert.ok(file.stats.every(({ size_bytes, values }) => size_bytes! > 0 && values === 2));
    const bounds = file.stats.map(({ field_id, nulls, lower, upper }) => [
      field_id,
      nulls,
      lower,
      upper,
    ]);
    assert.deepEqual(bounds, [
      [1, 0, "-9007199254740993", 7],
      // Minus zero counts as less than zero.
      [2, 0, -Number.MIN_VALUE, 2.5],
      [3, 0, "b", `${"é".repeat(63)}ê`],
      [4, 0, "2017-11-16", "2024-02-29"],
      [5, 0, "2017-11-16T22:31:08", "2024-01-01T10:00:00.500000"],
      [6, 0, "2024-01-01T08:00:00+00:00", "2024-01-01T10:00:00+00:00"],
      [7, 0, "09:00:00", "10:00:01"],
      [8, 0, false, true],
      [9, 0, "-1.50", "14.20"],
      [10, 0, Math.fround(0.1), 2],
      [11, 0, uuid, uuid],
      [12, 2, undefined, undefined],
    ]);
  });

  test(`${label}: no rows are no file, and a column that must have values gets them`, async (t) => {
    const { dir, engine } = await opened(t);
    const empty = await convertText(engine, dir, "a,b\n");
    assert.deepEqual([empty.files, empty.rows], [[], 0]);
    const columns = idColumns({ a: "long", b: "string" }).map((column) => ({
      ...column,
      nullable: column.name === "b",
    }));
    const { target, paths } = targetIn(dir);
    const lacking = convertText(engine, dir, "a,b\n1,x\n,y\n", { columns, target });
    await assert.rejects(lacking, failsWith("conflict", "schema_differs"));
    for (const path of paths) await assert.rejects(access(path));
  });

  test(`${label}: new columns of an extended table get the next ids, inside nested types too`, async (t) => {
    const { dir, engine } = await opened(t);
    const columns = idColumns({ a: "long", b: "string" });
    const text = '{"a":1,"c":[{"x":1}],"d":true}\n';
    const more = { format: "ndjson", columns, extend: true, next_field_id: 10 } as const;
    const made = await convertText(engine, dir, text, more);
    assert.deepEqual(
      made.columns.map(({ name, field_id, nested_ids }) => [name, field_id, nested_ids]),
      [
        ["a", 1, undefined],
        ["b", 2, undefined],
        ["c", 10, { element: 12, "element.x": 13 }],
        ["d", 11, undefined],
      ],
    );
  });

  const PARTED =
    "id,name,at,price\n" +
    "34,iceberg,2017-11-16T22:31:08,14.20\n-1,iceberg,1969-12-31T23:59:59,10.65\n,,,\n" +
    "34,ice,2017-11-16T22:31:08,-0.05\n";

  test(`${label}: rows are parted by Iceberg's transforms, one file for each value`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const columns = idColumns({
      id: "long",
      name: "string",
      at: "timestamp",
      price: "decimal(9,2)",
    });
    const by = async (column: string, transform: string) => {
      const { target } = targetIn(dir, { partition_by: [{ column, transform, name: "p" }] });
      const made = await convertText(engine, dir, PARTED, { columns, target });
      const uris = made.files.map(({ path }) => path);
      assert.equal((await rows(tableOf(columns, uris))).length, 4);
      return made.files.map(({ partition, rows: count }) => [partition["p"], count]);
    };
    assert.deepEqual(await by("id", "identity"), [
      [-1, 1],
      [34, 2],
      [null, 1],
    ]);
    assert.deepEqual(await by("id", "bucket[16]"), [
      [3, 2],
      [8, 1],
      [null, 1],
    ]);
    assert.deepEqual(await by("name", "truncate[3]"), [
      ["ice", 3],
      [null, 1],
    ]);
    assert.deepEqual(await by("name", "bucket[100]"), [
      [37, 1],
      [89, 2],
      [null, 1],
    ]);
    assert.deepEqual(await by("id", "truncate[10]"), [
      [-10, 1],
      [30, 2],
      [null, 1],
    ]);
    assert.deepEqual(await by("price", "truncate[50]"), [
      ["-0.50", 1],
      ["10.50", 1],
      ["14.00", 1],
      [null, 1],
    ]);
    assert.deepEqual(await by("at", "year"), [
      [-1, 1],
      [47, 2],
      [null, 1],
    ]);
    assert.deepEqual(await by("at", "month"), [
      [-1, 1],
      [574, 2],
      [null, 1],
    ]);
    assert.deepEqual(await by("at", "day"), [
      ["1969-12-31", 1],
      ["2017-11-16", 2],
      [null, 1],
    ]);
    assert.deepEqual(await by("at", "hour"), [
      [-1, 1],
      [419_686, 2],
      [null, 1],
    ]);
    assert.deepEqual(await by("at", "void"), [[null, 4]]);
    await assert.rejects(by("price", "day"), failsWith("invalid", "bad_partitioning"));
    await assert.rejects(by("gone", "identity"), failsWith("invalid", "bad_partitioning"));
  });

  test(`${label}: too many partitions are refused and leave nothing; large writes are split`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const columns = idColumns({ n: "long" });
    const text = `n\n${Array.from({ length: 300_000 }, (_, i) => i * 7919).join("\n")}\n`;
    const partition_by = [{ column: "n", transform: "identity", name: "n" }];
    const many = targetIn(dir, { partition_by });
    const refused = convertText(engine, dir, text, { columns, target: many.target });
    await assert.rejects(refused, failsWith("invalid", "bad_partitioning"));
    assert.deepEqual(many.paths, []);
    const { target } = targetIn(dir, { file_bytes: 200_000 });
    const made = await convertText(engine, dir, text, { columns, target });
    assert.ok(made.files.length > 1, `${made.files.length} files`);
    assert.equal(made.rows, 300_000);
    const relation = tableOf(
      columns,
      made.files.map(({ path }) => path),
    );
    assert.deepEqual(await rows(relation, "SELECT count(DISTINCT n), max(n) FROM t"), [
      [300_000, 299_999 * 7919],
    ]);
  });

  test(`${label}: columns are found by id: renamed, widened, dropped and added anew`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const first = idColumns({ a: "int", b: "float", c: "decimal(5,2)", gone: "string" });
    const old = await convertText(engine, dir, "a,b,c,gone\n1,0.5,1.25,old\n", { columns: first });
    const id = (field_id: number, name: string, type: string): IdColumn => ({
      field_id,
      name,
      type,
      nullable: true,
    });
    const now = [
      id(3, "c", "decimal(9,2)"),
      id(5, "gone", "string"),
      id(1, "z", "long"),
      id(2, "a", "double"),
    ];
    const recent = await convertText(engine, dir, "z,a,c,gone\n9000000000,2.5,3.5,new\n", {
      columns: now,
    });
    for (const name_mapped of [false, true]) {
      const relation = tableOf(now, [old.target_path, recent.target_path], { name_mapped });
      assert.deepEqual(await rows(relation, "SELECT * FROM t ORDER BY z"), [
        [1.25, null, 1, 0.5],
        [3.5, "new", 9_000_000_000, 2.5],
      ]);
      const one = tableOf(now, [old.target_path], { name_mapped });
      assert.deepEqual(await rows(one), [[1.25, null, 1, 0.5]]);
    }
    assert.deepEqual(await rows(tableOf(now, [])), []);
  });

  test(`${label}: fields inside nested columns are found by id as well`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const first = idColumns({
      s: "struct<a: long, b: string>",
      l: "list<struct<x: long>>",
    });
    const text = '{"s":{"a":1,"b":"x"},"l":[{"x":1},{"x":2}]}\n{"s":null,"l":null}\n';
    const old = await convertText(engine, dir, text, { columns: first, format: "ndjson" });
    const [s, l] = first as [IdColumn, IdColumn];
    const now = [
      {
        ...s,
        type: "struct<b: string, c: long, a: string>",
        nested_ids: { b: s.nested_ids!["b"]!, c: s.nested_ids!["a"]!, a: 20 },
      },
      {
        ...l,
        type: "list<struct<y: long, x: string>>",
        nested_ids: {
          element: l.nested_ids!["element"]!,
          "element.y": l.nested_ids!["element.x"]!,
          "element.x": 21,
        },
      },
    ];
    const later = '{"s":{"b":"n","c":5,"a":"new"},"l":[{"y":7,"x":"q"}]}\n';
    const recent = await convertText(engine, dir, later, { columns: now, format: "ndjson" });
    const both = tableOf(now, [old.target_path, recent.target_path]);
    const found = await rows(both, "SELECT s, l FROM t ORDER BY s.c NULLS LAST");
    assert.deepEqual(found, [
      [
        { b: "x", c: 1, a: null },
        [
          { y: 1, x: null },
          { y: 2, x: null },
        ],
      ],
      [{ b: "n", c: 5, a: "new" }, [{ y: 7, x: "q" }]],
      [null, null],
    ]);
  });

  test(`${label}: files without ids are read by name where the table says so`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const foreign = join(dir, "foreign.parquet");
    await engine.toParquet(sqlRequest("SELECT 'x' AS v, 7::INTEGER AS N"), foreign);
    const columns = idColumns({ n: "long", v: "string", w: "date" });
    const own = await convertText(engine, dir, "n,v,w\n1,a,2024-01-01\n", { columns });
    const files = [foreign, own.target_path];
    assert.deepEqual(await rows(tableOf(columns, files, { name_mapped: true })), [
      [1, "a", "2024-01-01"],
      [7, "x", null],
    ]);
  });

  async function deletesOf(engine: TableEngine, dir: string, places: readonly [string, number][]) {
    const path = join(dir, `deletes-${places.length}.parquet`);
    const values = places.map(([file, pos]) => `('${file}', ${pos}::BIGINT)`).join(", ");
    const sql = `SELECT * FROM (VALUES ${values}) d(file_path, pos)`;
    await engine.toParquet(sqlRequest(sql), path);
    return path;
  }

  test(`${label}: deleted positions are left out, and files without deletes are whole`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const one = await convertText(engine, dir, "n\n10\n11\n12\n");
    const two = await convertText(engine, dir, "n\n20\n21\n");
    const locations = ["s3://lake/one.parquet", "s3://lake/two.parquet"] as const;
    const early = await deletesOf(engine, dir, [[locations[0], 1]]);
    const late = await deletesOf(engine, dir, [
      [locations[0], 0],
      [locations[1], 0],
    ]);
    const files = (own: readonly string[]) => [
      { uri: one.target_path, location: locations[0], delete_uris: own },
      // The later deletes are older than this file: they do not apply to it.
      { uri: two.target_path, location: locations[1] },
    ];
    assert.deepEqual(await rows(tableOf(one.columns, files([early]))), [[10], [12], [20], [21]]);
    assert.deepEqual(await rows(tableOf(one.columns, files([early, late]))), [[12], [20], [21]]);
    assert.deepEqual(await rows(tableOf(one.columns, files([]))), [[10], [11], [12], [20], [21]]);
    const relation = tableOf(one.columns, files([early, late]));
    const { target } = targetIn(dir);
    const request = { relation, source: { kind: "all" }, target, signal: never } as const;
    const joined = await engine.rewrite(request);
    assert.deepEqual([joined.rows, joined.dropped_rows, joined.files.length], [3, 0, 1]);
    const again = tableOf(one.columns, [joined.files[0]!.path]);
    assert.deepEqual(await rows(again), [[12], [20], [21]]);
  });

  test(`${label}: a file that is not whole breaks its table alone; odd paths are plain ones`, async (t) => {
    const { dir, engine, rows } = await opened(t);
    const odd = join(dir, "a [b]*? 'c");
    await mkdir(odd);
    const made = await convertText(engine, odd, "n\n1\n");
    const torn = join(dir, "torn.parquet");
    await writeFile(torn, (await readFile(made.target_path)).subarray(0, 40));
    const gone = join(dir, "gone.parquet");
    for (const uri of [torn, gone]) {
      for (const files of [[uri], [made.target_path, uri, made.target_path]]) {
        const broken = rows(tableOf(made.columns, files));
        await assert.rejects(broken, failsWith("unavailable", "broken_dataset"));
      }
    }
    assert.deepEqual(await rows(tableOf(made.columns, [made.target_path])), [[1]]);
    const twice = [made.target_path, (await convertText(engine, odd, "n\n2\n")).target_path];
    assert.deepEqual(await rows(tableOf(made.columns, twice)), [[1], [2]]);
  });
}
