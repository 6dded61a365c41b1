// Requirements and updates of the REST catalog, as the Java implementation applies them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newTableMetadata, parseTableMetadata, printTableMetadata } from "./table-metadata.ts";
import { applyUpdates, checkRequirements, newTableFromUpdates } from "./table-updates.ts";
import type { IcebergSchema, TableMetadata } from "./table-types.ts";

const SCHEMA: IcebergSchema = {
  type: "struct",
  "schema-id": 0,
  fields: [
    { id: 1, name: "id", required: true, type: "long" },
    { id: 2, name: "ts", required: false, type: "timestamptz" },
  ],
};
const WIDER: IcebergSchema = {
  ...SCHEMA,
  "schema-id": 1,
  fields: [...SCHEMA.fields, { id: 3, name: "x", required: false, type: "int" }],
};
const UUID = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
const EMPTY = newTableMetadata({
  uuid: UUID,
  location: "s3://lake/t",
  schema: SCHEMA,
  properties: { a: "1", b: "2" },
  now_ms: 1000,
});

const apply = (metadata: TableMetadata, ...updates: object[]) =>
  applyUpdates(metadata, updates, { now_ms: 5000 });

function snapshot(id: string, sequence: number, parent?: string) {
  return {
    action: "add-snapshot",
    snapshot: {
      "snapshot-id": id,
      ...(parent === undefined ? {} : { "parent-snapshot-id": parent }),
      "sequence-number": sequence,
      "timestamp-ms": 2000 + sequence,
      "manifest-list": `s3://lake/t/${id}.avro`,
      summary: { operation: "append" },
      "schema-id": 0,
    },
  };
}

const toMain = (id: string) => ({
  action: "set-snapshot-ref",
  "ref-name": "main",
  type: "branch",
  "snapshot-id": id,
});

const COMMITTED = apply(
  EMPTY,
  snapshot("11", 1),
  toMain("11"),
  snapshot("12", 2, "11"),
  toMain("12"),
);

function refused(run: () => unknown, reason: string, why: RegExp) {
  assert.throws(
    run,
    (error: { reason: string; message: string; hint?: string }) =>
      error.reason === reason && why.test(`${error.message}; ${error.hint}`),
    String(why),
  );
}

test("a commit moves main; what was current in between is not in the log", () => {
  assert.equal(COMMITTED["current-snapshot-id"], "12");
  assert.equal(COMMITTED["last-sequence-number"], 2);
  assert.equal(COMMITTED["last-updated-ms"], 5000);
  assert.deepEqual(COMMITTED["snapshot-log"], [{ "snapshot-id": "12", "timestamp-ms": 2002 }]);
  const back = apply(COMMITTED, toMain("11"));
  assert.deepEqual(back["snapshot-log"].at(-1), { "snapshot-id": "11", "timestamp-ms": 5000 });
  assert.deepEqual(parseTableMetadata(printTableMetadata(back)), back);
});

test("snapshots out of order, twice, or not there are refused", () => {
  const bad = (why: RegExp, ...updates: object[]) =>
    refused(() => apply(COMMITTED, ...updates), "bad_update", why);
  bad(/sequence number 2, but the table is at 2/, snapshot("13", 2, "12"));
  bad(/snapshot 12 already/, snapshot("12", 3, "11"));
  bad(/"main" names snapshot 99/, toMain("99"));
  bad(/cannot become a tag/, { ...toMain("11"), type: "tag" });
  bad(/is the current one/, { action: "remove-snapshots", "snapshot-ids": ["12"] });
});

test("tags and branches are set and removed; the snapshots of the rest can go", () => {
  const tag = { ...toMain("11"), "ref-name": "v1", type: "tag", "max-ref-age-ms": 7 };
  const tagged = apply(COMMITTED, tag);
  assert.deepEqual(tagged.refs["v1"], { type: "tag", "snapshot-id": "11", "max-ref-age-ms": 7 });
  const without = apply(
    tagged,
    { action: "remove-snapshot-ref", "ref-name": "v1" },
    { action: "remove-snapshots", "snapshot-ids": ["11"] },
  );
  assert.deepEqual(Object.keys(without.refs), ["main"]);
  assert.equal(without.snapshots.length, 1);
  const headless = apply(COMMITTED, { action: "remove-snapshot-ref", "ref-name": "main" });
  assert.equal(headless["current-snapshot-id"], null);
});

