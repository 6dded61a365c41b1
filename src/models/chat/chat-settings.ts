// Settings of chat.
import { z } from "zod";

export const chatSettings = z.strictObject({
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
});
export type ChatSettings = z.output<typeof chatSettings>;
