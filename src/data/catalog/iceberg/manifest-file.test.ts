// Manifests and manifest lists: what we write, we and an independent reader read back.
import assert from "node:assert/strict";
import { deflateRawSync, zstdCompressSync } from "node:zlib";
import { test } from "node:test";
import fc from "fast-check";
import { avroMetadata } from "icebird/src/avro/avro.metadata.js";
import { avroRead } from "icebird/src/avro/avro.read.js";
import type { Cell, ColumnStats } from "#contracts/table-nouns.ts";
import { testRuns } from "../../../../test/support/test-runs.ts";
import { avroCodec } from "./avro-types.ts";
import { statsOf } from "./data-file-stats.ts";
import { createAvroCodecs, decodeManifest, encodeManifest, inherit } from "./manifest-file.ts";
import { decodeManifestList, encodeManifestList, manifestListEntry } from "./manifest-list.ts";
import { decodeCell } from "./single-values.ts";
import type {
  IcebergDataFile,
  IcebergSchema,
  ManifestEntry,
  PartitionSpec,
} from "./table-types.ts";

const schema: IcebergSchema = {
  type: "struct",
  "schema-id": 4,
  fields: [
    { id: 1, name: "id", required: true, type: "long" },
    { id: 2, name: "day", required: false, type: "date" },
    { id: 3, name: "name", required: false, type: "string" },
    { id: 4, name: "ts", required: false, type: "timestamptz" },
    { id: 5, name: "price", required: false, type: "decimal(20,2)" },
    { id: 6, name: "uid", required: false, type: "uuid" },
    { id: 7, name: "score", required: false, type: "double" },
    { id: 8, name: "raw", required: false, type: "binary" },
  ],
};

const spec: PartitionSpec = {
  "spec-id": 2,
  fields: [
    { "source-id": 1, "field-id": 1000, name: "id", transform: "identity" },
    { "source-id": 4, "field-id": 1001, name: "ts_day", transform: "day" },
    { "source-id": 3, "field-id": 1002, name: "odd name-1", transform: "truncate[2]" },
    { "source-id": 5, "field-id": 1003, name: "price", transform: "identity" },
    { "source-id": 6, "field-id": 1004, name: "uid", transform: "identity" },
    { "source-id": 7, "field-id": 1005, name: "score", transform: "identity" },
    { "source-id": 8, "field-id": 1006, name: "raw", transform: "identity" },
    { "source-id": 4, "field-id": 1007, name: "ts", transform: "identity" },
  ],
};

const NOTHING: Record<string, Cell> = {
  id: null,
  ts_day: null,
  "odd name-1": null,
  price: null,
  uid: null,
  score: null,
  raw: null,
  ts: null,
};

function file(at: number, partition: Record<string, Cell> = {}): IcebergDataFile {
  return {
    content: 0,
    file_path: `s3://lake/t/data/${at}.parquet`,
    file_format: "PARQUET",
    partition: { ...NOTHING, ...partition },
    record_count: 10 + at,
    file_size_in_bytes: 1000 + at,
    stats: [
      { field_id: 1, size_bytes: 80, values: 10, nulls: 0, lower: at, upper: "9007199254740993" },
      { field_id: 3, values: 10, nulls: 10 },
      { field_id: 5, lower: "-1.50", upper: "123456789012345678.99" },
      { field_id: 7, values: 10, nulls: 1, nans: 2, lower: -0.5, upper: 2.25 },
    ],
    split_offsets: [4, 500],
    sort_order_id: 0,
    key_metadata: null,
    equality_ids: null,
    referenced_data_file: null,
  };
}

const PARTITION: Record<string, Cell> = {
  id: "9007199254740993",
  ts_day: "1969-12-31",
  "odd name-1": "é!",
  price: "-12345678901234567.89",
  uid: "f79c3e09-677c-4bbd-a479-3f349cb785e7",
  score: 1.5,
  raw: "00ff",
  ts: "9999-12-31T23:59:59.999999+00:00",
};

