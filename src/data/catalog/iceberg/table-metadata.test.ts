// Table metadata: reading, printing, snapshots by id and time, the steps of a table's life.
import assert from "node:assert/strict";
import { test } from "node:test";
import { printLongJson } from "#kernel/long-json.ts";
import {
  currentSnapshot,
  isAncestor,
  newTableMetadata,
  parseTableMetadata,
  printTableMetadata,
  snapshotAt,
  withoutSnapshots,
  withPreviousMetadata,
  withSchema,
  withSnapshot,
} from "./table-metadata.ts";
import type { IcebergSchema, TableMetadata, TableSnapshot } from "./table-types.ts";

const SCHEMA: IcebergSchema = {
  type: "struct",
  "schema-id": 0,
  fields: [{ id: 1, name: "id", required: true, type: "long" }],
};
const T0 = Date.parse("2026-01-01T00:00:00Z");
const HOUR = 3_600_000;

const ID = (at: number) => String(9_223_372_036_854_775_800n + BigInt(at));

function snapshot(at: number): TableSnapshot {
  return {
    "snapshot-id": ID(at),
    ...(at === 1 ? {} : { "parent-snapshot-id": ID(at - 1) }),
    "sequence-number": at,
    "timestamp-ms": T0 + at * HOUR,
    "manifest-list": `s3://lake/t/metadata/snap-${ID(at)}.avro`,
    summary: { operation: "append", "added-records": "1" },
    "schema-id": 0,
  };
}

function table(snapshots: number): TableMetadata {
  const uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  let metadata = newTableMetadata({ uuid, location: "s3://lake/t", schema: SCHEMA, now_ms: T0 });
  for (let at = 1; at <= snapshots; at++) {
    metadata = withSnapshot(metadata, snapshot(at), T0 + at * HOUR + 5);
  }
  return metadata;
}

test("metadata comes back as it was printed, with ids as numbers in the file", () => {
  const metadata = table(3);
  const text = printTableMetadata(metadata);
  assert.match(text, /"current-snapshot-id":9223372036854775803,/);
  assert.deepEqual(parseTableMetadata(text), metadata);
  assert.deepEqual(parseTableMetadata(printTableMetadata(table(0))), table(0));
});

test("keys that we don't know are kept, at every level", () => {
  const metadata = { ...table(1), "x-odd": { deep: [1] } };
  const schemas = [{ ...SCHEMA, fields: [{ ...SCHEMA.fields[0]!, "initial-default": 5 }] }];
  const odd = printLongJson({ ...metadata, schemas });
  const again = JSON.parse(printTableMetadata(parseTableMetadata(odd))) as TableMetadata;
  assert.deepEqual(again["x-odd"], { deep: [1] });
  assert.equal(again.schemas[0]!.fields[0]!["initial-default"], 5);
});

test("metadata of format v1 is read as v2", () => {
  const v1 = `{"format-version":1,"table-uuid":"u","location":"s3://a/b","last-updated-ms":5,
    "last-column-id":2,"schema":{"type":"struct","fields":[
      {"id":1,"name":"ts","required":false,"type":"timestamp"},
      {"id":2,"name":"price","required":false,"type":"decimal(9, 2)"}]},
    "partition-spec":[{"name":"ts_day","transform":"day","source-id":1}],
    "current-snapshot-id":3055729675574597004,"snapshots":[{"snapshot-id":3055729675574597004,
      "timestamp-ms":4,"manifest-list":"s3://a/b/m.avro"}]}`;
  const metadata = parseTableMetadata(v1);
  assert.equal(metadata["format-version"], 2);
  assert.equal(metadata.schemas[0]!.fields[1]!.type, "decimal(9,2)");
  assert.deepEqual(metadata["partition-specs"][0]!.fields[0]!["field-id"], 1000);
  assert.equal(metadata["last-partition-id"], 1000);
  assert.deepEqual(metadata.refs["main"]!["snapshot-id"], "3055729675574597004");
  assert.deepEqual(metadata["sort-orders"], [{ "order-id": 0, fields: [] }]);
  assert.equal(currentSnapshot(metadata)!["sequence-number"], 0);
  assert.equal("schema" in metadata || "partition-spec" in metadata, false);
  assert.deepEqual(parseTableMetadata(printTableMetadata(metadata)), metadata);
});

test("a current snapshot of -1 is none, as other catalogs write it", () => {
  const text = printTableMetadata({ ...table(0), "current-snapshot-id": "-1" });
  assert.equal(parseTableMetadata(text)["current-snapshot-id"], null);
});

