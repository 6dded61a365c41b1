// journal: every change of the house as a hash-chained, append-only event.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import { count, record, time } from "./nouns.ts";

export const journalEvent = z.strictObject({
  seq: count,
  event_id: z.string(),
  recorded_at: time,
  actor: z.string().describe("name of the principal"),
  action: z.string().describe("service.verb, e.g. catalog.commit"),
  subject: z.string().describe("what was changed, e.g. dataset:workers"),
  before: z.string().nullable().describe("id of the state before"),
  after: z.string().nullable().describe("id of the state after"),
  details: record,
  trace_id: z.string(),
  prev_hash: z.string(),
  hash: z.string().describe("sha256 over prev_hash and the event without its hash"),
});
export type JournalEvent = z.output<typeof journalEvent>;

export const journal = defineContract("journal", "Every mutation, hash-chained.", {
  append: write({
    summary: "Records a mutation; durable when it answers.",
    http: "POST /journal",
    scope: "admin",
    input: z.strictObject({
      action: z.string().regex(/^[a-z_]+\.[a-z_]+$/),
      subject: z.string().min(1),
      before: z.string().nullable().default(null),
      after: z.string().nullable().default(null),
      details: record.default({}),
    }),
    output: journalEvent,
    reasons: ["details_too_large", "log_unwritable"],
    witnessed: false,
  }),
  list: read({
    summary: "Events in order, newest first unless told.",
    http: "GET /journal",
    input: z.strictObject({
      action: z.string().optional(),
      subject: z.string().optional(),
      trace_id: z.string().optional(),
      from_seq: z.coerce.number().int().min(0).optional().describe("the lowest seq wanted"),
      before_seq: z.coerce
        .number()
        .int()
        .min(0)
        .optional()
        .describe("only events below; the last seq of a page asks for the next, newest first"),
      order: z.enum(["newest", "oldest"]).default("newest"),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    output: z.strictObject({
      events: z.array(journalEvent),
      total: count.describe("events in the whole journal"),
    }),
  }),
  verify: read({
    summary: "Recomputes the whole chain and names the first break, if there is one.",
    http: "GET /journal/verify",
    input: z.strictObject({}),
    output: z.strictObject({
      ok: z.boolean(),
      events: count,
      head_hash: z.string(),
      first_break: z.strictObject({ seq: count, line: count, message: z.string() }).nullable(),
    }),
  }),
});