const entries: ManifestEntry[] = [
  {
    status: 1,
    snapshot_id: null,
    sequence_number: null,
    file_sequence_number: null,
    data_file: file(0, PARTITION),
  },
  {
    status: 0,
    snapshot_id: "9223372036854775807",
    sequence_number: 3,
    file_sequence_number: 2,
    data_file: file(1),
  },
  {
    status: 2,
    snapshot_id: "5",
    sequence_number: 4,
    file_sequence_number: 4,
    data_file: file(2),
  },
];

/** Without the raw maps, and with the statistics worked out. */
function plain(entry: ManifestEntry): ManifestEntry {
  const { raw_stats: _, ...data_file } = entry.data_file;
  return { ...entry, data_file };
}

test("a manifest comes back as it was written, numbers beyond 2^53 and odd names too", () => {
  const bytes = encodeManifest({ schema, spec, content: 0, entries });
  const read = decodeManifest(bytes);
  assert.deepEqual(read.schema, schema);
  assert.equal(read.spec_id, 2);
  assert.equal(read.content, 0);
  assert.deepEqual(read.entries.map(plain), entries);
  assert.deepEqual(statsOf(read.entries[0]!.data_file, 7), entries[0]!.data_file.stats[3]);
  assert.equal(statsOf(read.entries[0]!.data_file, 99), undefined);
});

test("longs are exact where doubles and their doubles are not", () => {
  const edges = [2n ** 49n, 2n ** 52n, 2n ** 53n, 2n ** 63n - 1n].flatMap((edge) =>
    [edge - 1n, edge, -edge, -edge - 1n].filter((one) => BigInt.asIntN(64, one) === one),
  );
  for (const edge of edges) {
    const id = Number.isSafeInteger(Number(edge)) ? Number(edge) : String(edge);
    const one = { ...entries[1]!, snapshot_id: String(edge), data_file: file(1, { id }) };
    const bytes = encodeManifest({ schema, spec, content: 0, entries: [one] });
    const [read] = decodeManifest(bytes).entries;
    assert.equal(read!.data_file.partition["id"], id);
    assert.equal(read!.snapshot_id, String(edge));
  }
});

test("rewriting a read manifest keeps its statistics to the byte, unknown columns too", () => {
  const first = decodeManifest(encodeManifest({ schema, spec, content: 0, entries }));
  const narrow = { ...schema, fields: schema.fields.filter((field) => field.id !== 7) };
  const again = { schema: narrow, spec, content: 0 as const, entries: first.entries };
  const bytes = encodeManifest({ ...again, older_schemas: [schema] });
  const second = decodeManifest(bytes, undefined, createAvroCodecs());
  const partitions = second.entries.map((entry) => entry.data_file.partition);
  assert.deepEqual(partitions[0], PARTITION, "the dropped column's values too");
  const maps = (entry: ManifestEntry) => {
    const { types: _, ...raw } = entry.data_file.raw_stats!;
    return raw;
  };
  assert.deepEqual(second.entries.map(maps), first.entries.map(maps));
});

test("what entries leave open is inherited from the manifest list", () => {
  const read = decodeManifest(encodeManifest({ schema, spec, content: 0, entries })).entries;
  const full = inherit(read, { sequence_number: 9, added_snapshot_id: "77" });
  assert.deepEqual(
    full.map((one) => [one.snapshot_id, one.sequence_number, one.file_sequence_number]),
    [
      ["77", 9, 9],
      ["9223372036854775807", 3, 2],
      ["5", 4, 4],
    ],
  );
});

interface IcebirdField {
  readonly name: string;
  readonly "field-id": number;
  readonly type: unknown;
}

