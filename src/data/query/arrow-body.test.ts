// Arrow IPC streams: every type comes back exactly, in the library's own readers.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import type { RowStream } from "#ports/table-engine.ts";
import { arrowBody } from "./arrow-body.ts";
import { toDays, toMicros, toUnscaled } from "./arrow-scalars.ts";

type Rows = readonly (readonly unknown[])[];

function streamOf(types: readonly string[], chunks: readonly Rows[]): RowStream {
  return {
    columns: types.map((type, at) => ({ name: `c${at}`, type, nullable: true })),
    chunks: (async function* () {
      yield* chunks;
    })(),
  };
}

async function bytesOf(stream: RowStream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of arrowBody(stream, { row_count: 0, truncated: false })) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Type, JSON values as the engine gives them, Arrow's name, and what a reader should see. */
const TYPES: readonly [string, readonly unknown[], string, readonly unknown[]][] = [
  ["boolean", [true, false, null], "Bool", [true, false, null]],
  ["int", [1, -2_147_483_648, null], "Int32", [1, -2_147_483_648, null]],
  [
    "long",
    [1, "9223372036854775807", "-9223372036854775808"],
    "Int64",
    [1n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n],
  ],
  ["float", [0.5, "NaN", null], "Float32", [0.5, Number.NaN, null]],
  ["double", [0.1, "Infinity", "-Infinity"], "Float64", [0.1, Infinity, -Infinity]],
  ["string", ["", "häß😀", null], "Utf8", ["", "häß😀", null]],
  [
    "uuid",
    ["00112233-4455-6677-8899-aabbccddeeff"],
    "Utf8",
    ["00112233-4455-6677-8899-aabbccddeeff"],
  ],
  ["date", ["1970-01-02", "1969-12-31"], "Date32<DAY>", [86_400_000, -86_400_000]],
  ["time", ["00:00:01.000002", null], "Time64<MICROSECOND>", [1_000_002n, null]],
];

test("each plain type is read back as it was", async () => {
  for (const [type, values, name, expected] of TYPES) {
    const bytes = await bytesOf(streamOf([type], [values.map((value) => [value])]));
    const table = arrow.tableFromIPC(bytes);
    assert.equal(String(table.schema.fields[0]!.type), name);
    assert.deepEqual([...table.getChildAt(0)!], expected, type);
  }
});

test("decimals, timestamps and bytes are exact", async () => {
  const types = ["decimal(38,3)", "timestamp", "timestamptz", "binary", "fixed[2]"];
  const wide = "12345678901234567890123456789012345.678";
  const rows = [
    [wide, "2024-02-29T12:00:00.123456", "2024-02-29T12:00:00Z", "AAEC", "AQI="],
    [-0.5, "1969-12-31T23:59:59.999999", "0001-01-01T00:00:00Z", "", null],
    [null, null, null, null, null],
  ];
  const table = arrow.tableFromIPC(await bytesOf(streamOf(types, [rows])));
  const kinds = table.schema.fields.map((field) => String(field.type));
  assert.deepEqual(kinds, [
    "Decimal[38e+3]",
    "Timestamp<MICROSECOND>",
    "Timestamp<MICROSECOND, UTC>",
    "Binary",
    "FixedSizeBinary[2]",
  ]);
  const words = new BigInt64Array(
    (table.getChildAt(0)!.data[0]!.values as Uint32Array).slice().buffer,
  );
  const unscaled = (at: number) => (words[at * 2 + 1]! << 64n) | BigInt.asUintN(64, words[at * 2]!);
  assert.equal(unscaled(0), 12_345_678_901_234_567_890_123_456_789_012_345_678n);
  assert.equal(unscaled(1), -500n);
  const micros = table.getChildAt(1)!.data[0]!.values as BigInt64Array;
  assert.deepEqual([micros[0], micros[1]], [1_709_208_000_123_456n, -1n]);
  const zoned = table.getChildAt(2)!.data[0]!.values as BigInt64Array;
  assert.equal(zoned[1], -62_135_596_800_000_000n);
  assert.deepEqual([...(table.getChildAt(3)!.get(0) as Uint8Array)], [0, 1, 2]);
  assert.deepEqual([...(table.getChildAt(4)!.get(0) as Uint8Array)], [1, 2]);
  assert.equal(table.getChildAt(4)!.nullCount, 2);
});

