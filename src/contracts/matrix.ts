// matrix: many corpora searched at once, scores comparable, playbooks applied, off-topic refused.
import { z } from "zod";
import { defineContract, read, stream, write } from "#kernel/contract.ts";
import { count, filters, metadata, name, time } from "./nouns.ts";
import { facts, playbookMatch } from "./playbook.ts";

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

/** From a log of the house (schema kb of SQL): each row becomes a text, as with a dataset. */
const fromLog = z.strictObject({
  kind: z.literal("log"),
  log: name.describe("outcomes, sessions, events, overseer_corrections …"),
  id_column: z.string(),
  template: z.string().min(1),
  metadata_columns: z.array(z.string()).default([]),
  where: z.string().default("").describe("SQL condition on the rows"),
  rows_max: z.int().min(1).optional(),
});

export const corpusSource = z.discriminatedUnion("kind", [fromDataset, fromTexts, fromLog]);
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
    background: z
      .number()
      .nullable()
      .describe("cosine of unrelated texts to the corpus's model: where meaning begins"),
    bm25: z.number().nullable(),
    mixed: z.number().describe("of meaning and words alone"),
    feedback: z.number().describe("added by judged answers to similar queries; 0: none"),
    rerank: z
      .number()
      .nullable()
      .default(null)
      .describe("what the reranker gave it; null: it was not asked, or not of this hit"),
  }),
  explain: z.string().describe("all of it in words"),
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

/** An entry as the playbook judges it, and what it did in this search. */
export const consideredPlaybook = playbookMatch.extend({
  applied: z.boolean().describe("false as well where its answer could not be put forward"),
  effect: z
    .enum(["boosted", "injected", "none"])
    .describe("what became of its answer: raised, fetched as it was not found, or nothing"),
});
export type ConsideredPlaybook = z.output<typeof consideredPlaybook>;

export const relevance = z.strictObject({
  verdict: z.enum(["relevant", "nothing_relevant"]),
  top_score: z.number(),
  floor: z.number(),
  reason: z.string(),
});

export const downgradeDecision = z.strictObject({
  decision: z.enum(["downgrade", "keep"]),
  model: z.string().describe("the model to ask"),
  why: z.enum([
    "acceptance_holds",
    "already_weak",
    "no_weak_model",
    "nothing_relevant",
    "not_measured",
    "acceptance_too_low",
  ]),
  reason: z.string(),
  evidence: z.array(
    z.strictObject({
      model: z.string(),
      trials: count,
      accepted: count,
      lower: z.number().describe("lower end of the 95 % Wilson interval of acceptance"),
      counted: z.enum(["remembered", "not_remembered", "all"]).describe("which tasks"),
    }),
  ),
});
export type DowngradeDecision = z.output<typeof downgradeDecision>;

const reasons = ["no_such_corpus", "no_such_dataset", "no_such_log", "bad_template"];

const buildStep = z.strictObject({
  phase: z.enum(["indexing", "done"]),
  items_done: count,
  items_total: count,
  items_per_s: z.number(),
  corpus: corpusInfo.nullable(),
});

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
    output: buildStep,
    reasons: [...reasons, "sql_failed", "sql_syntax"],
  }),
  build_folder: stream({
    summary: "Builds or refreshes a corpus from the text files below a folder of this machine.",
    http: "POST /matrix/corpora/folder",
    exposure: "process",
    timeout_ms: 6 * 3_600_000,
    input: z.strictObject({
      corpus: name,
      summary: z.string().default(""),
      id_prefix: z.string().max(16).default(""),
      path: z.string().min(1),
      extensions: z
        .array(z.string().regex(/^\.[A-Za-z0-9]+$/))
        .min(1)
        .default([".md", ".txt"]),
      passage_characters: z
        .int()
        .min(200)
        .max(100_000)
        .default(2_000)
        .describe("longer files are split at headings, paragraphs and sentences"),
    }),
    output: buildStep,
    reasons: [...reasons, "no_such_folder"],
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
      task_class: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .describe("kind of task, when it is known: playbooks of its kind may be followed"),
      facts: facts
        .default({})
        .describe(
          "what is known beside the query: page, date, site; playbooks of others are silent",
        ),
      relevance_floor: z.number().min(0).max(1).optional().describe("absent: as configured"),
      rerank: z
        .union([z.boolean(), z.string().min(1)])
        .default(false)
        .describe("put the best hits in the order of a reranker: true is the default, or its name"),
    }),
    output: z.strictObject({
      results: z.array(matrixHit),
      relevance,
      playbooks: z.array(consideredPlaybook).describe("entries considered, applied or not"),
      took_ms: z.number(),
      trace_id: z.string(),
    }),
    reasons: [
      ...reasons,
      "no_such_field",
      "no_such_model",
      "provider_unreachable",
      "provider_failed",
      "provider_rate_limited",
      "bad_provider_answer",
    ],
  }),
  downgrade: read({
    summary: "Whether a weak model does for this task, by measured acceptance; in doubt, no.",
    http: "POST /matrix/downgrade",
    input: z.strictObject({
      task_class: z.string().min(1).max(256),
      model: z.string().min(1).max(256).describe("the model that would be asked"),
      weak_models: z
        .array(z.string().min(1).max(256))
        .max(32)
        .optional()
        .describe("preferred first; absent: as configured"),
      query_text: z
        .string()
        .min(1)
        .max(100_000)
        .optional()
        .describe("the task in words: is there context and memory for it?"),
      corpora: z.array(name).min(1).optional().describe("searched for query_text; absent: all"),
      playbook_scope: z.string().default("default"),
      acceptance_min: z.number().min(0).max(1).optional().describe("absent: as configured"),
    }),
    output: downgradeDecision.extend({ trace_id: z.string() }),
    reasons,
  }),
});