test("metadata that is wrong is refused, with what is wrong", () => {
  const whole = table(2);
  const refused = (changed: object, why: RegExp) =>
    assert.throws(
      () => parseTableMetadata(printLongJson({ ...whole, ...changed })),
      (error: { reason: string; message: string }) =>
        error.reason === "bad_table" && why.test(error.message),
      String(why),
    );
  refused({ "format-version": 3 }, /format version 3; 1 and 2 can be read/);
  refused({ "current-schema-id": 9 }, /current-schema-id 9 is not among its schemas/);
  refused({ "default-spec-id": 9 }, /default-spec-id 9/);
  refused({ "default-sort-order-id": 9 }, /default-sort-order-id 9/);
  refused({ "current-snapshot-id": "5" }, /current-snapshot-id 5 is not/);
  refused({ refs: { old: { "snapshot-id": "5", type: "tag" } } }, /"old" names snapshot 5/);
  refused({ snapshots: [snapshot(2), snapshot(2)] }, /same id/);
  refused({ location: 5 }, /at location/);
  refused({ "last-column-id": 0 }, /field ids over last-column-id/);
  const field = { id: 1, name: "id", required: true, type: "variant" };
  refused({ schemas: [{ ...SCHEMA, fields: [field] }] }, /schemas\.0\.fields\.0\.type/);
  assert.throws(() => parseTableMetadata("{"), /is not JSON/);
  assert.throws(() => parseTableMetadata("null"), /is not right/);
});

test("a snapshot is found by id, tag, and by what was current at a time", () => {
  const metadata: TableMetadata = {
    ...table(3),
    refs: { ...table(3).refs, "2026-01": { "snapshot-id": ID(1), type: "tag" } },
  };
  const found = (at: string) => snapshotAt(metadata, at)?.["snapshot-id"];
  assert.equal(found(ID(2)), ID(2));
  assert.equal(found("123"), undefined);
  assert.equal(found("2026-01"), ID(1));
  assert.equal(found("main"), ID(3));
  assert.equal(found("no-such-tag"), undefined);
  assert.equal(found("2026-01-01T02:00:00Z"), ID(2), "at its own time");
  assert.equal(found("2026-01-01T01:59:59.999Z"), ID(1));
  assert.equal(found("2026-01-01 03:30"), ID(3));
  assert.equal(found("2026-01-01T04:00:00+02:00"), ID(2));
  assert.equal(found("2026-01-01"), undefined, "before the first");
  assert.equal(found("2027-01-01"), ID(3));
  for (const wrong of ["2026-02-31", "2026-13-01", "12:00", "", "2026-01-01T25:00:00Z"]) {
    assert.throws(
      () => snapshotAt(metadata, wrong),
      (error: { reason: string }) => error.reason === "bad_point_in_time",
      wrong,
    );
  }
});

test("a removed snapshot takes its tags, its statistics and the log before it along", () => {
  const whole = table(4);
  const statistics = [1, 3].map((at) => ({ "snapshot-id": ID(at), "statistics-path": "p" }));
  const refs = { ...whole.refs, one: { "snapshot-id": ID(2), type: "tag" as const } };
  const less = withoutSnapshots({ ...whole, statistics, refs }, [ID(1), ID(2)]);
  assert.deepEqual(
    less.snapshots.map((one) => one["snapshot-id"]),
    [ID(3), ID(4)],
  );
  assert.deepEqual(
    less["snapshot-log"].map((one) => one["snapshot-id"]),
    [ID(3), ID(4)],
  );
  assert.deepEqual(Object.keys(less.refs), ["main"]);
  assert.deepEqual(less.statistics, [statistics[1]]);
  assert.throws(() => withoutSnapshots(whole, [ID(4)]), /is the current one/);
  assert.throws(() => withSnapshot(whole, snapshot(4), T0), /already/);
});

test("ancestors are followed by parent, and a cycle does not hang", () => {
  const metadata = table(4);
  assert.equal(isAncestor(metadata, ID(1), ID(4)), true);
  assert.equal(isAncestor(metadata, ID(4), ID(4)), true);
  assert.equal(isAncestor(metadata, ID(4), ID(1)), false);
  const round = { ...snapshot(1), "parent-snapshot-id": ID(4) };
  const cyclic = { ...metadata, snapshots: [round, ...metadata.snapshots.slice(1)] };
  assert.equal(isAncestor(cyclic, "nope", ID(4)), false);
});

test("a schema that was there before keeps its id", () => {
  const field = { id: 2, name: "x", required: false, type: "int" };
  const wider = { ...SCHEMA, fields: [...SCHEMA.fields, field] };
  const next = withSchema(table(0), wider, 2, T0 + 1);
  assert.equal(next["current-schema-id"], 1);
  assert.equal(next["last-column-id"], 2);
  const back = withSchema(next, { ...SCHEMA, "schema-id": 99 }, 2, T0 + 2);
  assert.equal(back["current-schema-id"], 0);
  assert.equal(back.schemas.length, 2);
});

test("the log of earlier metadata is bounded, and says which files it lets go", () => {
  let metadata = table(0);
  const expired: string[] = [];
  for (let at = 0; at < 5; at++) {
    const next = withPreviousMetadata(metadata, `v${at}.json`, T0 + at, 3);
    metadata = next.metadata;
    expired.push(...next.expired);
  }
  assert.deepEqual(expired, ["v0.json", "v1.json"]);
  assert.deepEqual(
    metadata["metadata-log"].map((one) => one["metadata-file"]),
    ["v2.json", "v3.json", "v4.json"],
  );
});
