// What a source says comes out as it was said: digits, empty text, lines, or the file is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  allRows,
  convertText,
  failsWith,
  idColumns,
  never,
  sqlRequest,
  targetIn,
} from "#ports/table-engine.suite.ts";
import { ownDuckDb } from "./duckdb-table-engine.suite.ts";

async function open(t: { after(fn: () => unknown): void }) {
  const { engine, dir } = await ownDuckDb(t);
  const convert = (text: string | Uint8Array, more = {}) => convertText(engine, dir, text, more);
  async function rowsOf(made: Awaited<ReturnType<typeof convert>>, select = "*") {
    const { columns, target_path } = made;
    const t1 = {
      kind: "parquet",
      schema: "main",
      name: "t",
      columns,
      uris: [target_path],
    } as const;
    return allRows(engine, sqlRequest(`SELECT ${select} FROM t`, { relations: [t1] }));
  }
  return { engine, dir, convert, rowsOf };
}

const double = idColumns({ x: "double" });
const float = idColumns({ x: "float" });

test("a number of more digits than a double holds stays text", async (t) => {
  const { convert, rowsOf } = await open(t);
  for (const [text, type] of [
    ["12345678901234.5678", "string"],
    ["9007199254740993.5", "string"],
    ["0.12345678901234567", "string"],
    ["1e-400", "string"],
    ["1.2345678e-320", "string"],
    ["0.30000000000000004", "double"],
    ["0.10000000000000001", "double"],
    ["-1.7976931348623157e308", "double"],
    ["123456789012345.5", "double"],
    ["0.000000000", "double"],
    ["5e-324", "double"],
    ["1.50", "double"],
    ["100000000000000e3", "double"],
  ] as const) {
    const made = await convert(`x\n1.5\n${text}\n`);
    assert.equal(made.columns[0]!.type, type, text);
    const rows = await rowsOf(made);
    assert.deepEqual(rows[1], [type === "string" ? text : Number(text)], text);
    const onto = convert(`x\n${text}\n`, { columns: double });
    if (type === "double") assert.equal((await onto).rows, 1);
    else await assert.rejects(onto, failsWith("conflict", "schema_differs"), text);
  }
});

test("any double that a program writes is read as that double", async (t) => {
  const { convert, rowsOf } = await open(t);
  const values = fc
    .sample(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e14, max: 1e14 }), 2_000)
    .filter((value) => value === 0 || Math.abs(value) >= 1)
    // Halves of the last digit are rounded up here, and to even by C and by the engine.
    .filter((value) => !/5e/.test(value.toExponential(17)));
  for (const written of [values.map(String), values.map((value) => value.toExponential(16))]) {
    const plain = written.map((text) => text.replace("e+", "e"));
    const made = await convert(`x\n1.5\n${plain.join("\n")}\n`);
    assert.equal(made.columns[0]!.type, "double");
    const rows = await rowsOf(made);
    rows.slice(1).forEach((row, at) => assert.equal(row[0], values[at]! + 0, plain[at]));
  }
});

test("a column of floats takes the nearest of a fraction, and whole numbers that it holds", async (t) => {
  const { convert, rowsOf } = await open(t);
  for (const text of ["0.1", "16777216", "3.4028235e38", "0.000000", "0.123456789"]) {
    const made = await convert(`x\n${text}\n`, { columns: float });
    assert.deepEqual(await rowsOf(made), [[Math.fround(Number(text))]], text);
  }
  for (const text of ["16777217", "0.12345678901234567", "1e-60", "1e39"]) {
    const refused = convert(`x\n${text}\n`, { columns: float });
    await assert.rejects(refused, failsWith("conflict", "schema_differs"), text);
  }
});

test("whole numbers go to a double column only where it holds every one of them", async (t) => {
  const { engine, dir, convert, rowsOf } = await open(t);
  const lines = (...values: (string | number)[]) =>
    values.map((value) => `{"x":${value}}\n`).join("");
  const ndjson = { format: "ndjson", columns: double } as const;
  const held = await convert(lines("9007199254740992", 5, "null"), ndjson);
  assert.deepEqual(await rowsOf(held), [[9007199254740992], [5], [null]]);
  const rejecting = await convert(lines(1, "9007199254740993"), ndjson);
  assert.deepEqual(await rowsOf(rejecting), [[1]]);
  assert.deepEqual(
    rejecting.rejects.map(({ line, text }) => [line, text]),
    [[2, '{"x":9007199254740993}']],
  );
  const longs = await convert("x\n1\n-9007199254740993\n");
  const { target } = targetIn(dir);
  const source = {
    source_path: longs.target_path,
    format: "parquet",
    compression: "none",
  } as const;
  const again = engine.convert({ ...source, target, columns: double, signal: never });
  await assert.rejects(again, failsWith("conflict", "schema_differs"));
});

