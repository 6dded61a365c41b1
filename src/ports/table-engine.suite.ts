// What every table engine must do, run against each adapter.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Column } from "#contracts/nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { numberColumns } from "./column-type.ts";
import type {
  ConvertRequest,
  IdColumn,
  Relation,
  SqlRequest,
  TableEngine,
  TableFile,
  TableRelation,
  WriteTarget,
} from "./table-engine.ts";

export type OpenEngine = (dir: string) => Promise<TableEngine>;

export const never = new AbortController().signal;

export function sqlRequest(sql: string, more: Partial<SqlRequest> = {}): SqlRequest {
  const limits = { rows_max: 100_000, timeout_ms: 10_000 };
  return { sql, params: [], relations: [], limits, signal: never, ...more };
}

export async function allRows(engine: TableEngine, request: SqlRequest): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const chunk of (await engine.rows(request)).chunks) {
    rows.push(...chunk.map((row) => [...row]));
  }
  return rows;
}

export function failsWith(code: string, reason: string) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof LakehouseError, String(thrown));
    assert.deepEqual([thrown.code, thrown.reason], [code, reason], thrown.message);
    return true;
  };
}

/** A target that makes paths in a folder, and tells which. */
export function targetIn(dir: string, more: Partial<WriteTarget> = {}) {
  const paths: string[] = [];
  const nextPath = async () => {
    const path = join(dir, `made-${randomUUID()}.parquet`);
    paths.push(path);
    return path;
  };
  return { paths, target: { nextPath, partition_by: [], ...more } };
}

/** Converts text that stands in a file of its own; `target_path`: the first file it became. */
export async function convertText(
  engine: TableEngine,
  dir: string,
  text: string | Uint8Array,
  more: Partial<ConvertRequest> = {},
) {
  const source_path = join(dir, `source-${Math.random().toString(36).slice(2)}`);
  await writeFile(source_path, text);
  const { target } = targetIn(dir);
  const request = { source_path, target, format: "csv", compression: "none" } as const;
  const result = await engine.convert({ ...request, signal: never, ...more });
  return { ...result, target_path: result.files[0]?.path ?? "" };
}

/** A table `t` of these columns and files. */
export function tableOf(
  columns: readonly IdColumn[],
  files: readonly (string | TableFile)[],
  more: Partial<TableRelation> = {},
): TableRelation {
  const all = files.map((file) => (typeof file === "string" ? { uri: file } : file));
  const base = { kind: "table", schema: "main", name: "t", name_mapped: false } as const;
  return { ...base, columns, files: all, ...more };
}

/** Columns with ids from 1. */
export function idColumns(types: Readonly<Record<string, string>>): IdColumn[] {
  const columns = Object.entries(types).map(([name, type]) => ({ name, type, nullable: true }));
  return numberColumns(columns, 0).columns;
}

function parquet(name: string, columns: readonly Column[], uris: readonly string[]): Relation {
  return { kind: "parquet", schema: "main", name, columns, uris };
}

const column = (name: string, type: string): Column => ({ name, type, nullable: true });

