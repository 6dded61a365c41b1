// respond: a task in words to validated work: retrieve, iterate, remember how it went.
import { z } from "zod";
import { defineContract, write } from "#kernel/contract.ts";
import { count, json, record, time, tokenUsage } from "./nouns.ts";
import { attempt } from "./iterate.ts";
import { relevance } from "./matrix.ts";
import { permissionMode } from "./permission.ts";

/** One row of kb/outcomes.jsonl. */
export const outcomeRow = z.strictObject({
  schema: z.literal("outcome.v1"),
  kind: z.string().describe("scenario, iterate, audit, replay …"),
  sig_hash: z.string().describe("sha256 of the task's signature: the same task gives the same"),
  task_class: z.string(),
  task: z.string(),
  accepted: z.boolean(),
  status: z.string(),
  iterations: count,
  model: z.string().nullable(),
  answer_ids: z.array(z.string()),
  playbook_ids: z.array(z.string()).describe("playbooks that were applied"),
  recorded_at: time,
  trace_id: z.string(),
  duration_ms: z.number(),
  corrections: count.optional().describe("corrections of an overseer that were applied"),
  permission: permissionMode
    .nullable()
    .optional()
    .describe("what was allowed with what it taught; null: it taught nothing"),
});
export type OutcomeRow = z.output<typeof outcomeRow>;

/** One row of kb/overseer_corrections.jsonl, on disk before the correction is applied. */
export const correctionRow = z.strictObject({
  schema: z.literal("overseer_correction.v1"),
  created_at: time,
  task_class: z.string(),
  reason: z.string().describe("why the overseer was asked: the last refusal"),
  correction: z.string(),
  model: z.string(),
  applied_at_turn: count.describe("the iteration, counted on, that was the first to have it"),
  sig_hash: z.string(),
  usage: tokenUsage,
  trace_id: z.string(),
});
export type CorrectionRow = z.output<typeof correctionRow>;

/** What the permission gradient said to remembering; auto: it was written down. */
const remembering = z.strictObject({
  action: z.string(),
  decision: permissionMode,
  confidence: z.number().describe("1 / iterations of accepted work"),
  reason: z.string(),
  decision_id: z.string().nullable().describe("in the log of decisions; null: not asked"),
  answers: z
    .array(z.strictObject({ answer_id: z.string(), answer_corpus: z.string(), score: z.number() }))
    .describe("what was, or would have been, remembered under the task's words"),
  simulated_in: z.string().nullable().describe("simulation: the scope that has them instead"),
});

export const respondAnswer = z.strictObject({
  status: z.enum(["accepted", "nothing_relevant", "max_iter_exhausted"]),
  reason: z.string(),
  task_class: z.string().nullable(),
  artifact: json.nullable(),
  iterations: count,
  history: z.array(attempt),
  relevance: relevance.nullable(),
  retrieved: z.array(
    z.strictObject({ id: z.string(), corpus: z.string(), boosted: z.boolean(), text: z.string() }),
  ),
  not_understood: z
    .array(z.string())
    .default([])
    .describe("demands of the task that were not read; not empty: nothing was remembered"),
  corrections: z
    .array(correctionRow.pick({ correction: true, model: true, applied_at_turn: true }))
    .default([])
    .describe("what an overseer wrote after drafts that were refused"),
  playbooks_applied: z.array(z.string()),
  pathways_recalled: z
    .array(z.string())
    .default([])
    .describe("earlier attempts whose refusals the drafts were told of"),
  playbooks_recorded: z.array(z.string()),
  not_recorded: z
    .array(z.string())
    .describe("what could not be written down, and why; empty: all was"),
  remembering: remembering.nullable().default(null).describe("null: there was nothing to remember"),
  model: z.string().nullable(),
  provider_kind: z.enum(["model", "deterministic"]).nullable(),
  sig_hash: z.string(),
  trace_id: z.string(),
  duration_ms: z.number(),
});
export type RespondAnswer = z.output<typeof respondAnswer>;

export const respond = defineContract("respond", "A task in words to validated work.", {
  respond: write({
    summary: "Retrieves, drafts, validates, retries; records the outcome and what was learned.",
    http: "POST /v1/respond",
    timeout_ms: 1_800_000,
    input: z.strictObject({
      task: z.string().min(1).max(100_000),
      kind: z.string().optional().describe("task class; absent: the domains are asked"),
      context: record.default({}),
      provider: z.string().optional(),
      model: z.string().optional(),
      k: z.int().min(1).max(200).default(20),
      max_iterations: z.int().min(1).max(20).default(3),
      use_playbook: z.boolean().default(true),
      record_playbook: z
        .boolean()
        .default(true)
        .describe(
          "false: no memory changes; nothing is recorded, and nothing recalled is judged by it",
        ),
      playbook_scope: z.string().default("default"),
      guided: z
        .boolean()
        .optional()
        .describe("draft as with a small model; absent: as respond.small_models says"),
    }),
    output: respondAnswer,
    reasons: [
      "invalid_input",
      "no_such_kind",
      "model_failed",
      "validator_failed",
      "retrieval_failed",
    ],
  }),
});
