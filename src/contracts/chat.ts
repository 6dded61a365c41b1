// chat: one door to every model; routing by name, streaming, OpenAI's shapes beside ours.
import { z } from "zod";
import { bytes, defineContract, read, stream, write } from "#kernel/contract.ts";
import {
  chatMessage,
  count,
  finishReason,
  ledger_reasons,
  name,
  tokenLogprob,
  tokenUsage,
} from "./nouns.ts";

/** A number of JSON may be whole and yet past what is exact: 64-bit seeds are drawn so. */
const SEED_MAX = 2 ** 64;

const seed = z
  .number()
  .min(-SEED_MAX)
  .max(SEED_MAX)
  .refine(Number.isInteger, "must be a whole number")
  .meta({ type: "integer" });

const common = {
  messages: z.array(chatMessage).min(1),
  temperature: z.number().min(0).max(2).optional().describe("left out unless set"),
  max_tokens: z.int().min(1).optional(),
  stop: z.union([z.string(), z.array(z.string()).max(8)]).optional(),
  seed: seed.optional(),
  response_format: z.looseObject({ type: z.string() }).optional(),
  tools: z.array(z.looseObject({ type: z.string() })).optional(),
  tool_choice: z.unknown().optional(),
  logprobs: z.boolean().optional().describe("tell how likely each token of the answer was"),
  top_logprobs: z
    .int()
    .min(0)
    .max(20)
    .optional()
    .describe("with logprobs: tell so many of the likeliest tokens at each place too"),
  task_class: z.string().max(128).optional().describe("what it is for; stands in the ledger"),
};

const request = z.strictObject({
  model: z
    .string()
    .min(1)
    .optional()
    .describe("provider/model, or a bare Ollama model; absent: the default"),
  provider: z.string().optional().describe("wins over the model's prefix"),
  ...common,
});

/** What an answer may hold beside its content. */
const unsaid = {
  refusal: z.string().optional().describe("said instead of an answer that it will not give"),
  reasoning: z.string().optional().describe("what the model thought, where it tells"),
  other: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      "other members of the message, as the provider tells them (audio, images …), and " +
        "content_parts: those that are no text; beside_message: what it tells beside the " +
        "message (citations, system_fingerprint …); refusal_logprobs: those of a refusal's tokens",
    ),
};

export const answer = z.strictObject({
  model: z.string(),
  provider: z.string(),
  provider_kind: z.enum(["model", "deterministic"]),
  content: z.string(),
  ...unsaid,
  tool_calls: z.array(z.unknown()).optional(),
  finish_reason: finishReason,
  usage: tokenUsage,
  logprobs: z.array(tokenLogprob).optional().describe("where asked for, and the provider can"),
  notes: z.array(z.string()).optional().describe("what of the request was left out, and why"),
  duration_ms: z.number(),
  trace_id: z.string(),
});
export type ChatAnswer = z.output<typeof answer>;

const listedModel = z.strictObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});

const reasons = [
  "no_such_provider",
  "no_such_model",
  "provider_unreachable",
  "provider_failed",
  "provider_rate_limited",
  "bad_provider_answer",
  "provider_circuit_open",
  "provider_queue_full",
  ...ledger_reasons,
];

/** Pictures stand in messages as base64; OpenAI takes 50 MB. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Room for a model that is silent as long as it may be, and for whoever stands in for it. */
const TIMEOUT_MS = 1_800_000;

export const chat = defineContract("chat", "One door to every model.", {
  chat: write({
    summary: "A chat completion.",
    http: "POST /v1/chat",
    input: request,
    output: answer,
    reasons,
    timeout_ms: TIMEOUT_MS,
    body_bytes_max: BODY_BYTES_MAX,
  }),
  stream: stream({
    summary: "A chat completion, piece by piece.",
    http: "POST /v1/chat/stream",
    input: request,
    output: z.strictObject({
      content: z.string(),
      ...unsaid,
      tool_calls: z.array(z.unknown()).optional(),
      finish_reason: finishReason.optional(),
      usage: tokenUsage.optional(),
      logprobs: z.array(tokenLogprob).optional(),
      notes: z.array(z.string()).optional(),
      model: z.string(),
      provider: z.string(),
    }),
    reasons,
    timeout_ms: TIMEOUT_MS,
    body_bytes_max: BODY_BYTES_MAX,
  }),
  completions: bytes({
    summary: "Chat completions as OpenAI's API has them, streaming included.",
    http: "POST /v1/chat/completions",
    input: z.looseObject({
      ...common,
      // OpenAI's own clients may send null for what is not wanted.
      model: z.string().min(1).nullish(),
      stream: z.boolean().nullable().default(false),
      stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
      max_completion_tokens: z.int().min(1).nullish(),
      temperature: common.temperature.nullable(),
      max_tokens: common.max_tokens.nullable(),
      stop: common.stop.nullable(),
      seed: common.seed.nullable(),
      response_format: common.response_format.nullable(),
      tools: common.tools.nullable(),
      logprobs: common.logprobs.nullable(),
      top_logprobs: common.top_logprobs.nullable(),
    }),
    output: z.strictObject({ content_type: z.string() }),
    request_body: "json",
    response_body: "raw",
    response_headers: { content_type: "content-type" },
    reasons,
    timeout_ms: TIMEOUT_MS,
    body_bytes_max: BODY_BYTES_MAX,
  }),
  models: read({
    summary:
      "Models that the caller can ask now, as OpenAI lists them; those that embed after them.",
    http: "GET /v1/models",
    input: z.strictObject({}),
    output: z.strictObject({
      object: z.literal("list"),
      data: z.array(listedModel),
    }),
  }),
  model: read({
    summary: "One of the models that can be asked now.",
    http: "GET /v1/models/{id...}",
    input: z.strictObject({ id: z.string().min(1).describe("as the list has it") }),
    output: listedModel,
    reasons: ["no_such_model", "provider_unreachable", "provider_failed", "bad_provider_answer"],
  }),
  providers: read({
    summary: "Providers that are registered, what they are and whether they answer.",
    http: "GET /v1/chat/providers",
    input: z.strictObject({}),
    output: z.strictObject({
      default_model: z.string(),
      providers: z.array(
        z.strictObject({
          name: name.or(z.string()),
          kind: z.enum(["model", "deterministic"]),
          reachable: z.boolean(),
          detail: z.string(),
          circuit: z
            .enum(["closed", "open", "half_open"])
            .describe("open: it failed again and again and is left alone for a while"),
          circuit_opened: count.describe("how often, since the start"),
          running: count,
          waiting: count,
        }),
      ),
    }),
  }),
});
