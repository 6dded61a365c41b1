// Words that more than one contract uses.
import { z } from "zod";

/** Names of datasets, indexes, corpora: what SQL can name without quotes. */
export const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,127}$/,
    "a name is 1 to 128 of a-z, 0-9 and _, and starts with a letter",
  );

/** A dataset: `name`, in the namespace `default`, or `namespace.name`; SQL names it the same. */
export const datasetName = z
  .string()
  .regex(
    /^(?:[a-z][a-z0-9_]{0,127}\.)?[a-z][a-z0-9_]{0,127}$/,
    "a dataset is name or namespace.name, each 1 to 128 of a-z, 0-9 and _, starting with a letter",
  );

export const namespaceName = name;

/** JSON value of any shape. */
export const json = z.json();

/** A row or other record whose fields are not known here. */
export const record = z.record(z.string(), z.unknown());

export const count = z.int().min(0);

/** ISO 8601 UTC time. */
export const time = z.string();

/** A time that somebody gives: what is none is refused, for nothing could be compared with it. */
export const givenTime = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error: "must be an ISO 8601 time: 2026-03-01, 2026-03-01T08:30:00Z or 2026-03-01T09:30:00+01:00",
});

/**
 * Type names are those of Apache Iceberg: long, double, string, timestamp, decimal(9,2), list<long>
 * …
 */
export const column = z.strictObject({
  name: z.string().min(1),
  type: z.string().min(1),
  nullable: z.boolean().default(true),
});
export type Column = z.output<typeof column>;

export const page = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("entries at most"),
  after: z.string().optional().describe("continue after this cursor"),
};

const filterValue = z.union([z.string(), z.number(), z.boolean()]);
const bound = z.union([z.number(), z.string()]);
const operators = z.strictObject({
  gte: bound.optional().describe("at least"),
  lte: bound.optional().describe("at most"),
  not: filterValue.optional().describe("any value but this"),
});

/** Conditions on metadata: field → a value, a list of allowed values, or bounds. */
export const filters = z
  .record(
    z.string(),
    z.union([filterValue, z.array(filterValue).min(1), operators], {
      error:
        "a condition is a value, a list of values (one of them), or an object of gte, lte, not",
    }),
  )
  .describe(
    'conditions on metadata, all of which must hold: {"city": "Toledo"} is equal, a list is one ' +
      'of its values, {"gte": 3, "lte": 5} are bounds (both included; texts by their letters), ' +
      '{"not": "day"} is any value but this, or none',
  );
export type Filters = z.output<typeof filters>;

export const metadata = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
);
export type Metadata = z.output<typeof metadata>;

export const finishReason = z.enum([
  "stop",
  "length",
  "tool_calls",
  "content_filter",
  "cancelled",
  "error",
]);
export type FinishReason = z.output<typeof finishReason>;

/** With which the note begins that an answer ended for a reason nobody here knows. */
export const UNKNOWN_END = "finish_reason: ";

export const tokenUsage = z.strictObject({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z
    .looseObject({ cached_tokens: count.optional() })
    .optional()
    .describe("as OpenAI has it; cached tokens are counted in prompt_tokens too"),
  completion_tokens_details: z
    .looseObject({ reasoning_tokens: count.optional() })
    .optional()
    .describe("as OpenAI has it, where the provider tells it"),
});
export type TokenUsage = z.output<typeof tokenUsage>;

/** Under which an answer's `other` has what its provider tells beside the message. */
export const BESIDE_MESSAGE = "beside_message";

/** Under which it has the likelihoods of a refusal's tokens, as `logprobs` has the content's. */
export const REFUSAL_LOGPROBS = "refusal_logprobs";

/** A token of an answer and how likely it was (natural logarithm), as OpenAI has it. */
export const tokenLogprob = z.looseObject({
  token: z.string(),
  logprob: z.number(),
  top_logprobs: z
    .array(z.looseObject({ token: z.string(), logprob: z.number() }))
    .optional()
    .describe("the likeliest tokens at this place, the likeliest first"),
});
export type TokenLogprob = z.output<typeof tokenLogprob>;

/** How a small model is asked for one choice at a time: whether what is said of it is right. */
export const judging = z
  .strictObject({
    instruction: z.string().min(1).max(10_000),
    right: z.string().min(1).max(32).describe("the word for what fits"),
    wrong: z.string().min(1).max(32),
    examples: z.array(z.strictObject({ says: z.string(), right: z.boolean() })).max(32),
  })
  .refine(
    ({ right, wrong }) => {
      const [one, other] = [right.toLowerCase(), wrong.toLowerCase()];
      return !one.startsWith(other) && !other.startsWith(one);
    },
    { path: ["wrong"], message: "the two words must be told apart by how they begin" },
  );
export type Judging = z.output<typeof judging>;

/** How a small model is asked for the fields of a choice, one at a time, about a text. */
export const reading = z.strictObject({
  instruction: z.string().min(1).max(10_000),
  text: z.string().min(1).max(100_000).describe("what the values stand in"),
  names: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe("how a field is asked for, where its own name says too little"),
  examples: z
    .array(z.strictObject({ text: z.string(), values: z.record(z.string(), json) }))
    .max(32)
    .describe("texts that were read before, and what their values are by what was asked for"),
});
export type Reading = z.output<typeof reading>;

/** A chat message as OpenAI writes it; parts of other kinds than text are passed through. */
export const chatMessage = z.looseObject({
  role: z
    .enum(["system", "developer", "user", "assistant", "tool", "function"])
    .describe("function: as tool, in the spelling of older clients"),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
});
export type ChatMessage = z.output<typeof chatMessage>;

/** Why a draft was not accepted, in a form that goes back into the prompt. */
export const validationError = z.strictObject({
  kind: z.enum(["schema", "completeness", "consistency", "policy", "phantom"]),
  field: z.string().describe("dot path into the artifact, e.g. items.0.id"),
  message: z.string(),
  expected: json.optional(),
  actual: json.optional(),
  also: z
    .array(z.strictObject({ field: z.string(), message: z.string(), expected: json.optional() }))
    .optional()
    .describe("further faults of the same kind elsewhere in the artifact"),
});
export type ValidationError = z.output<typeof validationError>;

/** What the ledger says to a caller whose key may not, or not now. */
export const ledger_reasons = [
  "model_not_allowed",
  "key_rate_limited",
  "key_budget_spent",
  "unknown_key",
  "key_expired",
  "log_unwritable",
  "log_queue_full",
] as const;
