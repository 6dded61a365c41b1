// Settings of truth.
import { z } from "zod";
import { truthRule, type TruthRule } from "#contracts/truth.ts";

const RULE: TruthRule = {
  name: "large orders",
  task_class: "*",
  when: { kind: "field_greater", path: "order.total", value: 10_000 },
  action: "require_review",
  message: "orders of more than 10,000 are looked at",
};

export const truthSettings = z.strictObject({
  rules: z
    .array(truthRule)
    .max(1_000)
    .default([])
    .describe("beside those of the domains")
    .meta({ examples: [RULE] }),
  default_action: z
    .enum(["allow", "deny", "require_review"])
    .default("allow")
    .describe("what is decided where no rule holds and all could be evaluated"),
});
export type TruthSettings = z.output<typeof truthSettings>;
