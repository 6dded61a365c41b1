// catalog: datasets with schema, snapshots, compare-and-swap commits, tombstones and quarantine.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import { column, count, name, record, time } from "./nouns.ts";

export const field = column.extend({ field_id: z.int().min(1) });
export type Field = z.output<typeof field>;

/** A Parquet file of a snapshot (Iceberg: a data file of a manifest). */
export const dataFile = z.strictObject({
  key: z.string().describe("object key in storage"),
  rows: count,
  size_bytes: count,
  source: z
    .strictObject({ ingest_id: z.string(), content_sha256: z.string(), name: z.string() })
    .nullable()
    .describe("lineage: which ingest made it, of which bytes"),
});
export type DataFile = z.output<typeof dataFile>;

export const snapshot = z.strictObject({
  snapshot_id: z.string(),
  parent_snapshot_id: z.string().nullable(),
  sequence_number: count,
  timestamp_ms: count,
  operation: z.enum(["append", "overwrite", "delete"]),
  schema_id: count,
  manifest_key: z.string().describe("object that lists the data files"),
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
  name,
  status: z.enum(["healthy", "quarantined", "tombstoned"]),
  status_reason: z.string().nullable(),
  fields: z.array(field),
  schema_id: count,
  fingerprint: z.string().describe("sha256 over the fields' names, types and nullability"),
  current_snapshot_id: z.string().nullable(),
  rows: count,
  files: count,
  size_bytes: count,
  properties: record,
  created_at: time,
  updated_at: time,
});
export type Dataset = z.output<typeof dataset>;

const at = z.string().optional().describe("snapshot id or ISO time; absent: the current snapshot");

export const catalog = defineContract("catalog", "Datasets, their schemas and snapshots.", {
  register: write({
    summary: "Makes a dataset, or refreshes the one of that name with the same schema.",
    http: "POST /catalog/datasets",
    input: z.strictObject({
      name,
      fields: z.array(column).min(1),
      evolve: z.boolean().default(false).describe("take a different schema as the new one"),
      properties: record.default({}),
    }),
    output: z.strictObject({ dataset, created: z.boolean(), evolved: z.boolean() }),
    reasons: ["schema_differs", "duplicate_field", "tombstoned", "quarantined"],
  }),
  list: read({
    summary: "All datasets with status; broken ones are listed with the reason.",
    http: "GET /catalog/datasets",
    input: z.strictObject({
      include_tombstoned: z.stringbool().or(z.boolean()).default(false),
    }),
    output: z.strictObject({ datasets: z.array(dataset) }),
  }),
  get: read({
    summary: "One dataset.",
    http: "GET /catalog/datasets/{name}",
    input: z.strictObject({ name }),
    output: dataset,
    reasons: ["no_such_dataset"],
  }),
  commit: write({
    summary: "Adds and removes data files in one new snapshot, if nobody else was first.",
    http: "POST /catalog/datasets/{name}/commits",
    input: z.strictObject({
      name,
      operation: z.enum(["append", "overwrite", "delete"]),
      expected_snapshot_id: z
        .string()
        .nullable()
        .optional()
        .describe("compare-and-swap; absent: an append is rebased on whatever is current"),
      added: z.array(dataFile).default([]),
      removed_keys: z.array(z.string()).default([]),
      replace_all: z.boolean().default(false).describe("remove every present file (overwrite)"),
      fields: z
        .array(column)
        .min(1)
        .optional()
        .describe("evolves the schema in the same swap; only replace_all drops fields"),
      properties: record.default({}),
    }),
    output: z.strictObject({ dataset, snapshot }),
    reasons: [
      "schema_differs",
      "duplicate_field",
      "no_such_dataset",
      "tombstoned",
      "quarantined",
      "bad_commit",
      "snapshot_moved",
      "no_such_file",
      "file_exists",
      "missing_object",
    ],
  }),
  snapshots: read({
    summary: "The snapshots of a dataset, newest first.",
    http: "GET /catalog/datasets/{name}/snapshots",
    input: z.strictObject({ name, limit: z.coerce.number().int().min(1).max(1000).default(100) }),
    output: z.strictObject({ snapshots: z.array(snapshot) }),
    reasons: ["no_such_dataset", "quarantined"],
  }),
  files: read({
    summary: "The data files of a snapshot, with where each can be read.",
    http: "GET /catalog/datasets/{name}/files",
    input: z.strictObject({ name, at }),
    output: z.strictObject({
      dataset,
      snapshot: snapshot.nullable(),
      files: z.array(dataFile.extend({ uri: z.string() })),
    }),
    reasons: [
      "no_such_dataset",
      "no_such_snapshot",
      "bad_point_in_time",
      "quarantined",
      "tombstoned",
    ],
    witnessed: false,
  }),
  verify: read({
    summary: "Checks that every object of a dataset is there; quarantines it or heals it.",
    http: "POST /catalog/datasets/{name}/verify",
    scope: "write",
    input: z.strictObject({ name }),
    output: z.strictObject({ dataset, missing_keys: z.array(z.string()) }),
    reasons: ["no_such_dataset"],
  }),
  quarantine: write({
    summary: "Marks a dataset broken, with the reason; queries on others go on.",
    http: "POST /catalog/datasets/{name}/quarantine",
    scope: "admin",
    input: z.strictObject({ name, reason: z.string().min(1) }),
    output: dataset,
    reasons: ["no_such_dataset", "tombstoned", "quarantined"],
  }),
  tombstone: write({
    summary: "Soft-deletes a dataset; nothing is removed and it can be restored.",
    http: "DELETE /catalog/datasets/{name}",
    input: z.strictObject({ name }),
    output: dataset,
    reasons: ["no_such_dataset", "quarantined"],
  }),
  restore: write({
    summary: "Brings a tombstoned dataset back as it was.",
    http: "POST /catalog/datasets/{name}/restore",
    input: z.strictObject({ name }),
    output: dataset,
    reasons: ["no_such_dataset", "not_tombstoned", "quarantined"],
  }),
});
