// lift: does memory help? Cold pass, record the best, warm pass, paraphrases, look-alikes, off-
// topic.
import { z } from "zod";
import { defineContract, stream } from "#kernel/contract.ts";
import { count, record } from "./nouns.ts";

export const rate = z.strictObject({
  hits: count,
  of: count,
  rate: z.number().nullable().describe("null when there was nothing to count"),
  low: z.number().nullable().describe("95 % Wilson interval"),
  high: z.number().nullable(),
});
export type Rate = z.output<typeof rate>;

export const liftReport = z.strictObject({
  schema: z.literal("lift.v1"),
  set: z.string(),
  seed: z.int(),
  started_at: z.string(),
  duration_ms: z.number(),
  embedder: z.string(),
  corpus_items: count,
  queries: count,
  judge: z.string().describe("what decided which answer is best"),
  cold_top1: rate.describe("queries whose best answer came first without memory"),
  discoveries: count.describe("queries whose best answer was found below the first place"),
  verbatim_lift: rate.describe("discoveries that come first when the same query is asked again"),
  verbatim_top1: rate,
  paraphrase_top1_cold: rate,
  paraphrase_top1: rate,
  paraphrase_lift: rate.describe("paraphrases of discoveries whose best answer comes first"),
  paraphrase_hit: rate.describe("paraphrases to which the playbook of their origin was applied"),
  false_boosts: rate.describe("look-alikes to which a playbook with a wrong answer was applied"),
  off_topic_refused: rate.describe("out-of-domain queries answered with nothing relevant"),
  off_topic_boosts: rate.describe("out-of-domain queries to which a playbook was applied"),
  mean_change_top1_distance: z.number().nullable(),
  search_ms_p50: z.number(),
  search_ms_p95: z.number(),
  notes: z.array(z.string()).describe("what a reader must know: stand-ins, what was left out"),
  examples: z.array(record).describe("cases of each kind, for reading"),
});
export type LiftReport = z.output<typeof liftReport>;

export const evalReport = z.strictObject({
  schema: z.literal("eval.v1"),
  set: z.string(),
  split: z.string(),
  form: z.enum(["retrieval", "intents", "pairs", "tasks", "edits"]),
  embedder: z.string(),
  corpus_items: count,
  queries: count,
  figures: z.record(z.string(), z.number()).describe("recall@k, ndcg@10, accuracy, auroc …"),
  by_mode: z.record(z.string(), z.record(z.string(), z.number())),
  duration_ms: z.number(),
});
export type EvalReport = z.output<typeof evalReport>;

const progress = {
  phase: z.string(),
  done: count,
  total: count,
};

export const lift = defineContract("lift", "The reality test of memory and retrieval.", {
  run: stream({
    summary: "Runs a query set cold and warm; answers progress and at the end the report.",
    http: "POST /lift/run",
    timeout_ms: 6 * 3_600_000,
    input: z.strictObject({
      set: z.string().min(1).describe("a domain's query set, or a data set's folder by name"),
      queries_max: z
        .int()
        .min(1)
        .default(1000)
        .describe("sampled with the seed when there are more"),
      seed: z.int().default(7),
    }),
    output: z.strictObject({ ...progress, report: liftReport.nullable() }),
    reasons: ["no_such_set", "set_not_understood", "nothing_to_ask"],
  }),
  evaluate: stream({
    summary: "Retrieval figures of a set with known answers, for each search mode.",
    http: "POST /lift/evaluate",
    timeout_ms: 6 * 3_600_000,
    input: z.strictObject({
      set: z.string().min(1),
      split: z.string().default("train"),
      queries_max: z.int().min(1).default(10_000),
      seed: z.int().default(7),
      remember_split: z
        .string()
        .optional()
        .describe("judgements that memory holds; of the same split, a half that is not asked"),
      off_topic: z
        .string()
        .optional()
        .describe("another set, whose texts should find nothing; for sets in BEIR form"),
    }),
    output: z.strictObject({ ...progress, report: evalReport.nullable() }),
    reasons: ["no_such_set", "no_such_split", "set_not_understood", "nothing_to_ask"],
  }),
});
