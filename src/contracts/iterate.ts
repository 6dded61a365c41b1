// iterate: generate, validate, and retry with the validator's own error in the prompt.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import {
  count,
  json,
  judging,
  reading,
  record,
  time,
  tokenUsage,
  validationError,
} from "./nouns.ts";
import { validationReport } from "./validate.ts";

export const attempt = z.strictObject({
  iteration: count,
  verdict: z.enum(["accepted", "no_json", "validation_failed", "infra_error", "cancelled"]),
  error: validationError.or(z.strictObject({ message: z.string() })).nullable(),
  raw: z.string().describe("what the model said"),
  artifact: json.nullable().describe("the JSON object found in it, if any"),
  span_id: z.string(),
  usage: tokenUsage.nullable(),
  draft: count.optional().describe("which of the drafts asked for side by side, from 1"),
  model: z.string().optional().describe("who was asked"),
  repaired: z.boolean().optional().describe("near-JSON was mended; nothing was lost by it"),
});
export type Attempt = z.output<typeof attempt>;

export const escalation = z.strictObject({
  at: z.int().min(2).max(20).describe("from this iteration on"),
  model: z.string().min(1).describe("this model is asked, e.g. tier/local_judge"),
});
export type Escalation = z.output<typeof escalation>;

/** One row of the session log; schema session.iterate.v1. */
export const sessionRow = z.strictObject({
  schema: z.literal("session.iterate.v1"),
  session_id: z.string(),
  trace_id: z.string(),
  daemon: z.string(),
  timestamp: time,
  kind: z.string(),
  model: z.string(),
  provider: z.string(),
  prompt: z.string(),
  iterations: count,
  attempts: z.array(attempt.omit({ raw: true, artifact: true })),
  final_verdict: z.enum(["accepted", "max_iter_exhausted", "infra_error", "drifted"]),
  artifact: json.nullable(),
  grounded_in_roster: z.boolean().nullable(),
  review: z.string().nullable().optional().describe("why a truth rule wants somebody to look"),
  duration_ms: z.number(),
  drafts: count.optional().describe("drafts asked for side by side in each iteration"),
  escalated_to: z.string().nullable().optional().describe("the model that took over, if any"),
  usage: tokenUsage.optional().describe("of all attempts together"),
});
export type SessionRow = z.output<typeof sessionRow>;

/** How a session ended, for whoever left before it did. */
export const endedSession = sessionRow
  .pick({ session_id: true, kind: true, model: true, provider: true, iterations: true })
  .extend({
    final_verdict: sessionRow.shape.final_verdict,
    parent_span_id: z.string().nullable().describe("the span that asked for it"),
  });
export type EndedSession = z.output<typeof endedSession>;

export const iterate = defineContract("iterate", "Generate, validate, retry.", {
  iterate: write({
    summary: "An artifact that the validator accepts; else 422 with the whole history.",
    http: "POST /v1/iterate",
    timeout_ms: 1_800_000,
    input: z.strictObject({
      kind: z.string().min(1),
      prompt: z.string().min(1).max(1_000_000),
      system: z.string().max(1_000_000).optional(),
      provider: z.string().optional(),
      model: z.string().optional(),
      context: record.default({}),
      max_iterations: z.int().min(1).max(20).default(3),
      temperature: z.number().min(0).max(2).default(0.2),
      max_tokens: z.int().min(1).max(1_000_000).default(4096),
      drafts: z
        .int()
        .min(1)
        .max(8)
        .default(1)
        .describe("asked for side by side; the first that is right wins, the others are stopped"),
      escalate: z.array(escalation).max(8).default([]),
      schema: record
        .optional()
        .describe("JSON Schema that models are held to, instead of the one that the kind declares"),
      guided: z
        .boolean()
        .default(false)
        .describe(
          "for small models: lists of choices are asked for one by one, what was refused is not " +
            "offered again, and a draft that comes again is made warmer",
        ),
      judging: judging
        .optional()
        .describe(
          "with guided and a schema that lists described choices: each description is judged by " +
            "itself, and the likeliest to be right are taken",
        ),
      reading: reading
        .optional()
        .describe(
          "with guided and a schema that lists choices with the same fields: each field is asked " +
            "for by itself, and the choice whose values together are the likeliest is taken",
        ),
      drift_after: z
        .int()
        .min(2)
        .max(20)
        .optional()
        .describe(
          "give up once a model's same draft was refused the same way so often in a row, and no " +
            "other is to take over",
        ),
    }),
    output: z.strictObject({
      artifact: json,
      validation: validationReport,
      iterations: count,
      history: z.array(attempt),
      session_id: z.string(),
      model: z.string(),
      provider: z.string(),
      provider_kind: z.enum(["model", "deterministic"]),
      trace_id: z.string(),
    }),
    reasons: [
      "invalid_input",
      "no_such_kind",
      "max_iter_exhausted",
      "drifted",
      "model_failed",
      "validator_failed",
    ],
  }),
  sessions: read({
    summary: "How the latest sessions of a trace ended, oldest first; waits for those under way.",
    http: "GET /v1/iterate/sessions/{trace_id}",
    input: z.strictObject({ trace_id: z.string().min(1).max(256) }),
    output: z.strictObject({ sessions: z.array(endedSession) }),
  }),
});
