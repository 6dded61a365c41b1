// Settings of chat.
import { z } from "zod";
import { FAILURE_CLASSES } from "./failure-class.ts";

export const chatSettings = z
  .strictObject({
    default_model: z
      .string()
      .min(1)
      .default("builtin/solver")
      .describe("asked when a request names no model; may be tier/<name>"),
    first_token_timeout_ms: z
      .int()
      .min(1)
      .default(180_000)
      .describe("connecting, loading the model and reading the prompt"),
    gap_timeout_ms: z.int().min(1).default(60_000).describe("between two pieces of an answer"),
    ask_whole: z
      .boolean()
      .default(true)
      .describe("an answer that nobody streams is asked for in one piece, unless limits are tight"),
    whole_answer_timeout_ms: z
      .int()
      .min(1)
      .default(600_000)
      .describe("until an answer that is asked for in one piece is there"),
    probe_timeout_ms: z.int().min(1).default(2_000).describe("asking a provider for its models"),
    answer_characters_max: z.int().min(1).default(4_000_000),
    retries_max: z
      .int()
      .min(0)
      .max(10)
      .default(2)
      .describe("after a failed connection, 429 or 503, before the first piece"),
    retry_base_ms: z
      .int()
      .min(1)
      .default(250)
      .describe("the wait is random between 0 and this, doubling"),
    retry_wait_max_ms: z
      .int()
      .min(1)
      .default(20_000)
      .describe("a longer Retry-After is not waited for"),
    fallbacks: z
      .record(z.string(), z.array(z.string().min(1)).min(1).max(8))
      .default({})
      .describe(
        "model or tier/<name> → models that are asked in its place, in turn, when it fails",
      ),
    fallback_on: z
      .array(z.enum(FAILURE_CLASSES))
      .default([...FAILURE_CLASSES])
      .describe("failures after which the next model is asked; never after the first piece"),
    provider_concurrency_max: z
      .int()
      .min(1)
      .default(512)
      .describe("calls of one provider that run at a time"),
    provider_concurrency: z
      .record(z.string(), z.int().min(1))
      .default({})
      .describe("provider → its own limit"),
    provider_queue_max: z
      .int()
      .min(0)
      .default(1024)
      .describe("calls of one provider that may wait; more are 429"),
    breaker_failures: z
      .int()
      .min(1)
      .default(5)
      .describe("failures in a row after which a provider is left alone"),
    breaker_open_ms: z.int().min(1).default(10_000).describe("for so long; then one call tries"),
    hedge_after_ms: z
      .int()
      .min(0)
      .default(0)
      .describe("asks a second time when no piece came by then; 0: never"),
    cache_bytes_max: z
      .int()
      .min(0)
      .default(0)
      .describe("answers kept in memory for equal requests (temperature 0 or unset); 0: none"),
    cache_semantic: z
      .boolean()
      .default(false)
      .describe(
        "also gives a kept answer to the same request but for politeness, by the typed gate",
      ),
    cache_age_ms: z.int().min(1).default(3_600_000).describe("older answers are not given"),
  })
  .refine((one) => !one.cache_semantic || one.cache_bytes_max > 0, {
    path: ["cache_semantic"],
    error: "it needs cache_bytes_max: nothing is kept without",
  });
export type ChatSettings = z.output<typeof chatSettings>;
