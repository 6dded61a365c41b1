// Settings of the lift harness: section [lift] of lakehouse.toml.
import { z } from "zod";

export const liftSettings = z.strictObject({
  depth: z
    .int()
    .min(2)
    .max(100)
    .default(10)
    .describe("how deep the judge looks for the best answer; below it nothing is recorded"),
  exemplars_per_label: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe("items of each label, for sets that bring no few-shot selection"),
  searches_at_once: z.int().min(1).max(64).default(4),
  examples_max: z.int().min(0).max(50).default(4).describe("cases of each kind in the report"),
  neighbours: z.int().min(1).max(100).default(5).describe("k of k-nearest-neighbour routing"),
  retrieval_depth: z.int().min(10).max(1_000).default(100).describe("hits that recall looks at"),
});
export type LiftSettings = z.output<typeof liftSettings>;