test("a schema is added with the next id, or found again; -1 is the one added last", () => {
  const add = { action: "add-schema", schema: { ...WIDER, "schema-id": 77 }, "last-column-id": 3 };
  const use = { action: "set-current-schema", "schema-id": -1 };
  const next = apply(EMPTY, add, use);
  assert.equal(next["current-schema-id"], 1);
  assert.equal(next["last-column-id"], 3);
  const back = apply(next, { action: "add-schema", schema: SCHEMA }, use);
  assert.equal(back["current-schema-id"], 0);
  assert.equal(back.schemas.length, 2);
  assert.equal(back["last-column-id"], 3);
  const bad = (why: RegExp, ...updates: object[]) =>
    refused(() => apply(next, ...updates), "bad_update", why);
  bad(/none was added/, use);
  bad(/no schema 9/, { action: "set-current-schema", "schema-id": 9 });
  bad(/current schema cannot/, { action: "remove-schemas", "schema-ids": [1] });
  const odd = { ...SCHEMA, "identifier-field-ids": [9] };
  bad(/identifier field 9/, { action: "add-schema", schema: odd });
  const less = apply(next, { action: "remove-schemas", "schema-ids": [0] });
  assert.equal(less.schemas.length, 1);
});

test("a partition spec and a sort order likewise; their columns must be there", () => {
  const field = { "source-id": 2, name: "ts_day", transform: "day" };
  const spec = { "spec-id": 5, fields: [field] };
  const use = { action: "set-default-spec", "spec-id": -1 };
  const next = apply(EMPTY, { action: "add-spec", spec }, use);
  assert.equal(next["default-spec-id"], 1);
  assert.equal(next["last-partition-id"], 1000);
  assert.equal(next["partition-specs"][1]!.fields[0]!["field-id"], 1000);
  const again = apply(next, { action: "add-spec", spec }, use);
  assert.equal(again["partition-specs"].length, 2);
  const bad = (why: RegExp, ...updates: object[]) =>
    refused(() => apply(next, ...updates), "bad_update", why);
  const badSpec = (changed: object) => ({
    action: "add-spec",
    spec: { fields: [{ ...field, ...changed }] },
  });
  bad(/field 9, which is not in the schema/, badSpec({ "source-id": 9 }));
  bad(/bucket\[4\]|cannot be applied/, badSpec({ "source-id": 1, transform: "day" }));
  const dropped = { ...SCHEMA, fields: SCHEMA.fields.slice(0, 1) };
  const set = { action: "set-current-schema", "schema-id": -1 };
  bad(/"ts_day" is made of field 2/, { action: "add-schema", schema: dropped }, set);
  bad(/default partition spec/, { action: "remove-partition-specs", "spec-ids": [1] });
  const only = apply(next, { action: "remove-partition-specs", "spec-ids": [0] });
  assert.equal(only["partition-specs"].length, 1);
  const sort = {
    transform: "identity",
    "source-id": 1,
    direction: "asc",
    "null-order": "nulls-first",
  };
  const order = { action: "add-sort-order", "sort-order": { "order-id": 3, fields: [sort] } };
  const sorted = apply(next, order, { action: "set-default-sort-order", "sort-order-id": -1 });
  assert.equal(sorted["default-sort-order-id"], 1);
  assert.equal(apply(sorted, order)["sort-orders"].length, 2);
});

