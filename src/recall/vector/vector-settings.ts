// Settings of vector.
import { z } from "zod";

export const vectorSettings = z.strictObject({
  log_items_max: z
    .int()
    .min(1)
    .default(20_000)
    .describe("items in the log of an index before a new generation is written by itself"),
  log_bytes_max: z
    .int()
    .min(1)
    .default(256 * 1024 * 1024)
    .describe("bytes in the log of an index before a new generation is written by itself"),
  dead_share_max: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe("share of replaced and removed items from which a rebuild makes a fresh graph"),
  connectivity: z.int().min(2).max(128).default(16).describe("links of each node of the graph"),
  expansion_add: z.int().min(1).max(4096).default(128).describe("graph width when adding"),
  expansion_search: z
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .describe("graph width when searching; grows with the items beyond 100,000"),
  exact_items_max: z
    .int()
    .min(0)
    .default(10_000)
    .describe("filters that leave at most so many items are answered by comparing with each"),
  memory_mapped_min_items: z
    .int()
    .min(1)
    .default(200_000)
    .describe("an index of so many items is read from its files on disk, not held in memory"),
  mixed_candidates: z
    .int()
    .min(100)
    .max(10_000)
    .default(200)
    .describe("candidates that each of vectors and words brings to a mixed search"),
  vector_weight: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe("weight of the vector score in a mixed search; words have the rest"),
  bm25_k1: z
    .number()
    .min(0)
    .max(10)
    .default(1.2)
    .describe("how soon a repeated word counts no more"),
  bm25_b: z.number().min(0).max(1).default(0.75).describe("how much long texts are marked down"),
  embed_batch_texts: z.int().min(1).max(10_000).default(256).describe("texts embedded at once"),
  hybrid_rows_max: z.int().min(1).default(5_000_000).describe("rows an SQL filter may select"),
});
export type VectorSettings = z.output<typeof vectorSettings>;