function icebird(bytes: Buffer) {
  const copy = new Uint8Array(bytes);
  const reader = { view: new DataView(copy.buffer), offset: 0 };
  const { metadata, syncMarker } = avroMetadata(reader);
  const records = avroRead({ reader, metadata, syncMarker });
  return { metadata: metadata as Record<string, { fields: IcebirdField[] } | string>, records };
}

test("icebird reads our manifest: the same values, and the field ids of the spec", () => {
  const simple = { "spec-id": 0, fields: spec.fields.slice(0, 2) };
  const some = entries.map((entry) => {
    const { id = null, ts_day = null } = entry.data_file.partition;
    return { ...entry, data_file: { ...entry.data_file, partition: { id, ts_day } } };
  });
  const bytes = encodeManifest({ schema, spec: simple, content: 0, entries: some });
  const { metadata, records } = icebird(bytes);
  const avro = metadata["avro.schema"] as { fields: IcebirdField[] };
  const ids = (fields: readonly IcebirdField[]) =>
    fields.map((field) => [field.name, field["field-id"]]);
  assert.deepEqual(ids(avro.fields), [
    ["status", 0],
    ["snapshot_id", 1],
    ["sequence_number", 3],
    ["file_sequence_number", 4],
    ["data_file", 2],
  ]);
  assert.equal(metadata["format-version"], "2");
  assert.equal(metadata["content"], "data");
  const [first, second] = records;
  assert.equal(first!["snapshot_id"], undefined);
  assert.equal(second!["snapshot_id"], 9223372036854775807n);
  const data_file = first!["data_file"] as Record<string, unknown>;
  assert.equal(data_file["file_path"], "s3://lake/t/data/0.parquet");
  assert.equal(data_file["record_count"], 10n);
  const partition = data_file["partition"] as { id: bigint; ts_day: Date };
  assert.equal(partition.id, 9007199254740993n);
  assert.equal(partition.ts_day.toISOString().slice(0, 10), "1969-12-31");
  assert.deepEqual(data_file["null_value_counts"], [
    { key: 1, value: 0n },
    { key: 3, value: 10n },
    { key: 7, value: 1n },
  ]);
  const upper = data_file["upper_bounds"] as { key: number; value: Uint8Array }[];
  assert.equal(decodeCell("long", upper[0]!.value), "9007199254740993");
});

test("icebird reads our manifest list", () => {
  const line = manifestListEntry({
    path: "s3://lake/t/metadata/m0.avro",
    length: 4321,
    spec,
    schema,
    content: 0,
    entries,
    snapshot_id: "3055729675574597004",
    sequence_number: 5,
  });
  const of = { snapshot_id: "3055729675574597004", parent_snapshot_id: null, sequence_number: 5 };
  const bytes = encodeManifestList([line], of);
  assert.deepEqual(decodeManifestList(bytes), [line]);
  const [record] = icebird(bytes).records;
  assert.equal(record!["added_snapshot_id"], 3055729675574597004n);
  assert.equal(record!["sequence_number"], 5n);
  assert.equal(record!["min_sequence_number"], 3n);
  assert.equal(record!["added_files_count"], 1);
  assert.equal(record!["existing_rows_count"], 11n);
  assert.equal(record!["deleted_files_count"], 1);
  const [summary] = record!["partitions"] as Record<string, unknown>[];
  assert.equal(summary!["contains_null"], true);
  assert.equal(decodeCell("long", summary!["lower_bound"] as Uint8Array), "9007199254740993");
});

test("any statistics come back: bounds may be cut, never narrower", () => {
  const stat = fc.record(
    {
      field_id: fc.constant(1),
      size_bytes: fc.maxSafeNat(),
      values: fc.nat(),
      nulls: fc.nat(),
      lower: fc.maxSafeInteger(),
      upper: fc.maxSafeInteger(),
    },
    { requiredKeys: ["field_id", "values"], noNullPrototype: true },
  );
  fc.assert(
    fc.property(stat, (stats: ColumnStats) => {
      const data_file = { ...file(0), stats: [stats] };
      const one = { ...entries[0]!, data_file };
      const read = decodeManifest(encodeManifest({ schema, spec, content: 0, entries: [one] }));
      assert.deepEqual(read.entries[0]!.data_file.stats, [stats]);
    }),
    { numRuns: testRuns(15) },
  );
});

