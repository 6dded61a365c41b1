// Column types: what is printed is read back, ids are as Iceberg gives them, nonsense is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { numberColumns, parseColumnType, printColumnType, type ColumnType } from "./column-type.ts";

const primitive = fc
  .constantFrom("long", "string", "timestamptz", "timestamp", "decimal(9,2)", "fixed[16]", "time")
  .map((name): ColumnType => ({ kind: "primitive", name }));

const type = fc.letrec<{ type: ColumnType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    primitive,
    tie("type").map((element): ColumnType => ({ kind: "list", element })),
    fc
      .tuple(primitive, tie("type"))
      .map(([key, value]): ColumnType => ({ kind: "map", key, value })),
    fc
      .uniqueArray(fc.constantFrom("a", "b_2", "Odd name", 'quo"te', "long"), { minLength: 1 })
      .chain((names) =>
        fc.tuple(...names.map((name) => tie("type").map((inner) => ({ name, type: inner })))),
      )
      .map((fields): ColumnType => ({ kind: "struct", fields })),
  ),
})).type;

test("every type is read back as it was printed", () => {
  fc.assert(
    fc.property(type, (one) => {
      assert.deepEqual(parseColumnType(printColumnType(one)), one);
    }),
  );
});

test("what is no type is refused with the text", () => {
  for (const text of [
    "",
    "longs",
    "list<long",
    "map<long>",
    "struct<>",
    "decimal(9)",
    "long long",
  ]) {
    assert.throws(() => parseColumnType(text), { reason: "unknown_type" }, text);
  }
});

test("ids go to the fields of one level before those inside them", () => {
  const columns = [
    { name: "id", type: "long", nullable: false },
    { name: "tags", type: "list<struct<a: int, b: list<string>>>", nullable: true },
    { name: "places", type: "map<string, struct<zip: int>>", nullable: true },
  ];
  const numbered = numberColumns(columns, 10);
  assert.deepEqual(
    numbered.columns.map((one) => [one.field_id, one.nested_ids]),
    [
      [11, undefined],
      [12, { element: 14, "element.a": 15, "element.b": 16, "element.b.element": 17 }],
      [13, { key: 18, value: 19, "value.zip": 20 }],
    ],
  );
  assert.equal(numbered.last_field_id, 20);
});
