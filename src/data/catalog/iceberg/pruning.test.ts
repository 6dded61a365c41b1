// Pruning never drops a file with a matching row, and does drop others.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Cell, Predicate } from "#contracts/table-nouns.ts";
import { testRuns } from "../../../../test/support/test-runs.ts";
import { decodeManifest, encodeManifest } from "./manifest-file.ts";
import { manifestListEntry } from "./manifest-list.ts";
import { applyTransform, canTransform, parseTransform } from "./partitioning.ts";
import { createPruner } from "./pruning.ts";
import { rawOf, requirePrimitive } from "./raw-values.ts";
import { boundsOf, compareCells } from "./single-values.ts";
import type {
  IcebergDataFile,
  IcebergSchema,
  ManifestEntry,
  PartitionSpec,
} from "./table-types.ts";

const TYPES = [
  "int",
  "long",
  "float",
  "double",
  "boolean",
  "date",
  "timestamp",
  "timestamptz",
  "string",
  "uuid",
  "binary",
  "decimal(9,2)",
  "time",
] as const;
type Type = (typeof TYPES)[number];

const NEAR = { min: -30, max: 30 };
const small = fc.integer(NEAR);
const stamp = fc.integer({ min: -9e9, max: 9e9 });
const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
const text = fc.string({ unit: fc.constantFrom("a", "b", "\uffff", "\u{1f600}"), maxLength: 20 });
const floats = fc.oneof(small, fc.constantFrom<Cell>(0.1, -0.1, "NaN", "Infinity", -0));

const VALUES: Readonly<Record<Type, fc.Arbitrary<Cell>>> = {
  int: fc.oneof(small, fc.constantFrom(2147483647, -2147483648)),
  long: fc.oneof(small, fc.constantFrom<Cell>("9223372036854775807", "-9223372036854775808")),
  float: floats.map((one) => (typeof one === "number" ? Math.fround(one) : one)),
  double: floats,
  boolean: fc.boolean(),
  date: stamp.map((one) => iso(one).slice(0, 10)),
  timestamp: stamp.map(iso),
  timestamptz: stamp.map((one) => `${iso(one)}+00:00`),
  string: text,
  uuid: fc.uuid(),
  binary: text.map((one) => Buffer.from(one).toString("hex")),
  "decimal(9,2)": small.map((one) => (one / 4).toFixed(2)),
  time: fc.integer({ min: 0, max: 86_399 }).map((one) => iso(one).slice(11)),
};

const TRANSFORMS = "identity,bucket[3],truncate[1],truncate[7],year,month,day,hour,void".split(",");

function compare(type: Type, value: Cell, than: Cell): number {
  return compareCells(type, value, than);
}

/** What SQL makes of a predicate for one value; NaN is greatest and equal to itself. */
function matches(type: Type, value: Cell, predicate: Predicate): boolean {
  if (predicate.op === "is_null") return value === null;
  if (value === null) return false;
  switch (predicate.op) {
    case "not_null":
      return true;
    case "in":
      return predicate.values.some((one) => compare(type, value, one) === 0);
    case "not_in":
      return predicate.values.every((one) => compare(type, value, one) !== 0);
    case "starts_with":
      return String(value).startsWith(String(predicate.value));
    case "eq":
      return compare(type, value, predicate.value) === 0;
    case "ne":
      return compare(type, value, predicate.value) !== 0;
    case "lt":
      return compare(type, value, predicate.value) < 0;
    case "lte":
      return compare(type, value, predicate.value) <= 0;
    case "gt":
      return compare(type, value, predicate.value) > 0;
    case "gte":
      return compare(type, value, predicate.value) >= 0;
  }
}

const column = "c";

function predicates(type: Type): fc.Arbitrary<Predicate> {
  const value = VALUES[type];
  const some = fc.array(value, { maxLength: 3 });
  const compares = fc.constantFrom("eq" as const, "ne", "lt", "lte", "gt", "gte");
  const prefix = text.map((one): Predicate => ({ op: "starts_with", column, value: one }));
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: compares, column: fc.constant(column), value }) },
    fc.record({
      op: fc.constantFrom("in" as const, "not_in"),
      column: fc.constant(column),
      values: some,
    }),
    fc.constantFrom<Predicate>({ op: "is_null", column }, { op: "not_null", column }),
    ...(type === "string" ? [prefix] : []),
  );
}

