// Settings of pathway: section [pathway] of lakehouse.toml.
import { z } from "zod";

export const pathwaySettings = z.strictObject({
  dense: z
    .boolean()
    .default(true)
    .describe("embed traces in the background; off: words only, no model is ever asked"),
  dense_weight: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("weight of meaning in a mixed search; words have the rest"),
  words_half: z
    .number()
    .positive()
    .max(100)
    .default(0.25)
    .describe("words count half when a text has this share of what its query's words can score"),
  dense_timeout_ms: z
    .int()
    .min(1)
    .default(5_000)
    .describe("a query that is not embedded in this time is answered by words"),
  candidates_max: z
    .int()
    .min(10)
    .max(10_000)
    .default(200)
    .describe("candidates that words and meaning each bring to a search"),
  postings_max: z
    .int()
    .min(1_000)
    .default(2_000_000)
    .describe("postings read for one query, rarest words first; further words are left out"),
  bm25_k1: z
    .number()
    .min(0)
    .max(10)
    .default(1.2)
    .describe("how soon a repeated word counts no more"),
  bm25_b: z.number().min(0).max(1).default(0.75).describe("how much long traces are marked down"),
  half_life_days: z
    .number()
    .positive()
    .default(365)
    .describe("what was not confirmed for so long has lost half of what age can take"),
  decay_floor: z.number().min(0).max(1).default(0.5).describe("what age leaves at least"),
  stale_factor: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("what is left of the score when an origin was retired or superseded"),
  alike_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .describe("share of common words from which the newer of two traces stands above the older"),
  recall_window_ms: z
    .int()
    .min(0)
    .default(3_600_000)
    .describe("what was recalled this recently is no evidence unless it names its source"),
  recalls_kept: z
    .int()
    .min(1)
    .default(2_000)
    .describe("recalled texts that copies are looked for in"),
  content_characters_max: z.int().min(1).max(4_000_000).default(262_144),
  traces_max: z
    .int()
    .min(1)
    .max(16_000_000)
    .default(4_000_000)
    .describe("traces of any status; further ones are refused"),
  snapshot_rows_min: z
    .int()
    .min(1)
    .default(20_000)
    .describe("new rows of the log from which a snapshot is written; a tenth of it at the end"),
  stop_embed_ms: z
    .int()
    .min(0)
    .default(2_000)
    .describe("at the end, traces that wait to be embedded are embedded for so long at most"),
  embed_batch_items: z.int().min(1).max(10_000).default(16),
  vectors_resident_bytes: z
    .int()
    .min(0)
    .default(128 * 1024 * 1024)
    .describe("vectors kept in memory; further ones are read from disk when they are needed"),
  embed_retry_ms: z.int().min(1).default(5_000).describe("wait after embed could not be reached"),
});
export type PathwaySettings = z.output<typeof pathwaySettings>;
