// What was asked, in the form the providers take: one shape for our own route and for OpenAI's.
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { traceparentHeaders } from "#kernel/trace-context.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import type { chat } from "#contracts/chat.ts";
import type { BoundName, ChatRequest } from "#ports/chat-model.ts";
import { partTokensMax } from "./part-tokens.ts";
import type { Settling } from "./settled-answer.ts";

type Operations = (typeof chat)["operations"];

export interface AskedChat extends ParsedInputOf<Operations["chat"]> {
  readonly extra?: Readonly<Record<string, unknown>>;
  /** What the caller calls `max_tokens`; undefined: that. */
  readonly max_tokens_name?: BoundName | undefined;
}

export function toChatRequest(
  asked: AskedChat,
  model: string,
  signal: AbortSignal,
  call: Call,
  { tally, admitted }: Pick<Settling, "tally" | "admitted">,
  answer_characters_max: number,
): ChatRequest {
  const { stop } = asked;
  return {
    model,
    messages: asked.messages,
    temperature: asked.temperature,
    max_tokens: asked.max_tokens,
    max_tokens_name: asked.max_tokens_name,
    stop: typeof stop === "string" ? [stop] : stop,
    seed: asked.seed,
    response_format: asked.response_format,
    tools: asked.tools,
    tool_choice: asked.tool_choice,
    top_logprobs: asked.logprobs === true ? (asked.top_logprobs ?? 0) : undefined,
    extra: asked.extra,
    trace_headers: traceHeaders(call, admitted?.span_id),
    answer_characters_max,
    tally,
    signal,
  };
}

/** The provider's spans hang below that of asking it, where there is one. */
function traceHeaders(call: Call, span_id: string | undefined) {
  if (span_id === undefined) return traceparentHeaders(call);
  const { trace_id, tracestate } = call;
  return traceparentHeaders({ trace_id, span_id, tracestate });
}

/** Errors: `invalid`, for what would be left out in silence. */
export function checkAsked({ logprobs, top_logprobs }: AskedChat): void {
  if (top_logprobs === undefined || logprobs === true) return;
  throw new LakehouseError("invalid", "top_logprobs needs logprobs to be true", {
    reason: "invalid_input",
    issues: [{ path: "top_logprobs", message: "needs logprobs: true" }],
  });
}

/** What a message takes beside its text. */
const MESSAGE_TOKENS = 16;

/** An upper bound of the prompt's tokens: no tokenizer makes more tokens than there are bytes. */
export function promptTokensMax(asked: AskedChat): number {
  const { messages, tools, response_format, extra } = asked;
  let tokens = sizeOf(tools) + sizeOf(response_format) + sizeOf(extra);
  for (const { content, role: _role, ...rest } of messages) {
    tokens += MESSAGE_TOKENS + sizeOf(rest);
    if (typeof content === "string") tokens += Buffer.byteLength(content);
    if (!Array.isArray(content)) continue;
    for (const part of content) tokens += partTokensMax(part);
  }
  return tokens;
}

/**
 * How many tokens of thoughts a request allows by Anthropic's or OpenRouter's name: where it does
 * not say how long its answer may be, they come on top of it.
 */
export function thoughtTokensMax({ extra }: AskedChat): number | undefined {
  if (extra === undefined) return undefined;
  const { thinking, reasoning } = extra as Record<string, Record<string, unknown> | null>;
  if ((thinking ?? reasoning ?? undefined) === undefined) return undefined;
  return Math.max(thoughtsOf(thinking?.["budget_tokens"]), thoughtsOf(reasoning?.["max_tokens"]));
}

/** As adapters read it: no sum of such counts loses its last digit. */
const THOUGHTS_MAX = 1e12;

function thoughtsOf(told: unknown): number {
  const is_count = typeof told === "number" && told >= 0;
  return is_count ? Math.min(THOUGHTS_MAX, Math.round(told)) : 0;
}

function sizeOf(value: object | undefined): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

/** Fields of an OpenAI request that have a name here, or are for us alone. */
const READ: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "temperature",
  "max_tokens",
  "max_completion_tokens",
  "n_predict",
  "stop",
  "seed",
  "response_format",
  "tools",
  "tool_choice",
  "logprobs",
  "top_logprobs",
  "task_class",
  "n",
  "stream",
  "stream_options",
]);

/**
 * Reads an OpenAI request: fields that we have no name for are kept for the provider. What is null
 * is as if it were not there.
 */
export function completionRequest(input: ParsedInputOf<Operations["completions"]>): AskedChat {
  const { n, provider, max_completion_tokens } = input;
  // llama.cpp's own name, which would win there over the one that is held for.
  const told = input["n_predict"];
  const n_predict = Number.isSafeInteger(told) && Number(told) >= 1 ? Number(told) : undefined;
  if (n !== undefined && n !== null && n !== 1) {
    throw new LakehouseError("invalid", "one completion is made for each request: n must be 1", {
      reason: "invalid_input",
      issues: [{ path: "n", message: "must be 1" }],
    });
  }
  // OpenRouter has an object of this name; a text is our own field.
  const by_name = typeof provider === "string";
  const others = Object.keys(input).filter(
    (name) => !READ.has(name) && input[name] !== null && !(by_name && name === "provider"),
  );
  return {
    model: input.model ?? undefined,
    messages: input.messages,
    temperature: input.temperature ?? undefined,
    max_tokens: max_completion_tokens ?? input.max_tokens ?? n_predict,
    max_tokens_name: (max_completion_tokens ?? 0) > 0 ? "max_completion_tokens" : undefined,
    stop: input.stop ?? undefined,
    seed: input.seed ?? undefined,
    response_format: input.response_format ?? undefined,
    logprobs: input.logprobs ?? undefined,
    top_logprobs: input.top_logprobs ?? undefined,
    tools: input.tools ?? undefined,
    tool_choice: input.tool_choice ?? undefined,
    task_class: input.task_class,
    ...(by_name ? { provider } : {}),
    extra: Object.fromEntries(others.map((name) => [name, input[name]])),
  };
}