const isNaNCell = (cell: Cell) => cell === "NaN";

/** A file of rows as a writer describes it; some statistics may be left out. */
function fileOf(type: Type, rows: readonly Cell[], partition: Cell, has: Has): IcebergDataFile {
  const values = rows.filter((one) => one !== null && !isNaNCell(one));
  const sorted = values.toSorted((a, b) => compare(type, a, b));
  const bounds = boundsOf(type, sorted[0], sorted.at(-1));
  const stats = {
    field_id: 1,
    ...(has.counts
      ? { values: rows.length, nulls: rows.filter((one) => one === null).length }
      : {}),
    ...(has.nans ? { nans: rows.filter(isNaNCell).length } : {}),
    ...(has.bounds ? bounds : {}),
  };
  return {
    content: 0,
    file_path: "s3://lake/a.parquet",
    file_format: "PARQUET",
    partition: { p: partition },
    record_count: rows.length,
    file_size_in_bytes: 100,
    stats: [stats],
  };
}

interface Has {
  readonly counts: boolean;
  readonly nans: boolean;
  readonly bounds: boolean;
}

function tableOf(type: Type, transform: string): { schema: IcebergSchema; spec: PartitionSpec } {
  const field = { id: 1, name: column, required: false, type };
  return {
    schema: { type: "struct", "schema-id": 0, fields: [field] },
    spec: {
      "spec-id": 0,
      fields: [{ "source-id": 1, "field-id": 1000, name: "p", transform }],
    },
  };
}

/** Rows divided over files by their partition value, as a writer does it. */
function filesOf(type: Type, transform: string, rows: readonly Cell[], has: Has) {
  const groups = new Map<Cell, Cell[]>();
  for (const row of rows) {
    const partition = applyTransform(transform, type, row);
    groups.set(partition, [...(groups.get(partition) ?? []), row]);
  }
  return [...groups].map(([partition, group]) => ({
    rows: group,
    file: fileOf(type, group, partition, has),
  }));
}

const cases = fc.constantFrom(...TYPES).chain((type) => {
  const fitting = TRANSFORMS.filter((one) => canTransform(parseTransform(one), type));
  return fc.record({
    type: fc.constant(type),
    transform: fc.constantFrom(...fitting),
    rows: fc.array(fc.option(VALUES[type], { freq: 6 }), { minLength: 1, maxLength: 6 }),
    wanted: fc.array(predicates(type), { minLength: 1, maxLength: 2 }),
    has: fc.record({
      counts: fc.boolean(),
      nans: fc.boolean(),
      bounds: fc.boolean(),
    }),
  });
});

test("a file with a matching row is never left out, by partition, bounds or counts", () => {
  let left_out = 0;
  let seen = 0;
  fc.assert(
    fc.property(cases, ({ type, transform, rows, wanted, has }) => {
      const { schema, spec } = tableOf(type, transform);
      const files = filesOf(type, transform, rows, has);
      const entries = files.map(({ file }): ManifestEntry => {
        return {
          status: 1,
          snapshot_id: null,
          sequence_number: null,
          file_sequence_number: null,
          data_file: file,
        };
      });
      const pruner = createPruner(schema, wanted);
      const some = files.some((one) => holds(type, one.rows, wanted));
      const of = { path: "m", length: 1, spec, schema, content: 0 as const, entries };
      const line = manifestListEntry({ ...of, snapshot_id: "1", sequence_number: 1 });
      if (some) assert.ok(pruner.manifestMayMatch(line, spec), "the manifest");
      for (const { file, rows: own } of files) {
        seen++;
        const kept = pruner.fileMayMatch(file, spec);
        if (!kept) left_out++;
        if (holds(type, own, wanted)) assert.ok(kept, "the file");
      }
    }),
    { numRuns: testRuns(1000) },
  );
  assert.ok(left_out > seen / 10, `only ${left_out} of ${seen} files were left out`);
});

function holds(type: Type, rows: readonly Cell[], wanted: readonly Predicate[]): boolean {
  return rows.some((row) => wanted.every((one) => matches(type, row, one)));
}

