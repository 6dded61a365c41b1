// Schemas: columns to Iceberg and back, evolution by id, fresh ids.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldChange } from "#contracts/table-nouns.ts";
import { numberColumns } from "#ports/column-type.ts";
import { changeSchema } from "./schema-change.ts";
import {
  fieldById,
  fieldByName,
  freshSchema,
  lastColumnId,
  nameMapping,
  sameSchema,
  toFields,
  toIcebergSchema,
} from "./table-schema.ts";
import type { IcebergSchema } from "./table-types.ts";

const COLUMNS = [
  { name: "id", type: "long", nullable: false },
  { name: "tags", type: "list<struct<a: int, b: map<string, double>>>", nullable: true },
  { name: "price", type: "decimal(9,2)", nullable: true },
  { name: "address", type: 'struct<city: string, "zip code": int>', nullable: true },
];

/** Somebody else's: with documents, identifiers and elements that cannot be null. */
const FOREIGN: IcebergSchema = {
  type: "struct",
  "schema-id": 7,
  "identifier-field-ids": [11],
  fields: [
    { id: 11, name: "id", required: true, type: "int", doc: "who" },
    {
      id: 20,
      name: "names",
      required: false,
      type: { type: "list", "element-id": 21, element: "string", "element-required": true },
    },
    { id: 30, name: "ratio", required: true, type: "float" },
  ],
};

test("columns become a schema with their ids, and come back", () => {
  const fields = numberColumns(COLUMNS, 0).columns;
  const schema = toIcebergSchema(fields, 3);
  assert.equal(schema["schema-id"], 3);
  assert.deepEqual(toFields(schema), fields);
  assert.equal(lastColumnId(schema), 11);
  assert.equal(fieldByName(schema, "tags.element.b.value")?.type, "double");
  assert.equal(fieldById(schema, 1)?.required, true);
  assert.equal(fieldByName(schema, "address.zip code")?.in_structs, true);
  assert.equal(fieldByName(schema, "tags.element.a")?.in_structs, false);
});

test("changes keep ids, documents and what is required inside nested types", () => {
  const changes: FieldChange[] = [
    { change: "rename", name: "names", to: "words" },
    { change: "widen", name: "id", type: "long" },
    { change: "make_nullable", name: "ratio" },
    { change: "widen", name: "ratio", type: "double" },
    { change: "add", name: "more", type: "list<int>", doc: "new" },
    { change: "move", name: "more", after: null },
    { change: "move", name: "id", after: "ratio" },
    { change: "add", name: "gone", type: "int" },
    { change: "drop", name: "gone" },
    { change: "add", name: "gone", type: "string" },
  ];
  const { schema, last_column_id } = changeSchema(FOREIGN, changes, 40);
  assert.equal(last_column_id, 44, "an id is never given twice");
  assert.deepEqual(
    schema.fields.map(({ id, name, required, type }) => [id, name, required, type]),
    [
      [
        41,
        "more",
        false,
        { type: "list", "element-id": 42, element: "int", "element-required": false },
      ],
      [20, "words", false, FOREIGN.fields[1]!.type],
      [30, "ratio", false, "double"],
      [11, "id", true, "long"],
      [44, "gone", false, "string"],
    ],
  );
  assert.equal(schema.fields[3]!.doc, "who");
  assert.equal(schema.fields[0]!.doc, "new");
  assert.deepEqual(schema["identifier-field-ids"], [11]);
  assert.deepEqual(FOREIGN.fields[0]!.name, "id", "the schema given is as it was");
});

test("changes that Iceberg does not allow are refused with their reason", () => {
  const refused: readonly [FieldChange, string, RegExp][] = [
    [{ change: "drop", name: "nope" }, "no_such_field", /"nope"/],
    [{ change: "rename", name: "id", to: "names" }, "duplicate_field", /"names"/],
    [{ change: "add", name: "id", type: "int" }, "duplicate_field", /"id"/],
    [{ change: "add", name: "x", type: "integer" }, "unknown_type", /integer/],
    [{ change: "widen", name: "id", type: "string" }, "schema_differs", /from int to string/],
    [{ change: "widen", name: "names", type: "string" }, "schema_differs", /from list/],
    [{ change: "drop", name: "id" }, "schema_differs", /identifies rows/],
    [{ change: "make_nullable", name: "id" }, "schema_differs", /identifies rows/],
    [{ change: "move", name: "id", after: "nope" }, "no_such_field", /"nope"/],
  ];
  for (const [change, reason, message] of refused) {
    assert.throws(
      () => changeSchema(FOREIGN, [change], 40),
      (error: { reason: string; message: string }) =>
        error.reason === reason && message.test(error.message),
      `${change.change} ${change.name}`,
    );
  }
  const decimal = toIcebergSchema(numberColumns(COLUMNS, 0).columns, 0);
  const widen = (type: string) =>
    changeSchema(decimal, [{ change: "widen", name: "price", type }], 12).schema.fields[2]!.type;
  assert.equal(widen("decimal(12,2)"), "decimal(12,2)");
  assert.throws(() => widen("decimal(8,2)"));
  assert.throws(() => widen("decimal(12,3)"));
});

test("a new table gets fresh ids, level by level, and its identifiers with them", () => {
  const { schema, last_column_id, new_ids } = freshSchema(FOREIGN);
  assert.equal(schema["schema-id"], 0);
  assert.deepEqual(
    schema.fields.map((field) => field.id),
    [1, 2, 3],
  );
  assert.deepEqual(schema["identifier-field-ids"], [1]);
  assert.equal(last_column_id, 4);
  assert.equal(new_ids.get(21), 4);
  assert.equal(fieldById(schema, 4)?.name, "names.element");
});

test("schemas are the same whatever their schema id and the order of their keys", () => {
  const text = JSON.parse(JSON.stringify(FOREIGN)) as IcebergSchema;
  const reordered = text.fields.map(({ id, ...rest }) => ({ ...rest, id }));
  const other = { ...text, "schema-id": 1, fields: reordered } as IcebergSchema;
  assert.equal(sameSchema(FOREIGN, other), true);
  assert.equal(sameSchema(FOREIGN, { ...FOREIGN, "identifier-field-ids": [] }), false);
  const first = { ...FOREIGN.fields[0]!, required: false };
  const nullable = { ...FOREIGN, fields: [first, ...FOREIGN.fields.slice(1)] };
  assert.equal(sameSchema(FOREIGN, nullable), false);
});

test("the name mapping names every field, those inside too", () => {
  assert.deepEqual(JSON.parse(nameMapping(FOREIGN)), [
    { "field-id": 11, names: ["id"] },
    { "field-id": 20, names: ["names"], fields: [{ "field-id": 21, names: ["element"] }] },
    { "field-id": 30, names: ["ratio"] },
  ]);
});
