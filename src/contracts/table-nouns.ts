// The words of tables: fields with ids, data files with statistics, predicates, snapshots.
import { z } from "zod";
import { column, count, datasetName, record, time } from "./nouns.ts";

/** A column as a table has it: the id stays when name, type or place change (Iceberg field id). */
export const field = column.extend({
  field_id: z.int().min(1),
  /**
   * Ids inside a nested type by path: `element` of a list, `key` and `value` of a map, field names
   * of a struct, joined by dots: `list<struct<a: int>>` has `element` and `element.a`.
   */
  nested_ids: z.record(z.string(), z.int().min(1)).optional(),
});
export type Field = z.output<typeof field>;

/** Iceberg's transforms: table spec, "Partition Transforms". */
export const transform = z
  .string()
  .regex(
    /^(identity|year|month|day|hour|void|bucket\[[1-9]\d*\]|truncate\[[1-9]\d*\])$/,
    "a transform is identity, year, month, day, hour, bucket[N], truncate[W] or void",
  );

export const partitionField = z.strictObject({
  column: z.string().min(1),
  transform: transform.default("identity"),
  name: z.string().min(1).optional().describe("absent: column_transform, as Iceberg names it"),
});
export type PartitionField = z.output<typeof partitionField>;

/**
 * One value as Iceberg's JSON single-value form has it (table spec, appendix D): numbers, booleans,
 * text; dates and times in ISO 8601; decimal as text; binary as hex; long over 2^53 as text.
 */
export const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Cell = z.output<typeof cell>;

/** What is known of one column in one file; bounds may be wider than the values, never narrower. */
export const columnStats = z.strictObject({
  field_id: z.int().min(1),
  size_bytes: count.optional(),
  values: count.optional().describe("with nulls"),
  nulls: count.optional(),
  nans: count.optional(),
  lower: cell.optional(),
  upper: cell.optional(),
});
export type ColumnStats = z.output<typeof columnStats>;

/** A Parquet file of a snapshot (Iceberg: a data file of a manifest). */
export const dataFile = z.strictObject({
  key: z.string().describe("object key in storage"),
  bucket: z.string().optional().describe("absent: the bucket of the table"),
  rows: count,
  size_bytes: count,
  partition: z
    .record(z.string(), cell)
    .default({})
    .describe("partition field → value; a value missing is null"),
  stats: z.array(columnStats).default([]),
  split_offsets: z.array(count).default([]),
});
export type DataFile = z.output<typeof dataFile>;

/** A file to read, with the position-delete files that apply to it. */
export const scanFile = dataFile.extend({
  uri: z.string().describe("where an engine on this machine reads it"),
  location: z.string().describe("as the table's metadata names it: s3://bucket/key"),
  added_snapshot_id: z.string().nullable(),
  sequence_number: count,
  deletes: z
    .array(z.strictObject({ uri: z.string(), location: z.string(), rows: count }))
    .default([]),
});
export type ScanFile = z.output<typeof scanFile>;

/** Which bytes became rows: one ingest. */
export const sourceOfRows = z.strictObject({
  ingest_id: z.string(),
  content_sha256: z.string(),
  name: z.string(),
  rows: count,
});
export type SourceOfRows = z.output<typeof sourceOfRows>;

/** One condition on a top-level column; a file is left out only when no row of it can match. */
export const predicate = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.enum(["eq", "ne", "lt", "lte", "gt", "gte", "starts_with"]),
    column: z.string(),
    value: cell,
  }),
  z.strictObject({ op: z.enum(["in", "not_in"]), column: z.string(), values: z.array(cell) }),
  z.strictObject({ op: z.enum(["is_null", "not_null"]), column: z.string() }),
]);
export type Predicate = z.output<typeof predicate>;

export const fieldChange = z.discriminatedUnion("change", [
  z.strictObject({
    change: z.literal("add"),
    name: z.string().min(1),
    type: z.string().min(1),
    doc: z.string().optional(),
  }),
  z.strictObject({ change: z.literal("rename"), name: z.string(), to: z.string().min(1) }),
  z.strictObject({ change: z.literal("widen"), name: z.string(), type: z.string().min(1) }),
  z.strictObject({ change: z.literal("make_nullable"), name: z.string() }),
  z.strictObject({ change: z.literal("drop"), name: z.string() }),
  z.strictObject({
    change: z.literal("move"),
    name: z.string(),
    after: z.string().nullable().describe("null: to the front"),
  }),
]);
export type FieldChange = z.output<typeof fieldChange>;

export const snapshot = z.strictObject({
  snapshot_id: z.string(),
  parent_snapshot_id: z.string().nullable(),
  sequence_number: count,
  timestamp_ms: count,
  operation: z.enum(["append", "overwrite", "delete", "replace"]),
  schema_id: count,
  manifest_key: z.string().describe("manifest list: the object that lists the manifests"),
  summary: z.strictObject({
    added_files: count,
    removed_files: count,
    added_rows: count,
    removed_rows: count,
    total_files: count,
    total_rows: count,
    total_bytes: count,
  }),
  properties: record,
});
export type Snapshot = z.output<typeof snapshot>;

export const dataset = z.strictObject({
  dataset_id: z.string(),
  name: datasetName,
  status: z.enum(["healthy", "quarantined", "tombstoned"]),
  status_reason: z.string().nullable(),
  fields: z.array(field),
  schema_id: count,
  last_field_id: count.describe("ids of new fields come after it"),
  fingerprint: z.string().describe("sha256 over the fields' names, types and nullability"),
  partition_by: z.array(partitionField.required()),
  partition_spec_id: count,
  location: z.string().describe("s3://bucket/prefix: data below data/, metadata below metadata/"),
  tags: z.record(z.string(), z.string()).describe("tag or branch → snapshot id"),
  name_mapped: z
    .boolean()
    .describe("some files carry no field ids; their columns are found by name"),
  current_snapshot_id: z.string().nullable(),
  rows: count,
  files: count,
  size_bytes: count,
  properties: record,
  created_at: time,
  updated_at: time,
});
export type Dataset = z.output<typeof dataset>;
