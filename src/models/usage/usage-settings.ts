// Settings of usage.
import { z } from "zod";
import { modelPattern } from "#contracts/usage.ts";

const PRICE = {
  model: "anthropic/*",
  prompt_per_million: 3,
  completion_per_million: 15,
  cached_per_million: 0.3,
  cache_write_per_million: 3.75,
  cache_write_1h_per_million: 6,
};

export const usageSettings = z.strictObject({
  durability: z
    .enum(["process", "power"])
    .default("process")
    .describe("what no answered call is lost by: a kill of the process, or a power failure too"),
  sync_after_ms: z
    .int()
    .min(1)
    .max(1_000)
    .default(200)
    .describe("process: a line of the ledger is on disk within this time, in any case"),
  prices: z
    .array(
      z.strictObject({
        model: modelPattern.describe("pattern of provider/model; * is any text"),
        prompt_per_million: z.number().min(0),
        completion_per_million: z.number().min(0),
        cached_per_million: z
          .number()
          .min(0)
          .optional()
          .describe("prompt tokens from the provider's cache; default: as other prompt tokens"),
        cache_write_per_million: z
          .number()
          .min(0)
          .optional()
          .describe("prompt tokens put into that cache; default: as other prompt tokens"),
        cache_write_1h_per_million: z
          .number()
          .min(0)
          .optional()
          .describe("those put there for an hour (Anthropic); default: as the others put there"),
      }),
    )
    .default([])
    .describe("in one currency, per million tokens; the first pattern that fits counts")
    .meta({ examples: [PRICE] }),
  reserve_completion_tokens: z
    .int()
    .min(1)
    .default(4096)
    .describe("held from a key's budget while a request without max_tokens runs"),
  groups_max: z.int().min(1).default(100_000).describe("groups a report counts at most"),
});
export type UsageSettings = z.output<typeof usageSettings>;
