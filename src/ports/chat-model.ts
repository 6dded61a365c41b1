// Port: a provider of chat completions. Adapters: Ollama, OpenAI-compatible, Anthropic,
// GGUF files in this process, the built-in solver.
import type { ChatMessage, FinishReason, TokenLogprob, TokenUsage } from "#contracts/nouns.ts";

export interface ChatRequest {
  /** The model's name without its provider prefix. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Left out of the provider's request when undefined. */
  readonly temperature: number | undefined;
  readonly max_tokens: number | undefined;
  readonly stop: readonly string[] | undefined;
  readonly seed: number | undefined;
  /** JSON mode or a JSON schema; passed on as the provider spells it. */
  readonly response_format: Readonly<Record<string, unknown>> | undefined;
  readonly tools: readonly unknown[] | undefined;
  readonly tool_choice: unknown;
  /** How many of the likeliest tokens are told at each place; undefined: no likelihoods at all. */
  readonly top_logprobs?: number | undefined;
  /** Other fields of an OpenAI request (top_p …), for providers that know them. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /** W3C traceparent and tracestate, sent as headers where a provider is asked over HTTP. */
  readonly trace_headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface ChatDelta {
  readonly content: string;
  /** What the model says instead of an answer that it will not give. */
  readonly refusal?: string;
  /** What a model thought on the way, where it tells. */
  readonly reasoning?: string;
  readonly tool_calls?: readonly unknown[];
  readonly finish_reason?: FinishReason;
  readonly usage?: TokenUsage;
  /** Of the tokens of this piece, where asked for and the provider can. */
  readonly logprobs?: TokenLogprob[];
  /** With the last delta: what of the request was left out, and why. */
  readonly notes?: string[];
}

/**
 * A delta that says nothing but that the provider is at work: limits to its silence run anew. Known
 * by its identity; nobody behind the guard gets to see it.
 */
export const STILL_THERE: ChatDelta = { content: "" };

export interface ChatModelInfo {
  readonly id: string;
  readonly provider: string;
}

export interface ChatProvider {
  readonly name: string;
  /** What answers: said wherever a result of this provider is shown. */
  readonly kind: "model" | "deterministic";
  /**
   * Deltas until one carries finish_reason. Errors: `unavailable`, `not_found` (unknown model),
   * `rate_limited`, `rejected`, `cancelled`.
   */
  chat(request: ChatRequest): AsyncIterable<ChatDelta>;
  /**
   * The answer in one piece, with its finish_reason, for whoever does not read on the way: it costs
   * less, but silence cannot be told from work. Absent: answers come in deltas only.
   */
  whole?(request: ChatRequest): Promise<ChatDelta>;
  models(signal: AbortSignal): Promise<readonly ChatModelInfo[]>;
  /** Frees what the provider holds in this process (a model's weights). */
  close?(): Promise<void>;
}
