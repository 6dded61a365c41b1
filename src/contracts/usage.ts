// usage: a line for each call of a model, what it cost, and virtual keys with limits and budgets.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import { count, finishReason, time } from "./nouns.ts";

/** One line of the ledger. Amounts are in the currency of the price table. */
export const usageLine = z.strictObject({
  schema: z.literal("usage.call.v1"),
  time: time.describe("when it was settled"),
  trace_id: z.string(),
  span_id: z.string(),
  caller: z.string(),
  key_id: z.string().nullable(),
  asked: z.string().describe("provider/model that was asked for"),
  provider: z.string().describe("who was asked; another than was asked for after a fallback"),
  model: z.string(),
  task_class: z.string().nullable(),
  stream: z.boolean(),
  prompt_tokens: count.nullable().describe("null: the provider did not tell"),
  completion_tokens: count.nullable(),
  total_tokens: count.nullable(),
  cached_tokens: count.nullable(),
  cache_write_tokens: count
    .nullable()
    .optional()
    .describe("prompt tokens put into the provider's cache; older lines lack it"),
  cost: z.number().nullable().describe("null: no price or no tokens are known"),
  charged_tokens: z.number().describe("what the budgets of the key count"),
  charged_cost: z.number(),
  latency_ms: z.number(),
  first_token_ms: z.number().nullable(),
  cache: z
    .enum(["off", "miss", "hit", "semantic"])
    .describe("semantic: answered as the same request in other words was"),
  retries: count,
  hedged: z.boolean(),
  passed_on: z
    .boolean()
    .optional()
    .describe("it failed, and a stand-in was asked, which has a line too; older lines lack it"),
  finish_reason: finishReason.nullable(),
  error: z.string().nullable().describe("reason of the error; null when it was answered"),
});
export type UsageLine = z.output<typeof usageLine>;

const amount = z.number().positive().nullable();

/**
 * A pattern of `provider/model`. Bare names and tiers stand for such a name and are none: as a
 * pattern they would fit nothing.
 */
export const modelPattern = z.string().superRefine((pattern, context) => {
  const message = patternFault(pattern);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

function patternFault(pattern: string): string | undefined {
  if (pattern.startsWith("tier/")) {
    return `"${pattern}" is a tier: name the provider/model that it stands for`;
  }
  if (pattern.includes("/") || pattern.includes("*")) return undefined;
  return `"${pattern}" fits no model: write provider/model, e.g. ollama/${pattern || "qwen3:1.7b"}`;
}

/** What a caller may ask of models: of a virtual key, and of an access token in the settings. */
export const callerLimits = {
  models: z
    .array(modelPattern)
    .default(["*"])
    .describe("patterns of provider/model that may be asked; * is any text"),
  requests_per_minute: z.int().min(1).nullable().default(null),
  tokens_per_minute: z.int().min(1).nullable().default(null),
  budget: z
    .strictObject({
      day_cost: amount.default(null),
      day_tokens: amount.default(null),
      month_cost: amount.default(null),
      month_tokens: amount.default(null),
    })
    .prefault({})
    .describe("by day and month of UTC; models without a price cost nothing"),
};

const keyFields = {
  name: z.string().min(1).max(128),
  scopes: z
    .array(z.enum(["read", "write", "admin"]))
    .min(1)
    .default(["read", "write"])
    .describe("asking a model needs write"),
  models_only: z
    .boolean()
    .default(true)
    .describe("may ask models and embeddings only; false: all that its scopes allow"),
  ...callerLimits,
};

const keyView = z.strictObject({
  key_id: z.string(),
  ...keyFields,
  models: z.array(z.string()),
  budget: z.strictObject({
    day_cost: amount,
    day_tokens: amount,
    month_cost: amount,
    month_tokens: amount,
  }),
  created_at: time,
  rotated_at: time.nullable(),
  expires_at: time.nullable(),
  spent: z
    .strictObject({
      day_cost: z.number(),
      day_tokens: z.number(),
      month_cost: z.number(),
      month_tokens: z.number(),
    })
    .describe("of this day and month, settled calls only"),
});
export type KeyView = z.output<typeof keyView>;

const secret = z.string().describe("shown this once; only its sha256 is kept");
const keyId = z.strictObject({ key_id: z.string().min(1) });

const group = z.strictObject({
  group: z.string(),
  calls: count.describe("of models: each that was asked for a request counts"),
  errors: count,
  passed_on: count.describe("of the errors: a stand-in was asked, whose call counts too"),
  cache_hits: count,
  retries: count,
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  cached_tokens: count,
  cache_write_tokens: count,
  cost: z.number().describe("of the calls whose cost is known"),
  unpriced_calls: count.describe("answered, and no cost is known"),
  latency_ms_mean: z.number(),
  first_token_ms_mean: z.number().nullable(),
});
export type UsageGroup = z.output<typeof group>;

export const usage = defineContract("usage", "Who asked which model, what it cost, and keys.", {
  report: read({
    summary: "Calls, tokens, cost and latency, grouped.",
    http: "GET /v1/usage",
    input: z.strictObject({
      group_by: z
        .enum(["model", "provider", "caller", "key", "task_class", "day"])
        .default("model"),
      from: z.iso.datetime({ offset: true }).or(z.iso.date()).optional().describe("inclusive"),
      to: z.iso.datetime({ offset: true }).or(z.iso.date()).optional().describe("exclusive"),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    output: z.strictObject({
      total: group,
      groups: z.array(group).describe("most calls first; of days the latest, in order"),
      groups_total: count.describe("groups there are, shown or not"),
    }),
    reasons: ["too_many_groups"],
  }),
  keys: read({
    summary: "Virtual keys, without their secrets.",
    http: "GET /v1/keys",
    scope: "admin",
    input: z.strictObject({}),
    output: z.strictObject({ keys: z.array(keyView) }),
  }),
  own_key: read({
    summary: "The virtual key that asks: what it may, and what it has spent.",
    http: "GET /v1/key",
    input: z.strictObject({}),
    output: z.strictObject({ key: keyView }),
    reasons: ["no_such_key"],
  }),
  create_key: write({
    summary: "Makes a virtual key; its secret is a bearer token.",
    http: "POST /v1/keys",
    scope: "admin",
    input: z.strictObject({
      ...keyFields,
      expires_at: z.iso.datetime({ offset: true }).nullable().default(null),
    }),
    output: z.strictObject({ key: keyView, secret }),
    reasons: ["key_exists", "log_unwritable"],
  }),
  rotate_key: write({
    summary: "Gives a key a new secret; the old one is good for a while.",
    http: "POST /v1/keys/{key_id}/rotate",
    scope: "admin",
    input: keyId.extend({
      grace_s: z.int().min(0).max(2_592_000).default(3600).describe("the old one is good for"),
    }),
    output: z.strictObject({ key: keyView, secret }),
    reasons: ["no_such_key", "log_unwritable"],
  }),
  delete_key: write({
    summary: "Ends a key at once.",
    http: "DELETE /v1/keys/{key_id}",
    scope: "admin",
    input: keyId,
    output: keyId,
    reasons: ["no_such_key", "log_unwritable"],
  }),
});
