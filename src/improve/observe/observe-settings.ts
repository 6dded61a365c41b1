// Settings of observe.
import { z } from "zod";
import { LIMITS } from "#kernel/limits.ts";

export const observeSettings = z.strictObject({
  ring_size: z
    .int()
    .min(1)
    .max(100_000)
    .default(LIMITS.event_ring_size)
    .describe("events kept in memory"),
  recent_count: z.int().min(1).max(100).default(20).describe("events that stats shows"),
  follower_buffer_events: z
    .int()
    .min(1)
    .default(1_000)
    .describe("events waiting for one follower before its oldest are dropped"),
  followers_max: z.int().min(1).default(256).describe("live streams at once"),
  checkpoint_every_events: z
    .int()
    .min(1)
    .default(10_000)
    .describe("how often the totals are written beside the log, so that a start need not count"),
});
export type ObserveSettings = z.output<typeof observeSettings>;
