// playbook: queries whose best answer is known, and when they may speak for another query.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import { count, page, record, time } from "./nouns.ts";

const scope = z
  .string()
  .min(1)
  .max(256)
  .default("default")
  .describe("entries are only seen within their scope (tenant, agent, test run)");

const entry = {
  query_text: z.string().min(1).max(100_000),
  answer_id: z.string().min(1).max(512),
  answer_corpus: z.string().min(1).max(128),
  score: z.number().min(0).max(1).describe("how good the answer was judged, 0 to 1"),
  tags: z.array(z.string()).max(64).default([]),
};

export const playbook = z.strictObject({
  playbook_id: z.string(),
  scope: z.string(),
  ...entry,
  tags: z.array(z.string()),
  status: z.enum(["active", "contradicted", "retired"]),
  status_reason: z.string().nullable(),
  evidence: count.describe("times this query and answer were recorded"),
  successes: count,
  failures: count,
  recorded_at: time,
  updated_at: time,
  trace_id: z.string(),
});
export type Playbook = z.output<typeof playbook>;

/** One typed difference between two queries, e.g. number: 3 against 5. */
export const difference = z.strictObject({
  kind: z
    .string()
    .describe("number, negation, place, name, role, or a slot that a domain declares"),
  query: z.string(),
  recorded: z.string(),
});

export const playbookMatch = z.strictObject({
  playbook,
  semantic: z.number().describe("cosine of the two queries"),
  lexical: z.number().describe("weighted word overlap, 0 to 1"),
  differences: z.array(difference),
  confidence: z.number().min(0).max(1).describe("that both queries ask for the same"),
  applied: z.boolean(),
  reason: z.string().describe("why it is applied or not, in words"),
});
export type PlaybookMatch = z.output<typeof playbookMatch>;

const recorded = z.strictObject({ playbook, merged: z.boolean() });
const reasons = ["no_such_playbook"];

export const playbookContract = defineContract("playbook", "Queries whose best answer is known.", {
  record: write({
    summary: "Remembers the best answer to a query; the same again raises its evidence.",
    http: "POST /matrix/playbooks/record",
    input: z.strictObject({ ...entry, scope }),
    output: recorded,
  }),
  bulk: write({
    summary: "Records many; durable as a whole when it answers.",
    http: "POST /matrix/playbooks/bulk",
    timeout_ms: 3_600_000,
    body_bytes_max: 64 * 1024 * 1024,
    input: z.strictObject({ entries: z.array(z.strictObject(entry)).min(1).max(10_000), scope }),
    output: z.strictObject({ recorded: count, merged: count, playbook_ids: z.array(z.string()) }),
  }),
  match: read({
    summary: "Entries that may speak for a query, each with its confidence and the reasons.",
    http: "POST /matrix/playbooks/match",
    input: z.strictObject({
      query_text: z.string().min(1).max(100_000),
      corpora: z.array(z.string()).optional(),
      k: z.int().min(1).max(100).default(5),
      scope,
    }),
    output: z.strictObject({ matches: z.array(playbookMatch) }),
  }),
  list: read({
    summary: "Entries, newest first.",
    http: "GET /matrix/playbooks",
    input: z.strictObject({
      scope: z.string().optional(),
      status: z.enum(["active", "contradicted", "retired"]).optional(),
      contains: z.string().optional().describe("text in the query"),
      ...page,
    }),
    output: z.strictObject({
      playbooks: z.array(playbook),
      total: count,
      next_after: z.string().nullable(),
    }),
  }),
  get: read({
    summary: "One entry with its history.",
    http: "GET /matrix/playbooks/{playbook_id}",
    input: z.strictObject({ playbook_id: z.string() }),
    output: z.strictObject({ playbook, history: z.array(record) }),
    reasons,
  }),
  retire: write({
    summary: "Takes an entry out of every later search; it stays in the history.",
    http: "POST /matrix/playbooks/{playbook_id}/retire",
    input: z.strictObject({ playbook_id: z.string(), reason: z.string().default("") }),
    output: playbook,
    reasons,
  }),
  contradict: write({
    summary: "Says that an entry's answer is wrong: kept, but not applied any more.",
    http: "POST /matrix/playbooks/{playbook_id}/contradict",
    input: z.strictObject({ playbook_id: z.string(), reason: z.string().default("") }),
    output: playbook,
    reasons,
  }),
  outcome: write({
    summary: "How an entry fared when it was applied; its confidence rises or falls.",
    http: "POST /matrix/playbooks/{playbook_id}/outcome",
    input: z.strictObject({ playbook_id: z.string(), success: z.boolean() }),
    output: playbook,
    reasons,
  }),
  forget_scope: write({
    summary: "Retires every entry of a scope.",
    http: "POST /matrix/playbooks/forget",
    scope: "admin",
    input: z.strictObject({ scope: z.string().min(1) }),
    output: z.strictObject({ retired: count }),
  }),
});