test("a quoted empty text is empty text in a text column and no value in others", async (t) => {
  const { convert, rowsOf } = await open(t);
  const csv = 'a,n,e\n"",1,""\nx,"",\n,,""\n"y",2.5,""\n';
  const made = await convert(csv);
  assert.deepEqual(
    made.columns.map(({ type }) => type),
    ["string", "double", "string"],
  );
  const expected = [
    ["", 1, ""],
    ["x", null, null],
    [null, null, ""],
    ["y", 2.5, ""],
  ];
  assert.deepEqual(await rowsOf(made), expected);
  const wanted = made.columns.map((column) => ({ ...column }));
  assert.deepEqual(await rowsOf(await convert(csv, { columns: wanted })), expected);
});

test("where keys of an inner object differ in case only, that column alone is JSON text", async (t) => {
  const { convert, rowsOf } = await open(t);
  const text = `[{"n":1,"inner":{"Key":1,"key":2},"day":"2024-02-29","at":"2024-01-01 10:00:00",
    "x":1.5,"list":[1,2],"fine":{"a":true},"s":"x"},{"n":2,"inner":{"key":3}}]`;
  const made = await convert(text, { format: "json" });
  assert.deepEqual(
    made.columns.map(({ name, type }) => [name, type]),
    [
      ["n", "long"],
      ["inner", "string"],
      ["day", "date"],
      ["at", "timestamp"],
      ["x", "double"],
      ["list", "list<long>"],
      ["fine", "struct<a: boolean>"],
      ["s", "string"],
    ],
  );
  const rows = await rowsOf(made, `n, "inner"`);
  assert.deepEqual(
    rows.map(([n, inner]) => [n, JSON.parse(String(inner)) as unknown]),
    [
      [1, { Key: 1, key: 2 }],
      [2, { key: 3 }],
    ],
  );
});

test("a whole number that no double holds makes its JSON column text, not another number", async (t) => {
  const { convert, rowsOf } = await open(t);
  const ndjson = { format: "ndjson" } as const;
  const mixed =
    '{"x":1.5,"y":0.5,"z":[0.5]}\n{"x":9007199254740993,"y":9007199254740992,"z":[1]}\n';
  const made = await convert(mixed, ndjson);
  assert.deepEqual(
    made.columns.map(({ type }) => type),
    ["string", "double", "list<double>"],
  );
  assert.deepEqual(await rowsOf(made), [
    ["1.5", 0.5, [0.5]],
    ["9007199254740993", 9007199254740992, [1]],
  ]);
  const inside = await convert('{"z":[0.5,"a"]}\n{"z":[]}\n', ndjson);
  assert.notEqual(inside.columns[0]!.type, "list<double>");
  const nested = await convert('{"z":[0.5,123456789012345678901]}\n', ndjson);
  assert.deepEqual(await rowsOf(nested), [["[0.5,123456789012345678901]"]]);
  const onto = await convert(mixed, {
    ...ndjson,
    columns: idColumns({ x: "double", y: "double", z: "list<double>" }),
  });
  assert.deepEqual(await rowsOf(onto), [[1.5, 0.5, [0.5]]]);
  assert.deepEqual(
    onto.rejects.map(({ line, column }) => [line, column]),
    [[2, "x"]],
  );
});

test("whole numbers below and above zero in JSON are long, and decimal where one is not", async (t) => {
  const { convert, rowsOf } = await open(t);
  const text = '{"a":0,"l":[1,-1],"h":-1}\n{"a":-1,"l":[2],"h":18446744073709551615}\n';
  const made = await convert(text, { format: "ndjson" });
  assert.deepEqual(
    made.columns.map(({ type }) => type),
    ["long", "list<long>", "decimal(38,0)"],
  );
  assert.deepEqual(await rowsOf(made), [
    [0, [1, -1], -1],
    [-1, [2], "18446744073709551615"],
  ]);
});

test("a line that is too long or not UTF-8 is a reject, and the others come in", async (t) => {
  const { convert, rowsOf } = await open(t);
  const long = Buffer.from(`{"a":"${"x".repeat(17 * 1024 * 1024)}"}\n`);
  const parts = ['{"a":"1\u2028"}\n', long, '{"a":"', Buffer.from([0xff]), '"}\nno\n{"a":"2"}'];
  const text = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const made = await convert(text, { format: "ndjson" });
  assert.deepEqual(await rowsOf(made), [["1\u2028"], ["2"]]);
  assert.deepEqual(
    made.rejects.map(({ line, reason }) => [line, reason.replace(/(not JSON):.*/, "$1")]),
    [
      [2, "the line is longer than 16777216 bytes"],
      [3, "the line is not UTF-8"],
      [4, "the line is not JSON"],
    ],
  );
  assert.ok(made.rejects[0]!.text.length <= 10_000);
});