test("uuid, location, properties and statistics are set and removed", () => {
  const file = { "snapshot-id": "11", "statistics-path": "s3://lake/t/p.puffin", size: 5 };
  const next = apply(
    COMMITTED,
    { action: "set-location", location: "s3://lake/other" },
    { action: "assign-uuid", uuid: "new" },
    { action: "upgrade-format-version", "format-version": 2 },
    { action: "set-properties", updates: { b: "3", c: "4" } },
    { action: "remove-properties", removals: ["a", "nope"] },
    { action: "set-statistics", "snapshot-id": "11", statistics: file },
    { action: "set-partition-statistics", "partition-statistics": file },
  );
  assert.equal(next.location, "s3://lake/other");
  assert.equal(next["table-uuid"], "new");
  assert.deepEqual(next.properties, { b: "3", c: "4" });
  assert.deepEqual(next.statistics, [file]);
  const less = apply(
    next,
    { action: "remove-statistics", "snapshot-id": "11" },
    { action: "remove-partition-statistics", "snapshot-id": "11" },
  );
  assert.deepEqual([less.statistics, less["partition-statistics"]], [[], []]);
});

test("an unknown update is refused with the nearest, a known one with what it lacks", () => {
  const bad = (why: RegExp, update: object) =>
    refused(() => apply(EMPTY, update), "bad_update", why);
  bad(/no update "add-shema"; did you mean add-schema/, { action: "add-shema" });
  bad(/no update "constructor"/, { action: "constructor" });
  bad(/update set-location is not right at location/, { action: "set-location" });
  bad(/update 0 is not right at action/, {});
  bad(/version 3 is not written/, { action: "upgrade-format-version", "format-version": 3 });
});

test("requirements hold or fail with what was expected and found", () => {
  const good = [
    { type: "assert-table-uuid", uuid: UUID.toUpperCase() },
    { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": "12" },
    { type: "assert-ref-snapshot-id", ref: "other", "snapshot-id": null },
    { type: "assert-last-assigned-field-id", "last-assigned-field-id": 2 },
    { type: "assert-current-schema-id", "current-schema-id": 0 },
    { type: "assert-last-assigned-partition-id", "last-assigned-partition-id": 999 },
    { type: "assert-default-spec-id", "default-spec-id": 0 },
    { type: "assert-default-sort-order-id", "default-sort-order-id": 0 },
  ];
  checkRequirements(COMMITTED, good);
  checkRequirements(undefined, [{ type: "assert-create" }]);
  const bad = [
    { type: "assert-create" },
    { type: "assert-table-uuid", uuid: "other" },
    { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": "11" },
    { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": null },
    { type: "assert-ref-snapshot-id", ref: "constructor", "snapshot-id": "11" },
    { type: "assert-last-assigned-field-id", "last-assigned-field-id": 9 },
    { type: "assert-current-schema-id", "current-schema-id": 9 },
    { type: "assert-last-assigned-partition-id", "last-assigned-partition-id": 9 },
    { type: "assert-default-spec-id", "default-spec-id": 9 },
    { type: "assert-default-sort-order-id", "default-sort-order-id": 9 },
  ];
  for (const one of bad) {
    refused(
      () => checkRequirements(COMMITTED, [...good, one]),
      "requirement_failed",
      /expected .*, found /,
    );
  }
  refused(() => checkRequirements(undefined, good), "requirement_failed", /expected a table/);
  const typo = [{ type: "assert-creates" }];
  refused(() => checkRequirements(EMPTY, typo), "bad_update", /did you mean assert-create/);
});

test("a transaction can make a table from nothing", () => {
  const updates = [
    { action: "assign-uuid", uuid: UUID },
    { action: "upgrade-format-version", "format-version": 2 },
    { action: "add-schema", schema: SCHEMA, "last-column-id": 2 },
    { action: "set-current-schema", "schema-id": -1 },
    { action: "add-spec", spec: { "spec-id": 0, fields: [] } },
    { action: "set-default-spec", "spec-id": -1 },
    { action: "add-sort-order", "sort-order": { "order-id": 0, fields: [] } },
    { action: "set-default-sort-order", "sort-order-id": -1 },
    { action: "set-location", location: "s3://lake/t" },
    { action: "set-properties", updates: { a: "1", b: "2" } },
  ];
  const made = newTableFromUpdates(updates, { now_ms: 1000 });
  assert.deepEqual(made, EMPTY);
  refused(() => newTableFromUpdates(updates.slice(4), { now_ms: 1 }), "bad_update", /schema/);
  refused(() => newTableFromUpdates([], { now_ms: 1 }), "bad_update", /assign-uuid, set-location/);
});
