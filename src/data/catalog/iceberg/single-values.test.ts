// Values as bytes, bounds and order, against the table spec's appendix D.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Cell } from "#contracts/table-nouns.ts";
import { daysOf, printDays, printStampMicros, stampMicrosOf } from "./iso-times.ts";
import { compareText } from "./raw-values.ts";
import { boundsOf, compareCells, decodeCell, encodeCell } from "./single-values.ts";

const hex = (type: string, cell: Cell) => encodeCell(type, cell).toString("hex");

test("values have the bytes that appendix D gives them", () => {
  const known: readonly [string, Cell, string][] = [
    ["boolean", true, "01"],
    ["boolean", false, "00"],
    ["int", 34, "22000000"],
    ["int", -1, "ffffffff"],
    ["long", 34, "2200000000000000"],
    ["long", "9223372036854775807", "ffffffffffffff7f"],
    ["float", 1.5, "0000c03f"],
    ["double", -2.5, "00000000000004c0"],
    ["date", "1970-01-01", "00000000"],
    ["date", "1969-12-31", "ffffffff"],
    ["date", "2017-11-16", "4e440000"],
    ["time", "00:00:01.000001", "41420f0000000000"],
    ["timestamp", "1969-12-31T23:59:59.999999", "ffffffffffffffff"],
    ["timestamptz", "1970-01-01T01:00:00+01:00", "0000000000000000"],
    ["string", "ÿ", "c3bf"],
    ["uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7", "f79c3e09677c4bbda4793f349cb785e7"],
    ["fixed[3]", "00ff10", "00ff10"],
    ["binary", "", ""],
    ["decimal(9,2)", "14.20", "058c"],
    ["decimal(9,2)", "-0.01", "ff"],
    ["decimal(9,2)", "1.28", "0080"],
    ["decimal(38,0)", "99999999999999999999999999999999999999", "4b3b4ca85a86c47a098a223fffffffff"],
  ];
  for (const [type, cell, bytes] of known) {
    assert.equal(hex(type, cell), bytes, `${type} ${String(cell)}`);
    const back = decodeCell(type, Buffer.from(bytes, "hex"));
    assert.equal(compareCells(type, back, cell), 0, `${type} ${String(back)}`);
  }
});

test("an int and a float are read as the long and double they were widened to", () => {
  assert.equal(decodeCell("long", encodeCell("int", -7)), -7);
  assert.equal(decodeCell("double", encodeCell("float", 0.5)), 0.5);
  assert.throws(() => decodeCell("timestamp", Buffer.alloc(4)), /4 bytes are not a value/);
});

test("a value that is not of its type is refused, with the type named", () => {
  const wrong: readonly [string, Cell][] = [
    ["int", 1.5],
    ["int", 2 ** 31],
    ["long", 2 ** 60],
    ["long", "9223372036854775808"],
    ["date", "2023-02-29"],
    ["time", "24:00:00"],
    ["timestamp", "2023-01-01T00:00:00Z"],
    ["timestamptz", "2023-01-01T00:00:00"],
    ["timestamp", "2023-01-01T00:00:00.0000001"],
    ["decimal(4,2)", "1.234"],
    ["decimal(4,2)", "123.45"],
    ["uuid", "nope"],
    ["fixed[2]", "00"],
    ["binary", "0"],
    ["string", 5],
    ["boolean", 1],
    ["int", null],
  ];
  for (const [type, cell] of wrong) {
    assert.throws(() => encodeCell(type, cell), /is not a value of type/, `${type} ${cell}`);
  }
});

const whole64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const micros = fc.bigInt({ min: -(10n ** 17n), max: 3n * 10n ** 17n });
const byType: Readonly<Record<string, fc.Arbitrary<Cell>>> = {
  boolean: fc.boolean(),
  int: fc.integer(),
  long: whole64.map((one) => (Number.isSafeInteger(Number(one)) ? Number(one) : String(one))),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  date: fc.integer({ min: -1e6, max: 4e6 }).map(printDays),
  timestamp: micros.map((one) => printStampMicros(one, false)),
  timestamptz: micros.map((one) => printStampMicros(one, true)),
  string: fc.string({ unit: "grapheme" }),
  uuid: fc.uuid(),
  binary: fc.uint8Array().map((one) => Buffer.from(one).toString("hex")),
  "decimal(38,10)": fc
    .bigInt({ min: -(10n ** 37n), max: 10n ** 37n })
    .map((one) => String(decodeCell("decimal(38,10)", bytesOf(one)))),
};

