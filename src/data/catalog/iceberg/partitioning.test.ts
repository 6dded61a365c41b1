// Transforms against the table spec's appendix B, and specs from columns.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Cell } from "#contracts/table-nouns.ts";
import { murmur3 } from "./murmur-hash.ts";
import { applyTransform, newPartitionSpec, partitionBy, parseTransform } from "./partitioning.ts";
import { transformResultType } from "./partitioning.ts";
import { primitiveOf, rawOf } from "./raw-values.ts";
import { compareCells, encodeRaw } from "./single-values.ts";
import type { IcebergSchema } from "./table-types.ts";

const NOTHING = 0x7fffffff;

test("hashes are those that appendix B prints", () => {
  const known: readonly [string, Cell, number][] = [
    ["int", 34, 2017239379],
    ["long", 34, 2017239379],
    ["decimal(9,2)", "14.20", -500754589],
    ["date", "2017-11-16", -653330422],
    ["time", "22:31:08", -662762989],
    ["timestamp", "2017-11-16T22:31:08", -2047944441],
    ["timestamp", "2017-11-16T22:31:08.000001", -1207196810],
    ["timestamptz", "2017-11-16T14:31:08-08:00", -2047944441],
    ["timestamptz", "2017-11-16T14:31:08.000001-08:00", -1207196810],
    ["string", "iceberg", 1210000089],
    ["uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7", 1488055340],
    ["fixed[4]", "00010203", -188683207],
    ["binary", "00010203", -188683207],
  ];
  for (const [type, cell, hash] of known) {
    const bucket = (hash & NOTHING) % 1000;
    assert.equal(applyTransform("bucket[1000]", type, cell), bucket, type);
    const whole = applyTransform("bucket[2147483647]", type, cell);
    assert.equal(whole, (hash & NOTHING) % 2147483647, type);
  }
  const string = primitiveOf("string")!;
  assert.equal(murmur3(encodeRaw(string, rawOf(string, "iceberg")!)), 1210000089);
});

test("truncate, years, months, days and hours are those of the spec, before 1970 too", () => {
  const known: readonly [string, string, Cell, Cell][] = [
    ["truncate[10]", "int", 1, 0],
    ["truncate[10]", "int", -1, -10],
    ["truncate[10]", "long", "9223372036854775807", "9223372036854775800"],
    ["truncate[50]", "decimal(9,2)", "10.65", "10.50"],
    ["truncate[50]", "decimal(9,2)", "-10.65", "-11.00"],
    ["truncate[3]", "string", "iceberg", "ice"],
    ["truncate[2]", "string", "\u{1f600}\u{1f601}x", "\u{1f600}\u{1f601}"],
    ["truncate[3]", "binary", "0102030405", "010203"],
    ["year", "date", "1970-01-01", 0],
    ["year", "date", "1969-12-31", -1],
    ["month", "date", "2017-11-16", 574],
    ["month", "timestamp", "1969-12-31T23:59:59", -1],
    ["day", "timestamp", "1969-12-31T23:59:59.999999", "1969-12-31"],
    ["day", "timestamptz", "2017-11-16T23:00:00-08:00", "2017-11-17"],
    ["day", "timestamp", "9999-12-31T23:59:59.999999", "9999-12-31"],
    ["hour", "timestamp", "1970-01-01T01:59:59", 1],
    ["hour", "timestamp", "1969-12-31T23:59:59", -1],
    ["identity", "string", "x", "x"],
    ["void", "long", 5, null],
    ["bucket[4]", "long", null, null],
    ["day", "date", null, null],
  ];
  for (const [transform, type, cell, made] of known) {
    assert.equal(applyTransform(transform, type, cell), made, `${transform} ${String(cell)}`);
  }
  assert.equal(transformResultType("day", "timestamp"), "date");
  assert.equal(transformResultType("bucket[4]", "string"), "int");
  assert.equal(transformResultType("truncate[4]", "decimal(9,2)"), "decimal(9,2)");
});

test("truncate is never greater than its value and never further than its width", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 1_000_000 }), (value, width) => {
      fc.pre(value - width > Number.MIN_SAFE_INTEGER);
      const low = Number(applyTransform(`truncate[${width}]`, "long", value));
      assert.ok(low <= value && value - low < width && low % width === 0);
      assert.ok(compareCells("long", low, value) <= 0);
    }),
  );
});

const SCHEMA: IcebergSchema = {
  type: "struct",
  "schema-id": 0,
  fields: [
    { id: 1, name: "id", required: true, type: "long" },
    { id: 2, name: "ts", required: false, type: "timestamptz" },
    { id: 3, name: "name", required: false, type: "string" },
    {
      id: 4,
      name: "address",
      required: false,
      type: {
        type: "struct",
        fields: [{ id: 5, name: "city", required: false, type: "string" }],
      },
    },
    { id: 6, name: "score", required: false, type: "double" },
  ],
};

test("a spec has ids after the last one and the names Iceberg gives", () => {
  const fields = [
    { column: "id", transform: "bucket[16]" },
    { column: "ts", transform: "day" },
    { column: "name", transform: "truncate[4]" },
    { column: "name", transform: "identity" },
    { column: "address.city", transform: "identity", name: "city" },
  ];
  const { spec, last_partition_id } = newPartitionSpec(SCHEMA, fields, 1002, 3);
  assert.equal(last_partition_id, 1007);
  assert.deepEqual(
    spec.fields.map((field) => [field["field-id"], field["source-id"], field.name]),
    [
      [1003, 1, "id_bucket"],
      [1004, 2, "ts_day"],
      [1005, 3, "name_trunc"],
      [1006, 3, "name"],
      [1007, 5, "city"],
    ],
  );
  assert.deepEqual(partitionBy(spec, SCHEMA)[4], {
    column: "address.city",
    transform: "identity",
    name: "city",
  });
});

test("what cannot be partitioned by is refused, with what would be right", () => {
  const refused = (fields: { column: string; transform: string; name?: string }[], why: RegExp) =>
    assert.throws(
      () => newPartitionSpec(SCHEMA, fields, 999, 0),
      (error: { reason: string; message: string; hint: string }) =>
        error.reason === "bad_partitioning" && why.test(`${error.message}: ${error.hint}`),
    );
  refused([{ column: "nope", transform: "identity" }], /no column "nope": the columns are id, ts/);
  refused([{ column: "id", transform: "days" }], /"days" is not a transform: it would be/);
  refused([{ column: "id", transform: "day" }], /day cannot be applied to "id".*bucket, truncate/);
  refused([{ column: "score", transform: "bucket[4]" }], /for double there are identity, void/);
  refused([{ column: "address", transform: "identity" }], /partition by a primitive/);
  refused([{ column: "id", transform: "bucket[4]", name: "name" }], /cannot be named "name"/);
  const twice = { column: "ts", transform: "day" };
  refused([twice, twice], /divides by the same/);
  const buckets = [4, 8].map((size) => ({ column: "id", transform: `bucket[${size}]` }));
  refused(buckets, /two partition fields are named "id_bucket"/);
  assert.throws(() => parseTransform("bucket[0]"));
});
