// Settings of the playbook: section [playbook] of lakehouse.toml.
import { z } from "zod";

export const playbookSettings = z.strictObject({
  confidence_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .describe("an entry is applied from this confidence on"),
  transfer_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe("an entry's workflow may be followed from this probability on"),
  reuse_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe("an entry's answer may be given as it is from this probability on"),
  error_budget: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe("share of bad hits that an entry may have where it speaks, for sure (95 %)"),
  shown_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe("entries below this likeness are not listed as considered"),
  half_life_days: z
    .number()
    .positive()
    .default(365)
    .describe("confidence halves when an entry was not confirmed for so long"),
  candidates_max: z
    .int()
    .min(1)
    .max(1_000)
    .default(64)
    .describe("recorded queries looked at closely for one query, by meaning and by words each"),
  embed_batch_items: z.int().min(1).max(10_000).default(512),
  entries_max: z
    .int()
    .min(1)
    .default(40_000)
    .describe("active and contradicted entries kept; further ones are refused"),
});
export type PlaybookSettings = z.output<typeof playbookSettings>;