test("a file read from a manifest is judged as the one that was written", () => {
  fc.assert(
    fc.property(cases, ({ type, transform, rows, wanted, has }) => {
      const { schema, spec } = tableOf(type, transform);
      const { file } = filesOf(type, transform, rows, has)[0]!;
      const ids = { snapshot_id: null, sequence_number: null, file_sequence_number: null };
      const entry: ManifestEntry = { status: 1, ...ids, data_file: file };
      const bytes = encodeManifest({ schema, spec, content: 0, entries: [entry] });
      const read = decodeManifest(bytes).entries[0]!.data_file;
      const pruner = createPruner(schema, wanted);
      assert.equal(pruner.fileMayMatch(read, spec), pruner.fileMayMatch(file, spec));
    }),
    { numRuns: testRuns(60) },
  );
});

function judge(type: Type, transform: string, rows: Cell[], predicate: Predicate): boolean[] {
  const { schema, spec } = tableOf(type, transform);
  const all = { counts: true, nans: true, bounds: true };
  const none = { counts: false, nans: false, bounds: false };
  const pruner = createPruner(schema, [predicate]);
  return [all, none].flatMap((has) =>
    filesOf(type, transform, rows, has).map(({ file }) => pruner.fileMayMatch(file, spec)),
  );
}

test("files are left out by bounds, by counts, and by each transform", () => {
  const value = 20;
  assert.deepEqual(judge("int", "void", [1, 5], { op: "gt", column, value }), [false, true]);
  assert.deepEqual(judge("int", "void", [1, 5], { op: "is_null", column }), [false, true]);
  assert.deepEqual(judge("int", "void", [null], { op: "not_null", column }), [false, true]);
  assert.deepEqual(judge("int", "void", [7, 7], { op: "ne", column, value: 7 }), [false, true]);
  assert.deepEqual(judge("int", "identity", [7], { op: "lt", column, value: 7 }), [false, false]);
  assert.deepEqual(judge("int", "truncate[10]", [7], { op: "lt", column, value: 0 }), [
    false,
    false,
  ]);
  const not_one: Predicate = { op: "ne", column, value: 1 };
  assert.deepEqual(judge("double", "void", [1, "NaN"], not_one), [true, true], "NaN is not 1");
  assert.deepEqual(judge("double", "void", [1, 1], not_one), [false, true]);
  const day = "2020-01-02T00:00:00";
  const rows = ["2020-01-02T10:00:00"];
  assert.deepEqual(judge("timestamp", "day", rows, { op: "lt", column, value: day }), [
    false,
    false,
  ]);
  const other: Predicate = { op: "in", column, values: ["zz", "yy"] };
  const name = "some name";
  const buckets = ["zz", "yy", name].map((one) => applyTransform("bucket[1024]", "string", one));
  assert.equal(new Set(buckets).size, 3);
  assert.deepEqual(judge("string", "bucket[1024]", [name], other), [false, false]);
  const prefix = { op: "starts_with", column, value: "sos" } as const;
  assert.deepEqual(judge("string", "truncate[2]", [name], prefix), [false, true]);
  assert.deepEqual(judge("string", "truncate[3]", [name], prefix), [false, false]);
});

test("what is not understood keeps everything", () => {
  const odd: Predicate[] = [
    { op: "eq", column: "nope", value: 1 },
    { op: "eq", column, value: "one" },
    { op: "gt", column, value: 1.5 },
    { op: "eq", column, value: null },
    { op: "in", column, values: [99, "x"] },
    { op: "starts_with", column, value: "9" },
  ];
  for (const predicate of odd) {
    assert.deepEqual(judge("int", "identity", [1], predicate), [true, true], predicate.op);
  }
  assert.equal(rawOf(requirePrimitive("int"), 1.5), undefined);
  const { schema, spec } = tableOf("int", "zorder[3]");
  const file = fileOf("int", [1], 5, { counts: true, nans: false, bounds: false });
  const pruner = createPruner(schema, [{ op: "eq", column, value: 99 }]);
  assert.equal(pruner.fileMayMatch(file, spec), true, "an unknown transform");
  const deletes = { ...fileOf("int", [1], 1, { counts: true, nans: true, bounds: true }) };
  const known = tableOf("int", "void").spec;
  assert.equal(pruner.fileMayMatch(deletes, known), false);
  assert.equal(pruner.fileMayMatch({ ...deletes, content: 1 }, known), true, "a delete file");
});