test("a value that is not one of its partition field is refused", () => {
  const wrong = { ...entries[0]!, data_file: file(0, { ts_day: "soon" }) };
  assert.throws(
    () => encodeManifest({ schema, spec, content: 0, entries: [wrong] }),
    /"soon" is not a value of partition field "ts_day", which is date/,
  );
});

/** A container as an old writer makes it, with the codec wanted. */
function container(avro: object, records: readonly unknown[], codec: string): Buffer {
  const block = Buffer.concat(records.map((one) => avroCodec(avro as never).encode(one)));
  const fold = { null: (b: Buffer) => b, deflate: deflateRawSync, zstandard: zstdCompressSync };
  const folded = fold[codec as keyof typeof fold]?.(block) ?? block;
  const long = avroCodec("long");
  const text = (value: string) =>
    Buffer.concat([long.encode(Buffer.byteLength(value)), Buffer.from(value)]);
  const meta = { "avro.schema": JSON.stringify(avro), "avro.codec": codec };
  const sync = Buffer.alloc(16, 7);
  return Buffer.concat([
    Buffer.from("Obj\u0001"),
    long.encode(2),
    ...Object.entries(meta).flatMap(([key, value]) => [text(key), text(value)]),
    long.encode(0),
    sync,
    long.encode(records.length),
    long.encode(folded.length),
    folded,
    sync,
  ]);
}

const V1 = {
  type: "record",
  name: "manifest_entry",
  fields: [
    { name: "status", type: "int", "field-id": 0 },
    { name: "snapshot_id", type: ["null", "long"], default: null, "field-id": 1 },
    {
      name: "data_file",
      "field-id": 2,
      type: {
        type: "record",
        name: "r2",
        fields: [
          { name: "file_path", type: "string", "field-id": 100 },
          { name: "file_format", type: "string", "field-id": 101 },
          {
            name: "partition",
            "field-id": 102,
            type: { type: "record", name: "r102", fields: [] },
          },
          { name: "record_count", type: "long", "field-id": 103 },
          { name: "file_size_in_bytes", type: "long", "field-id": 104 },
          { name: "block_size_in_bytes", type: "long", "field-id": 105 },
        ],
      },
    },
  ],
};

test("a manifest of format v1 is read, in every codec; others are refused by name", () => {
  const data_file = {
    file_path: "s3://a/b",
    file_format: "parquet",
    partition: {},
    record_count: 3,
    file_size_in_bytes: 99,
    block_size_in_bytes: 1,
  };
  const records = [{ status: 1, snapshot_id: 8, data_file }];
  for (const codec of ["null", "deflate", "zstandard"]) {
    const [entry] = decodeManifest(container(V1, records, codec), schema).entries;
    assert.equal(entry!.sequence_number, 0);
    assert.equal(entry!.file_sequence_number, 0);
    assert.equal(entry!.snapshot_id, "8");
    assert.equal(entry!.data_file.content, 0);
    assert.equal(entry!.data_file.file_format, "PARQUET");
    assert.deepEqual(entry!.data_file.stats, []);
  }
  assert.throws(() => decodeManifest(container(V1, records, "snappy")), /codec is snappy/);
});

test("a damaged manifest is an error, wherever it is cut or changed, never a crash", () => {
  const bytes = encodeManifest({ schema, spec, content: 0, entries });
  for (let length = 0; length < bytes.length; length += 37) {
    assert.throws(
      () => decodeManifest(bytes.subarray(0, length)),
      (error: { reason: string }) => error.reason === "bad_table",
      `cut at ${length}`,
    );
  }
});