export function tableEngineSuite(label: string, open: OpenEngine): void {
  async function opened(t: { after(fn: () => unknown): void }) {
    const dir = await tempDir(t);
    const engine = await open(dir);
    t.after(() => engine.close());
    return { dir, engine };
  }

  test(`${label}: a converted file is described and read`, async (t) => {
    const { dir, engine } = await opened(t);
    const made = await convertText(engine, dir, "id,name\n1,Ann\n2,Bo\n");
    assert.deepEqual(made.columns, idColumns({ id: "long", name: "string" }));
    const columns = [column("id", "long"), column("name", "string")];
    assert.deepEqual(await engine.describeParquet(made.target_path), { columns, rows: 2 });
    const relations = [parquet("people", made.columns, [made.target_path])];
    const request = sqlRequest("SELECT name FROM people WHERE id = $1", { relations, params: [2] });
    assert.deepEqual(await allRows(engine, request), [["Bo"]]);
  });

  test(`${label}: files of one table may be narrower or lack columns; no files are no rows`, async (t) => {
    const { dir, engine } = await opened(t);
    const old = await convertText(engine, dir, "id\n1\n");
    const recent = await convertText(engine, dir, "id,v\n2.5,x\n");
    const columns = [column("id", "double"), column("v", "string"), column("w", "date")];
    const relations = [parquet("t", columns, [old.target_path, recent.target_path])];
    assert.deepEqual(
      await allRows(engine, sqlRequest("SELECT * FROM t ORDER BY id", { relations })),
      [
        [1, null, null],
        [2.5, "x", null],
      ],
    );
    const stream = await engine.rows(
      sqlRequest("SELECT * FROM t", { relations: [parquet("t", columns, [])] }),
    );
    assert.deepEqual(stream.columns, columns);
    for await (const chunk of stream.chunks) assert.equal(chunk.length, 0);
  });

  test(`${label}: a log is read while it is written; torn and foreign lines are passed over`, async (t) => {
    const { dir, engine } = await opened(t);
    const path = join(dir, "kb", "events.jsonl");
    const columns = [column("n", "long"), column("what", "string"), column("more", "string")];
    const log = { kind: "jsonl", schema: "kb", name: "events", columns, uris: [path] } as const;
    const request = sqlRequest("SELECT n, what, more FROM kb.events", { relations: [log] });
    assert.deepEqual(await allRows(engine, request), []);
    await mkdir(join(dir, "kb"));
    await writeFile(path, '{"n":1,"what":"a","more":{"x":[1]}}\nnot json\n{"n":2,"wh');
    assert.deepEqual(await allRows(engine, request), [[1, "a", '{"x":[1]}']]);
    await writeFile(path, 'at":"b"}\n{"n":"odd","what":"c","new":1}\n', { flag: "a" });
    assert.deepEqual(await allRows(engine, request), [
      [1, "a", '{"x":[1]}'],
      [2, "b", null],
      [null, "c", null],
    ]);
  });

  test(`${label}: values are JSON values and lose nothing`, async (t) => {
    const { engine } = await opened(t);
    const sql = `SELECT 9007199254740991::BIGINT, 9007199254740993::BIGINT, 1.50::DECIMAL(9,2),
      123456789012345678.25::DECIMAL(20,2), DATE '2024-02-29', TIMESTAMP '2024-01-01 10:00:00.5',
      TIMESTAMPTZ '2024-01-01 10:00:00+02', [1, NULL], {'a': 'x', 'b': [true]}, MAP {'k': 1},
      '\\x00\\xFF'::BLOB, 'nan'::DOUBLE, TIME '10:00:00', NULL, 0.1`;
    const [row] = await allRows(engine, sqlRequest(sql));
    assert.deepEqual(row, [
      9007199254740991,
      "9007199254740993",
      1.5,
      "123456789012345678.25",
      "2024-02-29",
      "2024-01-01T10:00:00.5",
      "2024-01-01T08:00:00Z",
      [1, null],
      { a: "x", b: [true] },
      { k: 1 },
      "AP8=",
      "NaN",
      "10:00:00",
      null,
      0.1,
    ]);
  });

  test(`${label}: rows_max, timeout and cancelling end a query, and the engine goes on`, async (t) => {
    const { engine } = await opened(t);
    const few = sqlRequest("SELECT * FROM range(1000000)", {
      limits: { rows_max: 3, timeout_ms: 10_000 },
    });
    assert.deepEqual(await allRows(engine, few), [[0], [1], [2]]);
    const endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b";
    const short = sqlRequest(endless, { limits: { rows_max: 1, timeout_ms: 100 } });
    await assert.rejects(
      allRows(engine, short),
      failsWith("deadline_exceeded", "deadline_exceeded"),
    );
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const left = allRows(engine, sqlRequest(endless, { signal: stop.signal }));
    await assert.rejects(left, failsWith("cancelled", "cancelled"));
    for (let i = 0; i < 20; i++) {
      const half = await engine.rows(sqlRequest("SELECT * FROM range(1000000)"));
      for await (const chunk of half.chunks) if (chunk.length > 0) break;
      const unread = await engine.rows(sqlRequest("SELECT * FROM range(1000000)"));
      await unread.chunks[Symbol.asyncIterator]().return?.();
    }
    assert.deepEqual(await allRows(engine, sqlRequest("SELECT 42")), [[42]]);
  });

  test(`${label}: queries at once see their own tables under one name`, async (t) => {
    const { dir, engine } = await opened(t);
    const made = await Promise.all(
      [1, 2, 3].map((n) => convertText(engine, dir, `n\n${`${n}\n`.repeat(n)}`)),
    );
    const asked = Array.from({ length: 60 }, async (_, i) => {
      const file = made[i % 3]!;
      const relations = [parquet("t", file.columns, [file.target_path])];
      const sql = "SELECT max(n), count(*) FROM t";
      assert.deepEqual(await allRows(engine, sqlRequest(sql, { relations })), [
        [(i % 3) + 1, (i % 3) + 1],
      ]);
    });
    await Promise.all(asked);
  });

  test(`${label}: a result becomes a Parquet file`, async (t) => {
    const { dir, engine } = await opened(t);
    const target = join(dir, "out.parquet");
    const sql =
      "SELECT i AS n, i AS n, sum(i) OVER () AS s FROM range(5) r(i) WHERE i > $1; -- end";
    const { rows } = await engine.toParquet(sqlRequest(sql, { params: [1] }), target);
    const { columns } = await engine.describeParquet(target);
    assert.equal(rows, 3);
    assert.deepEqual(columns, [
      column("n", "long"),
      column("n_1", "long"),
      column("s", "decimal(38,0)"),
    ]);
  });

  test(`${label}: a missing file breaks the query that names it and no other`, async (t) => {
    const { dir, engine } = await opened(t);
    const made = await convertText(engine, dir, "n\n1\n");
    const good = parquet("good", made.columns, [made.target_path]);
    const gone = parquet("gone", made.columns, [join(dir, "gone.parquet")]);
    const broken = sqlRequest("SELECT * FROM gone", { relations: [gone] });
    await assert.rejects(allRows(engine, broken), failsWith("unavailable", "broken_dataset"));
    assert.deepEqual(await allRows(engine, sqlRequest("FROM good", { relations: [good] })), [[1]]);
  });

  test(`${label}: what is not a whole file is refused and leaves nothing`, async (t) => {
    const { dir, engine } = await opened(t);
    const unreadable = failsWith("invalid", "unreadable_source");
    await assert.rejects(convertText(engine, dir, "PAR1....", { format: "parquet" }), unreadable);
    await assert.rejects(convertText(engine, dir, '[{"a":1}', { format: "json" }), unreadable);
    await assert.rejects(convertText(engine, dir, "x", { compression: "gzip" }), unreadable);
    await assert.rejects(engine.describeParquet(join(dir, "none.parquet")), unreadable);
    const left = (await readdir(dir)).filter((name) => name.endsWith(".parquet"));
    assert.deepEqual(left, []);
    const stop = AbortSignal.abort();
    const cancelled = convertText(engine, dir, "a\n1\n", { signal: stop });
    await assert.rejects(cancelled, failsWith("cancelled", "cancelled"));
  });

  test(`${label}: order is kept, and wanted columns are kept to`, async (t) => {
    const { dir, engine } = await opened(t);
    const lines = Array.from({ length: 300_000 }, (_, i) => `${i},v${i}`).join("\n");
    const made = await convertText(engine, dir, `n,v\n${lines}\n`);
    const relations = [parquet("t", made.columns, [made.target_path])];
    const sql =
      "SELECT count(*) FROM (SELECT n, row_number() OVER () - 1 AS i FROM t) WHERE n <> i";
    assert.deepEqual(await allRows(engine, sqlRequest(sql, { relations })), [[0]]);
    const wanted = idColumns({ n: "int", v: "string" });
    const fits = await convertText(engine, dir, "v,n\n7,1\n", { columns: wanted });
    const plain = wanted.map(({ name, type }) => column(name, type));
    assert.deepEqual((await engine.describeParquet(fits.target_path)).columns, plain);
    assert.deepEqual(fits.columns, wanted);
    const over = convertText(engine, dir, "n,v\n3000000000,x\n", { columns: wanted });
    await assert.rejects(over, failsWith("conflict", "schema_differs"));
  });
}
