// rewrite: data files made anew: rows deleted or changed by condition, small files joined.
import { z } from "zod";
import { defineContract, write } from "#kernel/contract.ts";
import { count, datasetName, json } from "./nouns.ts";

const reasons = [
  "no_such_dataset",
  "tombstoned",
  "quarantined",
  "broken_dataset",
  "snapshot_moved",
  "unreadable_deletes",
  "out_of_memory",
  "bad_partitioning",
];

const rewritten = {
  dataset: datasetName,
  snapshot_id: z.string().nullable().describe("the new snapshot; null: nothing had to change"),
  removed_files: count,
  added_files: count,
  rows: count.describe("rows of the dataset afterwards"),
  duration_ms: z.number(),
};

export const rewrite = defineContract("rewrite", "Rows deleted, and small files joined.", {
  delete_rows: write({
    summary: "Deletes the rows a condition is true for, by writing their files anew.",
    http: "POST /rewrite/delete",
    input: z.strictObject({
      dataset: datasetName,
      where: z.string().min(1).max(100_000).describe("SQL condition over the dataset's columns"),
      params: z.array(json).default([]).describe("values for $1, $2 …"),
    }),
    output: z.strictObject({ ...rewritten, deleted_rows: count }),
    reasons: [...reasons, "sql_syntax", "many_statements", "not_read_only", "sql_failed"],
    timeout_ms: 3_600_000,
  }),
  compact: write({
    summary: "Joins small files, applies position deletes and today's partitioning; same rows.",
    http: "POST /rewrite/compact",
    input: z.strictObject({
      dataset: datasetName,
      target_file_mb: z.int().min(1).max(4096).optional(),
      min_files: z.int().min(2).default(2).describe("small files a partition must have"),
      all: z.boolean().default(false).describe("rewrite every file, not only small ones"),
    }),
    output: z.strictObject(rewritten),
    reasons,
    timeout_ms: 3_600_000,
  }),
});
