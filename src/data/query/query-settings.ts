// Settings of the query service.
import { z } from "zod";
import { secretReference } from "#kernel/secret-reference.ts";

const trinoSettings = z.strictObject({
  url: z.string().default("").describe("of the coordinator, e.g. https://trino.example:8443"),
  user: z.string().default("lakehouse"),
  catalog: z.string().default("lake").describe("Trino's name for the Iceberg catalog of this lake"),
  schema: z.string().default("default").describe("namespace of tables named without one"),
  password: secretReference.default("").describe("reference: env:NAME or file:/path"),
  token: secretReference.default("").describe("reference to a JWT, instead of a password"),
});

export const querySettings = z.strictObject({
  engine: z
    .enum(["duckdb", "trino"])
    .default("duckdb")
    .describe("who runs SQL over datasets; logs (schema kb) are always read here"),
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
  trino: trinoSettings.prefault({}),
});
export type QuerySettings = z.output<typeof querySettings>;
