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

const factValue = z.union([z.string().max(2_000), z.number(), z.boolean()]);
export const facts = z
  .record(z.string().min(1).max(128), factValue)
  .refine((it) => Object.keys(it).length <= 32, "32 facts at most")
  .describe("what the answer depends on beside the query, by name: a page, a date, a site");
export type Facts = z.output<typeof facts>;

const task_class = z.string().min(1).max(256).nullable();

const entry = {
  query_text: z.string().min(1).max(100_000),
  answer_id: z.string().min(1).max(512),
  answer_corpus: z.string().min(1).max(128),
  score: z.number().min(0).max(1).describe("how good the answer was judged, 0 to 1"),
  tags: z.array(z.string()).max(64).default([]),
  task_class: task_class.default(null).describe("kind of task, when it is known"),
  facts: facts.default({}),
  ttl_ms: z.int().min(1).optional().describe("how long the answer may be reused; absent: always"),
  not_for: z
    .array(z.string().min(1).max(100_000))
    .max(32)
    .default([])
    .describe("queries that look alike and ask for something else"),
};
const { ttl_ms: _, ...kept } = entry;

export const playbook = z.strictObject({
  playbook_id: z.string(),
  scope: z.string(),
  ...kept,
  tags: z.array(z.string()),
  task_class,
  facts,
  expires_at: time.nullable().describe("from then on its answer is not reused as it is"),
  not_for: z.array(z.string()).describe("when not to use it: given, or reported as bad hits"),
  observed: z
    .array(z.strictObject({ likeness: z.number().min(0).max(1), success: z.boolean() }))
    .describe("outcomes whose query is known; the entry's own threshold comes from them"),
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

/** One of the three things an entry may be used for. */
export const decision = z.strictObject({
  probability: z.number().min(0).max(1),
  decided: z.boolean(),
  reason: z.string(),
});
export type Decision = z.output<typeof decision>;

export const playbookMatch = z.strictObject({
  playbook,
  semantic: z.number().describe("cosine of the two queries"),
  lexical: z.number().describe("weighted word overlap, 0 to 1"),
  differences: z.array(difference),
  confidence: z.number().min(0).max(1).describe("that both queries ask for the same"),
  same: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe("that both say the same, by words, order and roles; null where not compared"),
  threshold: z.number().describe("likeness from which on it may be applied; rises with bad hits"),
  utility: z.number().min(0).max(1).describe("lower 95 % bound of its share of good outcomes"),
  decisions: z.strictObject({
    transfer: decision.describe("the same kind of task: its workflow may be followed"),
    boost: decision.describe("the same task: its answer may be put forward; equals `applied`"),
    reuse: decision.describe("the same task and facts: its answer may be given as it is"),
  }),
  applied: z.boolean(),
  reason: z.string().describe("why it is applied or not, in words"),
});
export type PlaybookMatch = z.output<typeof playbookMatch>;

/** What kind of task a query is, and what it resembles. */
export const taskRoute = z.strictObject({
  task_class: z.string().nullable().describe("null: of no class that is known here"),
  probability: z.number().min(0).max(1).describe("of the best class, if it is of any"),
  in_scope: z.number().min(0).max(1).describe("that it is of any class known here"),
  alternatives: z.array(z.strictObject({ task_class: z.string(), probability: z.number() })),
  learnt_from: count.describe("recorded queries whose class is known"),
  classes: count,
  reason: z.string(),
  nearest: z
    .array(
      z.strictObject({
        query_text: z.string(),
        playbook_ids: z.array(z.string()),
        task_classes: z.array(z.string()),
        likeness: z.number().describe("of wording and meaning; 1 is the same text"),
        semantic: z.number().describe("cosine of the two queries"),
      }),
    )
    .describe("recorded queries, nearest first, whether or not they may speak for it"),
});
export type TaskRouteAnswer = z.output<typeof taskRoute>;

const warnings = z
  .array(z.string())
  .describe("answers that stand in no corpus, as far as the corpora are known here");
const recorded = z.strictObject({ playbook, merged: z.boolean(), warnings });
const reasons = ["no_such_playbook"];

export const playbookContract = defineContract("playbook", "Queries whose best answer is known.", {
  record: write({
    summary: "Remembers the best answer to a query; again: more evidence, bad hits on it forgiven.",
    http: "POST /matrix/playbooks/record",
    input: z.strictObject({ ...entry, scope }),
    output: recorded,
    reasons: ["no_such_corpus", "playbook_contradicted"],
  }),
  bulk: write({
    summary: "Records many; durable as a whole when it answers.",
    http: "POST /matrix/playbooks/bulk",
    timeout_ms: 3_600_000,
    body_bytes_max: 64 * 1024 * 1024,
    input: z.strictObject({ entries: z.array(z.strictObject(entry)).min(1).max(10_000), scope }),
    output: z.strictObject({
      recorded: count,
      merged: count,
      contradicted: z
        .array(z.string())
        .describe("entries that were contradicted: nothing was written of these"),
      playbook_ids: z.array(z.string()).describe("of each entry given, in their order"),
      warnings,
    }),
  }),
  match: read({
    summary: "Entries that may speak for a query, each with its confidence and the reasons.",
    http: "POST /matrix/playbooks/match",
    input: z.strictObject({
      query_text: z.string().min(1).max(100_000),
      corpora: z.array(z.string()).optional(),
      task_class: task_class.optional().describe("kind of task, when it is known"),
      facts: facts.default({}).describe("what is known beside the query: page, date, site"),
      without: z
        .array(z.string())
        .max(100)
        .default([])
        .describe("ids of entries that are to be left out, as if they were not recorded"),
      k: z.int().min(1).max(100).default(5),
      scope,
    }),
    output: z.strictObject({ matches: z.array(playbookMatch) }),
  }),
  route: read({
    summary: "What kind of task a query is, by what the scope remembers; and the queries nearest.",
    http: "POST /matrix/playbooks/route",
    input: z.strictObject({
      query_text: z.string().min(1).max(100_000),
      k: z.int().min(0).max(50).default(5).describe("recorded queries shown"),
      in_scope_min: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe("a query less likely to be of any class is of none"),
      scope,
    }),
    output: taskRoute,
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
    reasons: ["bad_cursor"],
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
    input: z.strictObject({
      playbook_id: z.string(),
      success: z.boolean(),
      query_text: z
        .string()
        .min(1)
        .max(100_000)
        .optional()
        .describe("the query it was applied to; a failure there is a bad hit: never again for it"),
    }),
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
