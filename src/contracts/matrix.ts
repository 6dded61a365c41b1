// matrix: many corpora searched at once, scores comparable, playbooks applied, off-topic refused.
import { z } from "zod";
import { defineContract, read, stream, write } from "#kernel/contract.ts";
import { count, filters, metadata, name, time } from "./nouns.ts";
import { playbookMatch } from "./playbook.ts";

export const corpusInfo = z.strictObject({
  corpus: name,
  summary: z.string(),
  items: count,
  dataset: z.string().nullable(),
  id_prefix: z.string(),
  built_snapshot_id: z.string().nullable(),
  built_at: time,
});
export type CorpusInfo = z.output<typeof corpusInfo>;

/** From a dataset: each row becomes a text by a template such as "{role} in {city}: {notes}". */
const fromDataset = z.strictObject({
  kind: z.literal("dataset"),
  dataset: name,
  id_column: z.string(),
  template: z.string().min(1),
  metadata_columns: z.array(z.string()).default([]),
  where: z.string().default("").describe("SQL condition on the rows"),
  rows_max: z.int().min(1).optional(),
});

const fromTexts = z.strictObject({
  kind: z.literal("texts"),
  items: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        text: z.string().min(1),
        metadata: metadata.default({}),
      }),
    )
    .min(1)
    .max(100_000),
});

export const corpusSource = z.discriminatedUnion("kind", [fromDataset, fromTexts]);
export type CorpusSource = z.output<typeof corpusSource>;

export const matrixHit = z.strictObject({
  id: z.string(),
  corpus: z.string(),
  rank: count,
  score: z.number().describe("comparable across corpora, 0 to 1"),
  distance: z.number().describe("1 − score, lowered by a playbook where one applies"),
  base_distance: z.number().describe("before playbooks"),
  text: z.string().nullable(),
  metadata,
  components: z.strictObject({
    cosine: z.number().nullable(),
    bm25: z.number().nullable(),
    mixed: z.number(),
  }),
  provenance: z.strictObject({
    dataset: z.string().nullable(),
    source_id: z.string(),
    snapshot_id: z.string().nullable(),
    indexed_at: time,
  }),
  playbook: z
    .strictObject({
      playbook_id: z.string(),
      confidence: z.number(),
      score: z.number(),
      effect: z.enum(["boosted", "injected"]),
    })
    .nullable(),
});
export type MatrixHit = z.output<typeof matrixHit>;

export const relevance = z.strictObject({
  verdict: z.enum(["relevant", "nothing_relevant"]),
  top_score: z.number(),
  floor: z.number(),
  reason: z.string(),
});

const reasons = ["no_such_corpus", "no_such_dataset", "bad_template"];

export const matrix = defineContract("matrix", "Many corpora searched at once.", {
  build: stream({
    summary: "Builds or refreshes a corpus; answers progress and at the end its figures.",
    http: "POST /matrix/corpora",
    body_bytes_max: 256 * 1024 * 1024,
    timeout_ms: 6 * 3_600_000,
    input: z.strictObject({
      corpus: name,
      summary: z.string().default(""),
      id_prefix: z.string().max(16).default(""),
      source: corpusSource,
    }),
    output: z.strictObject({
      phase: z.enum(["indexing", "done"]),
      items_done: count,
      items_total: count,
      items_per_s: z.number(),
      corpus: corpusInfo.nullable(),
    }),
    reasons: [...reasons, "sql_failed", "sql_syntax"],
  }),
  corpora: read({
    summary: "All corpora.",
    http: "GET /matrix/corpora",
    input: z.strictObject({}),
    output: z.strictObject({ corpora: z.array(corpusInfo) }),
  }),
  drop: write({
    summary: "Deletes a corpus and its index; the dataset stays.",
    http: "DELETE /matrix/corpora/{corpus}",
    input: z.strictObject({ corpus: name }),
    output: z.strictObject({ dropped: z.boolean() }),
  }),
  search: read({
    summary: "The best k of many corpora, playbooks applied; or an honest nothing.",
    http: "POST /matrix/search",
    input: z.strictObject({
      query_text: z.string().min(1).max(100_000),
      corpora: z.array(name).min(1).optional().describe("absent: all"),
      k: z.int().min(1).max(1_000).default(10),
      filters: filters.optional(),
      mode: z
        .enum(["mixed", "vector", "lexical"])
        .default("mixed")
        .describe("meaning and words together, or one of them alone"),
      use_playbook: z.boolean().default(true),
      playbook_scope: z.string().default("default"),
      relevance_floor: z.number().min(0).max(1).optional().describe("absent: as configured"),
    }),
    output: z.strictObject({
      results: z.array(matrixHit),
      relevance,
      playbooks: z.array(playbookMatch).describe("entries considered, applied or not"),
      took_ms: z.number(),
      trace_id: z.string(),
    }),
    reasons: [...reasons, "no_such_field"],
  }),
});
