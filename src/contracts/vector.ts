// vector: named indexes of texts and vectors; semantic, lexical and filtered search, crash-safe.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import { count, filters, metadata, name, record, time } from "./nouns.ts";

export const vectorItem = z.strictObject({
  id: z.string().min(1).max(512),
  text: z.string().max(1_000_000).optional().describe("embedded when no vector is given"),
  vector: z.array(z.number()).optional(),
  metadata: metadata.default({}),
});
export type VectorItem = z.output<typeof vectorItem>;

/** Where the items come from, so that SQL can select among them. */
export const indexSource = z.strictObject({
  dataset: name,
  id_column: z.string(),
  id_prefix: z.string().default(""),
});

/** How many of the true nearest items the graph finds. */
export const recallProbe = z.strictObject({
  recall: z.number().nullable().describe("share of the true k nearest; null: nothing to compare"),
  k: count,
  queries: count,
  expansion: count.describe("graph search width (ef)"),
  items: count.describe("how many there were"),
  graph_ms: z.number().describe("mean time of a search through the graph"),
  exact_ms: z.number().describe("mean time of comparing with every item"),
  at: time,
});
export type RecallProbe = z.output<typeof recallProbe>;

export const indexInfo = z.strictObject({
  index: name,
  kind: z.string(),
  dimension: count,
  embedder: z.string().nullable().describe("model that made the vectors; null: the caller's own"),
  metric: z.enum(["cos", "ip", "l2sq"]),
  quantization: z.enum(["f32", "f16", "i8"]),
  lexical: z.boolean(),
  source: indexSource.nullable(),
  properties: record,
  items: count,
  fields: z
    .array(z.string())
    .optional()
    .describe("metadata fields that items have or had; absent: the index is not open"),
  generation: count.describe("immutable generation on disk; newer items stand in the log"),
  log_items: count,
  recall_probe: recallProbe.optional().describe("the last since the start; absent: none"),
  broken: z.string().optional().describe("why it cannot be used; absent: it can"),
  created_at: time,
});
export type IndexInfo = z.output<typeof indexInfo>;

export const vectorHit = z.strictObject({
  id: z.string(),
  score: z.number().describe("higher is better; what the results are ordered by"),
  distance: z.number().nullable().describe("vector distance; null when only words matched"),
  text: z.string().nullable(),
  metadata,
  components: z.strictObject({
    vector: z.number().nullable().describe("cosine similarity, or minus the distance"),
    lexical: z.number().nullable().describe("BM25"),
  }),
});
export type VectorHit = z.output<typeof vectorHit>;

const reasons = [
  "no_such_index",
  "index_broken",
  "vector_engine_stopped",
  "dimension_differs",
  "embedder_differs",
  "not_lexical",
];