function bytesOf(value: bigint): Buffer {
  const text = BigInt.asUintN(256, value).toString(16).padStart(64, "0");
  return Buffer.from(text, "hex");
}

test("every value of every type comes back from its bytes", () => {
  for (const [type, cells] of Object.entries(byType)) {
    fc.assert(
      fc.property(cells, (cell) => {
        assert.equal(Object.is(decodeCell(type, encodeCell(type, cell)), cell), true, type);
      }),
      { numRuns: 60 },
    );
  }
});

/** Characters at the edges of UTF-8, UTF-16 and the surrogates. */
const UNITS = fc.constantFrom(
  "a",
  "b",
  "é",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{1f600}",
  "\u{10ffff}",
);

test("bounds are at most 16 characters and hold every value between them", () => {
  const texts = fc.array(fc.string({ unit: UNITS, maxLength: 40 }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(texts, (values) => {
      const sorted = values.toSorted(compareText);
      const { lower, upper } = boundsOf("string", sorted[0], sorted.at(-1));
      assert.ok(Array.from(String(lower)).length <= 16);
      for (const value of values) {
        assert.ok(compareCells("string", lower!, value) <= 0);
        if (upper !== undefined) assert.ok(compareCells("string", upper, value) >= 0);
      }
      assert.ok(upper === undefined || Array.from(String(upper)).length <= 16);
    }),
  );
});

test("an upper bound is counted up where it is cut, and left out where it cannot be", () => {
  const a16 = "a".repeat(16);
  assert.deepEqual(boundsOf("string", `${a16}b`, `${a16}b`), {
    lower: a16,
    upper: `${"a".repeat(15)}b`,
  });
  assert.equal(boundsOf("string", "a", a16).upper, a16);
  const last = String.fromCodePoint(0x10ffff);
  assert.deepEqual(boundsOf("string", "", last.repeat(17)), { lower: "" });
  assert.equal(boundsOf("string", "", `a${last.repeat(16)}`).upper, "b");
  const before_surrogates = String.fromCodePoint(0xd7ff).repeat(17);
  assert.equal(boundsOf("string", "", before_surrogates).upper?.toString().at(-1), "\ue000");
  assert.deepEqual(boundsOf("binary", "00", "ff".repeat(17)), { lower: "00" });
  assert.equal(boundsOf("binary", "00", `01${"ff".repeat(16)}`).upper, "02");
  assert.deepEqual(boundsOf("double", "NaN", 1), { upper: 1 });
});

test("values are ordered as their type has it", () => {
  assert.ok(compareCells("long", "9007199254740993", 9007199254740991) > 0);
  assert.ok(compareCells("decimal(20,2)", "-10.5", "-9.99") < 0);
  assert.ok(compareCells("decimal(4,2)", "10.00", "9.99") > 0);
  assert.equal(compareCells("double", -0, 0), 0);
  assert.ok(compareCells("double", "NaN", "Infinity") > 0);
  assert.equal(compareCells("double", "NaN", "NaN"), 0);
  assert.ok(compareCells("string", "\u{1f600}", "\uffff") > 0, "by code point, not by UTF-16");
  assert.ok(
    compareCells(
      "uuid",
      "80000000-0000-0000-0000-000000000000",
      "7fffffff-ffff-ffff-ffff-ffffffffffff",
    ) > 0,
  );
  assert.ok(compareCells("timestamptz", "2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00Z") < 0);
  assert.ok(compareCells("date", "-0001-01-01", "0001-01-01") < 0);
});

test("text is ordered as its UTF-8 bytes are", () => {
  const text = fc.string({ unit: UNITS });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareText(a, b)), bytes);
    }),
  );
});

test("days and times agree with the calendar of JavaScript, before and after 1970", () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
      const iso = new Date(seconds * 1000).toISOString().slice(0, 19);
      const at = BigInt(seconds) * 1_000_000n;
      assert.equal(BigInt(stampMicrosOf(iso, false)!), at);
      assert.equal(printStampMicros(at, false), iso);
      assert.equal(daysOf(iso.slice(0, 10)), Math.floor(seconds / 86_400));
    }),
  );
});