test("lists, structs and maps are nested, with nulls at each depth", async () => {
  const types = ["list<struct<a: long, b: list<string>>>", "map<int, date>", "struct<x: string>"];
  const rows = [
    [[{ a: 1, b: ["u", null] }, null], { 7: "1970-01-02" }, { x: "y" }],
    [null, null, null],
    [[], {}, { x: null }],
  ];
  const table = arrow.tableFromIPC(await bytesOf(streamOf(types, [rows])));
  const first = table.get(0)!.toJSON();
  const plain = JSON.stringify(first, (_key, value) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  assert.equal(plain, '{"c0":[{"a":1,"b":["u",null]},null],"c1":{"7":86400000},"c2":{"x":"y"}}');
  assert.deepEqual(table.getChildAt(0)!.get(1), null);
  assert.equal((table.getChildAt(0)!.get(2) as arrow.Vector).length, 0);
  assert.equal(String(table.schema.fields[1]!.type), "Map<{key:Int32, value:Date32<DAY>}>");
});

test("batches come while rows are made, and only when they are asked for", async () => {
  let made = 0;
  const stream: RowStream = {
    columns: [{ name: "n", type: "long", nullable: true }],
    chunks: (async function* () {
      for (; made < 100; made++)
        yield Array.from({ length: 2_048 }, (_, at) => [made * 2_048 + at]);
    })(),
  };
  const body = arrowBody(stream, { row_count: 0, truncated: false });
  const reader = await arrow.RecordBatchReader.from(body as AsyncIterable<Uint8Array>);
  const first = await reader.next();
  assert.equal((first.value as arrow.RecordBatch).numRows, 2_048);
  assert.ok(made < 10, `${made} chunks were made for the first batch`);
  let rows = 2_048;
  let last = 0n;
  for await (const batch of reader) {
    rows += batch.numRows;
    last = batch.getChildAt(0)!.get(batch.numRows - 1) as bigint;
  }
  assert.deepEqual([rows, last], [204_800, 204_799n]);
});

test("a result without rows still has its columns, and repeated names are told apart", async () => {
  const columns = ["a", "a"].map((name) => ({ name, type: "int", nullable: true }));
  const none = streamOf([], []).chunks;
  const table = arrow.tableFromIPC(await bytesOf({ columns, chunks: none }));
  assert.deepEqual(table.schema.names, ["a", "a_1"]);
  assert.equal(table.numRows, 0);
});

test("dates, times and decimals agree with the language's own for any value", () => {
  const instants = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(instants, fc.integer({ min: 0, max: 999 }), (ms, us) => {
      const iso = new Date(ms).toISOString();
      const digits = `${iso.slice(0, 23)}${String(us).padStart(3, "0")}`;
      assert.equal(toMicros(`${digits}Z`), BigInt(ms) * 1000n + BigInt(us));
      assert.equal(toDays(iso.slice(0, 10)), Math.floor(ms / 86_400_000));
    }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), fc.nat(18), (big, scale) => {
      const digits = (big < 0n ? -big : big).toString().padStart(scale + 1, "0");
      const cut = digits.length - scale;
      const text = `${big < 0n ? "-" : ""}${digits.slice(0, cut)}.${digits.slice(cut)}`;
      assert.equal(toUnscaled(text, scale), big);
    }),
  );
  assert.equal(toUnscaled(1e-7, 9), 100n);
  assert.equal(toUnscaled(1.5e21, 0), 1_500_000_000_000_000_000_000n);
  assert.throws(() => toUnscaled("1.25", 1), /no Arrow form/);
  assert.equal(toDays("0001-01-01 (BC)"), toDays("0001-01-01") - 366);
  assert.throws(() => toMicros("soon"), /no Arrow form/);
});
