// Settings of truth.
import { z } from "zod";
import { truthRule } from "#contracts/truth.ts";

export const truthSettings = z.strictObject({
  rules: z.array(truthRule).max(1_000).default([]).describe("beside those of the domains"),
  default_action: z
    .enum(["allow", "deny", "require_review"])
    .default("allow")
    .describe("what is decided where no rule holds and all could be evaluated"),
});
export type TruthSettings = z.output<typeof truthSettings>;
