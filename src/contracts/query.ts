// query: read-only SQL over every healthy dataset and over the system's own logs.
import { z } from "zod";
import { bytes, defineContract, read, write } from "#kernel/contract.ts";
import { column, count, json } from "./nouns.ts";

const request = {
  sql: z.string().min(1).max(1_000_000),
  params: z.array(json).default([]).describe("values for $1, $2 … or ?"),
  limit: z.int().min(1).max(1_000_000_000).optional().describe("rows at most"),
  timeout_ms: z.int().min(1).max(3_600_000).optional(),
  at: z.string().optional().describe("time travel: ISO time or snapshot id"),
  memory_mb: z
    .int()
    .min(16)
    .max(1_048_576)
    .optional()
    .describe("memory of this query alone, at most query.memory_mb_max"),
  cache: z.boolean().default(true).describe("an answer held for the same snapshots may serve"),
  query_id: z.string().max(128).optional().describe("chosen by the caller, to cancel by"),
};

const reasons = [
  "sql_syntax",
  "not_read_only",
  "many_statements",
  "no_such_table",
  "broken_dataset",
  "sql_failed",
  "out_of_memory",
  "no_such_snapshot",
  "bad_point_in_time",
  "unsupported_format",
  "engine_failed",
];

export const query = defineContract("query", "Read-only SQL over datasets and logs.", {
  sql: bytes({
    summary: "Runs one SELECT; answers JSON, or streams NDJSON, CSV, Arrow IPC; or Parquet.",
    http: "POST /query/sql",
    scope: "read",
    input: z.strictObject({
      ...request,
      format: z.enum(["json", "ndjson", "csv", "arrow", "parquet"]).default("json"),
    }),
    output: z.strictObject({
      content_type: z.string(),
      query_id: z.string(),
      cache: z.enum(["hit", "miss", "off"]).describe("whether a held answer served"),
    }),
    request_body: "json",
    response_body: "raw",
    response_headers: {
      content_type: "content-type",
      query_id: "x-lakehouse-query-id",
      cache: "x-lakehouse-cache",
    },
    timeout_ms: 3_600_000,
    reasons,
  }),
  rows: read({
    summary: "Runs one SELECT and answers its rows as arrays in column order.",
    http: "POST /query/rows",
    input: z.strictObject(request),
    output: z.strictObject({
      query_id: z.string(),
      columns: z.array(column),
      rows: z.array(z.array(z.unknown())),
      row_count: count,
      truncated: z.boolean().describe("there were more rows than the limit"),
      elapsed_ms: z.number(),
    }),
    timeout_ms: 3_600_000,
    reasons,
  }),
  explain: read({
    summary: "What a SELECT would read: files kept and left out of each dataset, and the plan.",
    http: "POST /query/explain",
    input: z.strictObject({
      sql: request.sql,
      params: request.params,
      at: request.at,
      analyze: z.boolean().default(false).describe("run it and tell times and row counts"),
      timeout_ms: request.timeout_ms,
    }),
    output: z.strictObject({
      engine: z.string(),
      tables: z.array(
        z.strictObject({
          name: z.string(),
          snapshot_id: z.string().nullable(),
          files_total: count,
          files_read: count,
          bytes_read: count,
          conditions: z.array(z.string()).describe("conditions that files were left out by"),
        }),
      ),
      planning_ms: z.number(),
      plan: z.string(),
    }),
    timeout_ms: 3_600_000,
    reasons,
  }),
  cancel: write({
    summary: "Stops a running query.",
    http: "POST /query/cancel",
    input: z.strictObject({ query_id: z.string() }),
    output: z.strictObject({ cancelled: z.boolean() }),
  }),
  tables: read({
    summary:
      "What SQL can name: datasets and kb tables, with columns; broken ones with the reason.",
    http: "GET /query/tables",
    input: z.strictObject({}),
    output: z.strictObject({
      tables: z.array(
        z.strictObject({
          schema: z.string(),
          name: z.string(),
          columns: z.array(column),
          rows: count.nullable(),
          broken: z.string().nullable(),
        }),
      ),
    }),
  }),
});
