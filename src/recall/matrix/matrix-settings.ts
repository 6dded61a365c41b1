// Settings of the matrix: section [matrix] of lakehouse.toml.
import { z } from "zod";

const fraction = z.number().min(0).max(1);

export const matrixSettings = z.strictObject({
  semantic_weight: fraction.default(0.5).describe("share of meaning in a score; the rest is words"),
  bm25_half: z
    .number()
    .positive()
    .default(20)
    .describe("BM25 at which the share of words reaches one half"),
  relevance_floor: fraction
    .default(0.4)
    .describe("a query whose best hit lies below is answered with nothing relevant"),
  hit_floor: fraction.default(0.2).describe("single hits below are left out"),
  playbook_strength: fraction
    .default(0.95)
    .describe("how far a fully trusted playbook lowers the distance of its answer"),
  playbooks_considered: z.int().min(1).max(100).default(10),
  candidates_min: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe("hits taken from each corpus before scores are compared"),
  corpora_at_once: z.int().min(1).max(64).default(8),
  page_rows: z
    .int()
    .min(1)
    .max(100_000)
    .default(5_000)
    .describe("rows read from a dataset at once"),
  batch_items: z.int().min(1).max(10_000).default(500).describe("items indexed at once"),
});
export type MatrixSettings = z.output<typeof matrixSettings>;
