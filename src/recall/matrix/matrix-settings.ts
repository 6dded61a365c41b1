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
    .default(0.38)
    .describe("a query whose best hit lies below is answered with nothing relevant"),
  words_meaning_min: fraction
    .default(0.25)
    .describe("calibrated cosine below which the words of a hit do not make a query relevant"),
  hit_floor: fraction.default(0.17).describe("single hits below are left out"),
  playbook_strength: fraction
    .default(0.95)
    .describe("how far a fully trusted playbook lowers the distance of its answer"),
  feedback_weight: fraction
    .default(0)
    .describe("how far judged answers to similar, not equal, queries raise a hit; 0: not at all"),
  rerank_candidates: z
    .int()
    .min(2)
    .max(1_000)
    .default(50)
    .describe("best hits that a reranker orders, where a search asks for one"),
  playbooks_considered: z.int().min(1).max(100).default(10),
  weak_models: z
    .array(z.string().min(1))
    .default([])
    .describe("what the downgrade gate may choose, preferred first; empty: [models] weak_models"),
  downgrade_acceptance_min: fraction
    .default(0.8)
    .describe("acceptance of a weak model, at the lower end of its interval, that is enough"),
  downgrade_trials_min: z.int().min(1).default(10).describe("tasks of a class before it counts"),
  downgrade_window_days: z.number().positive().default(90).describe("older outcomes do not count"),
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
