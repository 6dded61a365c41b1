// truth: rules by task class over a JSON context; what cannot be evaluated is said, never passed.
import { z } from "zod";
import { defineContract, read } from "#kernel/contract.ts";
import { count, json, record } from "./nouns.ts";

const path = z
  .string()
  .min(1)
  .max(512)
  .describe("dot path into the context, e.g. order.items.0.price");
const DEPTH_MAX = 16;

export type TruthCondition =
  | { kind: "always" }
  | { kind: "field_equals"; path: string; value: z.output<typeof json> }
  | { kind: "field_empty"; path: string }
  | { kind: "field_greater"; path: string; value: number }
  | { kind: "field_matches"; path: string; pattern: string }
  | { kind: "field_in"; path: string; values: z.output<typeof json>[] }
  | { kind: "not"; condition: TruthCondition }
  | { kind: "all" | "any"; conditions: TruthCondition[] };

const inner: z.ZodType<TruthCondition> = z.lazy(() => condition);
const several = z.array(inner).min(1).max(100);

const condition: z.ZodType<TruthCondition> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("always") }),
  z.strictObject({ kind: z.literal("field_equals"), path, value: json }),
  z.strictObject({ kind: z.literal("field_empty"), path }),
  z.strictObject({ kind: z.literal("field_greater"), path, value: z.number() }),
  z.strictObject({ kind: z.literal("field_matches"), path, pattern: z.string().max(1_000) }),
  z.strictObject({ kind: z.literal("field_in"), path, values: z.array(json).min(1).max(1_000) }),
  z.strictObject({ kind: z.literal("not"), condition: inner }),
  z.strictObject({ kind: z.enum(["all", "any"]), conditions: several }),
]);

export const truthCondition = condition.refine((one) => depthOf(one) <= DEPTH_MAX, {
  message: `conditions stand at most ${DEPTH_MAX} deep in each other`,
});

function depthOf(one: TruthCondition): number {
  if ("condition" in one) return 1 + depthOf(one.condition);
  if ("conditions" in one) return 1 + Math.max(...one.conditions.map(depthOf));
  return 1;
}

export const truthAction = z.enum(["allow", "deny", "require_review", "note"]);

export const truthRule = z.strictObject({
  name: z.string().min(1).max(128),
  task_class: z.string().min(1).max(256).describe('"*": every task class'),
  when: truthCondition,
  action: truthAction,
  message: z.string().max(2_000).default(""),
});
export type TruthRule = z.output<typeof truthRule>;

export const truthFinding = z.strictObject({
  rule: z.string(),
  action: truthAction,
  outcome: z
    .enum(["holds", "does_not_hold", "not_evaluated"])
    .describe("not_evaluated: the context lacks what the rule asks for, or has another type"),
  reason: z.string().describe("why it could not be evaluated; else empty"),
  message: z.string(),
});
export type TruthFinding = z.output<typeof truthFinding>;

export const truthVerdict = z.strictObject({
  decision: z
    .enum(["allow", "deny", "require_review"])
    .describe("deny before require_review before allow"),
  reason: z.string(),
  findings: z.array(truthFinding),
  rules_evaluated: count,
  not_evaluated: count,
});
export type TruthVerdict = z.output<typeof truthVerdict>;

export const truth = defineContract("truth", "Rules that say what may be, by task class.", {
  evaluate: read({
    summary: "Holds every rule of a task class against a context; says which could not be.",
    http: "POST /truth/evaluate",
    input: z.strictObject({ task_class: z.string().min(1).max(256), context: record }),
    output: truthVerdict,
  }),
  rules: read({
    summary: "The rules, with where each comes from.",
    http: "GET /truth/rules",
    input: z.strictObject({ task_class: z.string().optional() }),
    output: z.strictObject({
      rules: z.array(
        z.strictObject({
          name: z.string(),
          task_class: z.string(),
          action: truthAction,
          message: z.string(),
          when: record,
          source: z.string().describe("settings, or the domain"),
        }),
      ),
    }),
  }),
});
