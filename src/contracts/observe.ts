// observe: the witness; every operation as an event, durable, counted, streamed.
import { z } from "zod";
import { defineContract, read, stream, write } from "#kernel/contract.ts";
import { count, json, time } from "./nouns.ts";

const fields = {
  timestamp: time.optional(),
  source: z.string().max(128).optional().describe("who saw it; unknown ones are kept and flagged"),
  endpoint: z.string().max(512).optional(),
  input_summary: z.string().max(10_000).optional(),
  output_summary: z.string().max(10_000).optional(),
  success: z.boolean().optional(),
  ok: z.boolean().optional().describe("the same as success"),
  duration_ms: z.number().min(0).optional(),
  error: z.string().max(100_000).optional(),
  trace_id: z.string().max(256).optional(),
  span_id: z.string().max(64).optional(),
  parent_span_id: z.string().max(64).optional(),
  principal: z.string().optional(),
  staffer_id: z.string().optional(),
  sig_hash: z.string().optional(),
  task_class: z.string().optional(),
  event_kind: z.string().optional(),
  role: z.string().optional(),
  city: z.string().optional(),
  state: z.string().optional(),
  count: z.number().optional(),
  rescue_attempted: z.boolean().optional(),
  rescue_succeeded: z.boolean().optional(),
  pr_number: z.number().optional(),
  head_sha: z.string().optional(),
  details: z.record(z.string(), json).optional().describe("anything else that should be kept"),
};

export const eventInput = z.strictObject(fields);
export type EventInput = z.input<typeof eventInput>;

export const event = eventInput.omit({ ok: true }).extend({
  event_id: z.string(),
  timestamp: time,
  source: z.string(),
  source_known: z.boolean(),
  endpoint: z.string(),
  success: z.boolean(),
  duration_ms: z.number(),
});
export type Event = z.output<typeof event>;

export const observe = defineContract("observe", "The witness of every operation.", {
  event: write({
    summary: "Takes one operation; durable when it answers.",
    http: "POST /observer/event",
    aliases: ["POST /event"],
    input: eventInput,
    output: z.strictObject({
      accepted: z.literal(true),
      event_id: z.string(),
      ring_size: count,
      durable: z.boolean().describe("false: kept in memory only, the log could not be written"),
    }),
    witnessed: false,
  }),
  events_bulk: write({
    summary: "Takes many operations at once.",
    http: "POST /observer/events",
    input: z.strictObject({ events: z.array(eventInput).min(1).max(10_000) }),
    output: z.strictObject({ accepted: count, ring_size: count, durable: count }),
    witnessed: false,
    body_bytes_max: 32 * 1024 * 1024,
  }),
  stats: read({
    summary: "Totals, successes, failures, by source, the most recent, and what was lost.",
    http: "GET /observer/stats",
    input: z.strictObject({}),
    output: z.strictObject({
      total: count,
      successes: count,
      failures: count,
      by_source: z.record(z.string(), count),
      by_endpoint: z.array(
        z.strictObject({
          endpoint: z.string(),
          total: count,
          failures: count,
          p50_ms: z.number(),
          p95_ms: z.number(),
        }),
      ),
      recent: z.array(event),
      ring_size: count,
      durable_events: count,
      persist_failures: count,
    }),
    witnessed: false,
  }),
  events: read({
    summary: "Events of the ring, newest first, filtered.",
    http: "GET /observer/events",
    input: z.strictObject({
      source: z.string().optional(),
      endpoint: z.string().optional().describe("starts with"),
      trace_id: z.string().optional(),
      success: z.stringbool().or(z.boolean()).optional(),
      limit: z.coerce.number().int().min(1).max(2000).default(100),
      before: z.string().optional().describe("event id: older than this"),
    }),
    output: z.strictObject({ events: z.array(event), next_before: z.string().nullable() }),
    witnessed: false,
  }),
  follow: stream({
    summary: "Events as they arrive.",
    http: "GET /observer/events/stream",
    scope: "read",
    timeout_ms: 24 * 3_600_000,
    input: z.strictObject({ source: z.string().optional() }),
    output: event,
    witnessed: false,
  }),
});
