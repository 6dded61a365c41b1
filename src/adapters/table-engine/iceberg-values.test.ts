// Hashes, truncation and bounds as the Iceberg table spec has them.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { murmur3, murmur3OfDecimal, murmur3OfLong, murmur3OfUuid } from "./murmur3.ts";
import { truncateDecimal } from "./partition-transforms.ts";
import { cellOfText, lowerBound, upperBound } from "./written-values.ts";
import { anyCodePoint } from "../../../test/support/any-code-point.ts";

test("hashes are those that the spec publishes (appendix B)", () => {
  const micros = BigInt(Date.parse("2017-11-16T22:31:08Z")) * 1000n;
  const days = BigInt(Date.parse("2017-11-16")) / 86_400_000n;
  assert.equal(murmur3OfLong(34n), 2017239379);
  assert.equal(murmur3OfDecimal("14.20"), -500754589);
  assert.equal(murmur3OfLong(days), -653330422);
  assert.equal(murmur3OfLong(micros), -2047944441);
  assert.equal(murmur3(Buffer.from("iceberg")), 1210000089);
  assert.equal(murmur3OfUuid("f79c3e09-677c-4bbd-a479-3f349cb785e7"), 1488055340);
  assert.equal(murmur3(Uint8Array.from([0, 1, 2, 3])), -188683207);
});

test("decimals are truncated downwards, by their unscaled value", () => {
  assert.equal(truncateDecimal("10.65", 50n), "10.50");
  assert.equal(truncateDecimal("-0.05", 50n), "-0.50");
  assert.equal(truncateDecimal("0.00", 10n), "0.00");
  assert.equal(truncateDecimal("-7", 10n), "-10");
});

test("values that the JSON form cannot say are not told", () => {
  const unsaid: [string, string][] = [
    ["double", "nan"],
    ["double", "-inf"],
    ["date", "infinity"],
    ["date", "10000-01-01"],
    ["date", "0045-03-15 (BC)"],
    ["timestamp", "infinity"],
    ["timestamptz", "2024-01-01 10:00:00+02"],
    ["time", "24:00:00"],
  ];
  for (const [type, text] of unsaid) assert.equal(cellOfText(type, text), undefined, text);
  assert.equal(cellOfText("long", "9007199254740993"), "9007199254740993");
  assert.equal(cellOfText("binary", "AAFF"), "aaff");
  assert.equal(upperBound("string", "\u{10FFFF}".repeat(70)), undefined);
  assert.equal(upperBound("binary", "AA".repeat(65)), undefined);
  assert.equal(lowerBound("binary", "AA".repeat(65)), "aa".repeat(64));
  assert.equal(lowerBound("float", "0.0"), -(2 ** -149));
});

test("no text lies outside of its bounds, by the order of its bytes", () => {
  const text = fc.string({ unit: anyCodePoint, minLength: 50, maxLength: 80 });
  fc.assert(
    fc.property(text, (value) => {
      const bytes = Buffer.from(value);
      const upper = upperBound("string", value);
      assert.ok(Buffer.compare(Buffer.from(String(lowerBound("string", value))), bytes) <= 0);
      assert.ok(upper === undefined || Buffer.compare(Buffer.from(String(upper)), bytes) >= 0);
    }),
  );
});