export const vector = defineContract("vector", "Named indexes of texts and vectors.", {
  create: write({
    summary: "Makes an empty index, or answers the one there is when it is the same.",
    http: "POST /vectors/indexes",
    input: z.strictObject({
      index: name,
      kind: z.string().default("items"),
      dimension: z.int().min(1).max(8192).optional().describe("absent: the embedder's"),
      embedder: z.string().nullable().optional().describe("absent: the default; null: own vectors"),
      metric: z.enum(["cos", "ip", "l2sq"]).default("cos"),
      quantization: z
        .enum(["f32", "f16", "i8"])
        .default("f16")
        .describe(
          "how vectors are kept; i8: f16 behind a rough, smaller and faster graph, cos only",
        ),
      lexical: z.boolean().default(true).describe("also index the words"),
      source: indexSource.nullable().default(null),
      properties: record.default({}),
    }),
    output: indexInfo,
    reasons: ["index_differs", "no_such_model", "dimension_differs"],
  }),
  upsert: write({
    summary: "Adds items or replaces those of the same id; durable when it answers.",
    http: "POST /vectors/indexes/{index}/items",
    body_bytes_max: 256 * 1024 * 1024,
    timeout_ms: 3_600_000,
    input: z.strictObject({ index: name, items: z.array(vectorItem).min(1).max(10_000) }),
    output: z.strictObject({ upserted: count, items: count }),
    reasons: [...reasons, "no_text"],
  }),
  remove: write({
    summary: "Deletes items by id; durable when it answers.",
    http: "POST /vectors/indexes/{index}/remove",
    input: z.strictObject({ index: name, ids: z.array(z.string()).min(1).max(100_000) }),
    output: z.strictObject({ removed: count, items: count }),
    reasons,
  }),
  search: read({
    summary: "The k nearest items; with filters, k results whenever k items match.",
    http: "POST /vectors/search",
    input: z.strictObject({
      index: name,
      query_text: z.string().min(1).max(1_000_000).optional(),
      vector: z.array(z.number()).optional(),
      k: z.int().min(1).max(10_000).default(10),
      filters: filters.optional(),
      unknown_fields: z
        .enum(["refuse", "accept"])
        .default("refuse")
        .describe("accept: a filter may name a field that no item of this index has"),
      ids: z.array(z.string()).max(5_000_000).optional().describe("search among these only"),
      mode: z
        .enum(["vector", "lexical", "mixed"])
        .default("vector")
        .describe("mixed: both, each scaled to 0..1 over the candidates, weighted"),
      expansion: z.int().min(1).max(10_000).optional().describe("graph search width (ef)"),
      with_text: z.boolean().default(true),
      with_background: z.boolean().default(false),
    }),
    output: z.strictObject({
      index: name,
      hits: z.array(vectorHit),
      method: z.enum(["graph", "exact", "lexical", "mixed"]),
      matched: count.nullable().describe("items that satisfy the filters; null: not filtered"),
      background: z
        .number()
        .nullable()
        .describe("cosine of unrelated texts to the index's model, if asked for"),
      took_ms: z.number(),
    }),
    reasons: [...reasons, "no_query", "no_such_field"],
  }),
  hybrid: read({
    summary: "Search among the rows that an SQL condition on the index's dataset selects.",
    http: "POST /vectors/hybrid",
    input: z.strictObject({
      index: name,
      query_text: z.string().min(1),
      sql_filter: z.string().default("").describe("condition as after WHERE; empty: all rows"),
      k: z.int().min(1).max(10_000).default(10),
      mode: z.enum(["vector", "mixed"]).default("vector"),
    }),
    output: z.strictObject({
      sql_matches: count,
      vector_reranked: count,
      results: z.array(vectorHit),
      method: z.enum(["graph", "exact", "lexical", "mixed"]),
      took_ms: z.number(),
    }),
    reasons: [
      ...reasons,
      "no_source",
      "too_many_rows",
      "sql_syntax",
      "not_read_only",
      "sql_failed",
      "no_such_table",
    ],
  }),
  fetch: read({
    summary: "Items by id, without their vectors.",
    http: "POST /vectors/indexes/{index}/fetch",
    input: z.strictObject({ index: name, ids: z.array(z.string()).min(1).max(10_000) }),
    output: z.strictObject({
      items: z.array(z.strictObject({ id: z.string(), text: z.string().nullable(), metadata })),
    }),
    reasons,
  }),
  rebuild: write({
    summary: "Writes a new generation that holds everything; searches go on meanwhile.",
    http: "POST /vectors/indexes/{index}/rebuild",
    timeout_ms: 3_600_000,
    input: z.strictObject({ index: name }),
    output: indexInfo,
    reasons,
  }),
  probe: read({
    summary: "Recall of the graph on the last queries, or on texts of items; kept for stats.",
    http: "POST /vectors/indexes/{index}/probe",
    timeout_ms: 600_000,
    input: z.strictObject({
      index: name,
      queries: z.int().min(1).max(256).default(32),
      k: z.int().min(1).max(1_000).default(10),
      expansion: z.int().min(1).max(10_000).optional().describe("absent: as configured"),
    }),
    output: recallProbe,
    reasons,
  }),
  drop: write({
    summary: "Deletes an index and its files.",
    http: "DELETE /vectors/indexes/{index}",
    input: z.strictObject({ index: name }),
    output: z.strictObject({ dropped: z.boolean() }),
  }),
  list: read({
    summary: "All indexes with their figures.",
    http: "GET /vectors/indexes",
    input: z.strictObject({}),
    output: z.strictObject({ indexes: z.array(indexInfo) }),
  }),
  stats: read({
    summary: "Figures of one index.",
    http: "GET /vectors/indexes/{index}",
    input: z.strictObject({ index: name }),
    output: indexInfo,
    reasons,
  }),
});
