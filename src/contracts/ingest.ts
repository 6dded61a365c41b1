// ingest: files in, Parquet and a catalog commit out; append by default, nothing lost.
import { z } from "zod";
import { bytes, defineContract, read, stream, write } from "#kernel/contract.ts";
import { column, count, datasetName, time } from "./nouns.ts";
import { partitionField } from "./table-nouns.ts";

export const sourceFormat = z.enum(["csv", "tsv", "json", "ndjson", "parquet"]);
export type SourceFormatName = z.output<typeof sourceFormat>;

const options = {
  dataset: datasetName,
  format: sourceFormat.optional().describe("absent: from the file's name"),
  mode: z
    .enum(["append", "replace", "upsert"])
    .default("append")
    .describe("replace must be named and keeps the old snapshot; upsert needs `key`"),
  key: z
    .union([
      z.array(z.string().min(1)).min(1),
      z
        .string()
        .min(1)
        .transform((one) => one.split(",")),
    ])
    .optional()
    .describe("upsert: columns whose values name a row; rows that are there are replaced"),
  partition_by: z
    .union([z.array(partitionField), z.string().min(1)])
    .optional()
    .describe("of a dataset that is made: columns or transforms, e.g. day(since),bucket[16](id)"),
  evolve: z.stringbool().or(z.boolean()).default(false).describe("allow a changed schema"),
  ingest_id: z.string().optional().describe("chosen by the caller, to follow progress"),
};

export const ingestReport = z.strictObject({
  ingest_id: z.string(),
  dataset: datasetName,
  outcome: z
    .enum(["committed", "unchanged"])
    .describe("unchanged: the same bytes are there already"),
  mode: z.enum(["append", "replace", "upsert"]),
  snapshot_id: z.string().nullable(),
  rows: count,
  updated_rows: count.describe("upsert: present rows that were replaced"),
  rejected_rows: count.describe("rows that cannot be read or do not fit the dataset's columns"),
  rejects_key: z.string().nullable().describe("object with line, reason and text of each reject"),
  source_bytes: count,
  stored_bytes: count,
  content_sha256: z.string(),
  columns: z.array(column),
  duration_ms: z.number(),
  trace_id: z.string(),
});
export type IngestReport = z.output<typeof ingestReport>;

export const ingestProgress = z.strictObject({
  ingest_id: z.string(),
  phase: z.enum(["receiving", "converting", "committing", "done", "failed"]),
  bytes_done: count,
  bytes_total: count.nullable(),
  rows_done: count,
  bytes_per_s: z.number(),
  rows_per_s: z.number(),
  elapsed_ms: z.number(),
  left_ms: z.number().nullable().describe("estimate; null: not known"),
  detail: z.string().nullable(),
});
export type IngestProgress = z.output<typeof ingestProgress>;

const reasons = [
  "unknown_format",
  "unreadable_source",
  "schema_differs",
  "tombstoned",
  "no_rows",
  "snapshot_moved",
  "bad_key_columns",
  "bad_partitioning",
  "no_such_namespace",
];

export const ingest = defineContract("ingest", "Files to Parquet to a catalog commit.", {
  file: bytes({
    summary: "Takes a file as the request body and commits its rows to a dataset.",
    http: "POST /ingest/file",
    input: z.strictObject({
      ...options,
      filename: z.string().max(1024).optional().describe("tells format and compression"),
      content_length: z.coerce.number().int().min(0).optional(),
    }),
    output: ingestReport,
    request_body: "raw",
    response_body: "json",
    request_headers: { content_length: "content-length" },
    timeout_ms: 3_600_000,
    reasons,
  }),
  path: write({
    summary: "Takes a file of this machine by path.",
    http: "POST /ingest/path",
    exposure: "process",
    input: z.strictObject({ ...options, path: z.string().min(1) }),
    output: ingestReport,
    timeout_ms: 3_600_000,
    reasons,
  }),
  progress: stream({
    summary: "Bytes, rows and rate of a running ingest until it ends.",
    http: "GET /ingest/progress/{ingest_id}",
    scope: "read",
    input: z.strictObject({ ingest_id: z.string().min(1) }),
    output: ingestProgress,
    reasons: ["no_such_ingest"],
    witnessed: false,
  }),
  history: read({
    summary: "Ingests of a dataset that were committed, newest first.",
    http: "GET /ingest/history/{dataset}",
    input: z.strictObject({ dataset: datasetName }),
    reasons: ["no_such_dataset"],
    output: z.strictObject({
      ingests: z.array(
        z.strictObject({
          ingest_id: z.string(),
          content_sha256: z.string(),
          source_name: z.string(),
          snapshot_id: z.string(),
          rows: count,
          committed_at: time,
        }),
      ),
    }),
  }),
});
