// Settings of the query service.
import { z } from "zod";

export const querySettings = z.strictObject({
  rows_max: z.int().min(1).max(10_000_000).default(100_000).describe("rows of one JSON answer"),
  result_mb_max: z
    .int()
    .min(1)
    .max(4_096)
    .default(256)
    .describe("size of one answer of query.rows"),
  timeout_ms: z.int().min(1).max(3_600_000).default(60_000).describe("when the request says none"),
  running_max: z.int().min(1).max(64).default(3).describe("queries that run at once"),
  waiting_max: z.int().min(0).max(100_000).default(200).describe("queries that may wait"),
  memory_mb_max: z
    .int()
    .min(16)
    .max(1_048_576)
    .default(4_096)
    .describe("memory that one request may ask for itself"),
  cache_mb: z.int().min(0).max(65_536).default(64).describe("answers held in memory; 0: none"),
  cache_entry_mb: z.int().min(1).max(4_096).default(4).describe("size of one answer that is held"),
});
export type QuerySettings = z.output<typeof querySettings>;
