// Columns that are called like what the engine adds by itself are columns like any other.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  allRows,
  convertText,
  idColumns,
  never,
  sqlRequest,
  tableOf,
  targetIn,
} from "#ports/table-engine.suite.ts";
import type { TableRelation } from "#ports/table-engine.ts";
import { ownDuckDb } from "./duckdb-table-engine.suite.ts";

const NAMES = [
  "file_row_number",
  "filename",
  "file_index",
  "rowid",
  "lakehouse_file",
  "lakehouse_row",
  "lakehouse_p0",
  "lakehouse_part",
  "lakehouse_key_0",
  "delete_uri",
];

test("virtual names hide no column, with position deletes and in rewrites", async (t) => {
  const { engine, dir } = await ownDuckDb(t);
  const plain = Object.fromEntries(NAMES.map((name) => [name, "long"]));
  const width = NAMES.length;
  // Far from the numbers of the rows, and falling.
  const valuesOf = (row: number) => NAMES.map((_, at) => 900 - 20 * row + at);
  const nested = { ...plain, inner: "struct<filename: string>" };
  for (const [columns, name_mapped] of [
    [idColumns(plain), false],
    [idColumns(nested), false],
    [idColumns(nested), true],
  ] as const) {
    const lines = (rows: readonly number[]) =>
      rows
        .map((row) => {
          const entries = valuesOf(row).map((value, at) => [NAMES[at], value] as const);
          return JSON.stringify(Object.fromEntries([...entries, ["inner", { filename: "x" }]]));
        })
        .join("\n");
    const json = { format: "ndjson", columns, extend: true } as const;
    const kept = columns.length === width ? { format: "ndjson" as const } : json;
    const make = async (rows: readonly number[]) => {
      const text = lines(rows);
      const only = columns.length === width ? text.replaceAll(/,"inner":\{[^}]*\}/g, "") : text;
      return (await convertText(engine, dir, only, { ...kept, columns })).target_path;
    };
    let [one, two] = [await make([0, 1, 2]), await make([3, 4])];
    if (name_mapped) {
      const bare = async (uri: string) => {
        const path = `${uri}.bare.parquet`;
        await engine.toParquet(
          sqlRequest("SELECT * FROM t", { relations: [tableOf(columns, [uri])] }),
          path,
        );
        return path;
      };
      [one, two] = [await bare(one), await bare(two)];
    }
    const deletes = join(dir, `deletes-${Math.random()}.parquet`);
    const places = "VALUES ('s3://lake/one', 1::BIGINT), ('s3://lake/two', 0::BIGINT)";
    await engine.toParquet(sqlRequest(`SELECT * FROM (${places}) d(file_path, pos)`), deletes);
    const files = [
      { uri: one, location: "s3://lake/one", delete_uris: [deletes] },
      { uri: two, location: "s3://lake/two", delete_uris: [deletes] },
    ];
    const shown = NAMES.map((name) => `"${name}"`).join(", ");
    const rowsOf = async (relation: TableRelation) => {
      const sql = `SELECT ${shown} FROM t ORDER BY file_row_number DESC`;
      return allRows(engine, sqlRequest(sql, { relations: [relation] }));
    };
    const relation = tableOf(columns, files, { name_mapped });
    assert.deepEqual(await rowsOf(relation), [0, 2, 4].map(valuesOf));
    const single = tableOf(columns, files.slice(0, 1), { name_mapped });
    assert.deepEqual(await rowsOf(single), [0, 2].map(valuesOf));

    const where = "filename = $1 OR rowid = $2";
    const params = [valuesOf(2)[1], valuesOf(4)[3]];
    const source = { kind: "unless", where, params } as const;
    assert.deepEqual(
      (await engine.affected(relation, source, never)).toSorted((a) => (a.uri === one ? -1 : 1)),
      [
        { uri: one, rows: 1 },
        { uri: two, rows: 1 },
      ],
    );
    const field = { column: "file_row_number", transform: "bucket[2]", name: "b" };
    const { target } = targetIn(dir, { partition_by: [field] });
    const made = await engine.rewrite({ relation, source, target, signal: never });
    const again = tableOf(
      columns,
      made.files.map(({ path }) => path),
    );
    assert.deepEqual(await rowsOf(again), [valuesOf(0)]);

    const incoming = await make([2, 5]);
    const upsert = { kind: "upsert", incoming_uris: [incoming], key: ["rowid"] } as const;
    assert.deepEqual(await engine.affected(relation, upsert, never), [{ uri: one, rows: 1 }]);
    const merged = await engine.rewrite({ relation, source: upsert, target, signal: never });
    assert.deepEqual([merged.rows, merged.dropped_rows], [4, 1]);
    const all = tableOf(
      columns,
      merged.files.map(({ path }) => path),
    );
    assert.deepEqual(await rowsOf(all), [0, 2, 4, 5].map(valuesOf));
  }
});
