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
  /** What the caller calls that; undefined: `max_tokens`. */
  readonly max_tokens_name?: BoundName | undefined;
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
  /** Of a `whole` answer: what is longer is not read to its end; undefined: whoever asks looks. */
  readonly answer_characters_max?: number | undefined;
  /** Each request to the provider that an adapter makes after its first is counted here. */
  readonly tally?: { retries: number } | undefined;
  readonly signal: AbortSignal;
}

/** OpenAI's names, the older first, for the most tokens that an answer may have. */
export type BoundName = "max_tokens" | "max_completion_tokens";

export interface ChatDelta {
  readonly content: string;
  /** What the model says instead of an answer that it will not give. */
  readonly refusal?: string;
  /** What a model thought on the way, where it tells. */
  readonly reasoning?: string;
  readonly tool_calls?: readonly unknown[];
  /** What else the message holds, as the provider tells it (audio, images, annotations …). */
  readonly other?: OtherMembers;
  /** Who speaks, where the request names models beside its own and the provider tells. */
  readonly model?: string;
  readonly finish_reason?: FinishReason;
  readonly usage?: TokenUsage;
  /** Of the tokens of this piece, where asked for and the provider can. */
  readonly logprobs?: TokenLogprob[];
  /** With the last delta: what of the request was left out, and why. */
  readonly notes?: string[];
}

export type OtherMembers = Readonly<Record<string, unknown>>;

/**
 * Adds members told in pieces to those `told` before, which are its own and grow: lists go on, and
 * so do the texts of audio; of all else the last one said counts.
 */
export function joinMembers(
  told: Record<string, unknown> | undefined,
  piece: OtherMembers,
): Record<string, unknown> {
  const whole = told ?? {};
  for (const [name, value] of Object.entries(piece)) {
    const before = whole[name];
    if (Array.isArray(before) && Array.isArray(value)) {
      for (const one of value as unknown[]) before.push(one);
    } else if (name === "audio") whole[name] = joinAudio(before, value);
    else whole[name] = Array.isArray(value) ? [...(value as unknown[])] : value;
  }
  return whole;
}

function joinAudio(told: unknown, piece: unknown): unknown {
  const [before, next] = [told ?? {}, piece ?? {}] as [OtherMembers, OtherMembers];
  const whole = { ...before, ...next };
  for (const name of ["data", "transcript"]) {
    if (typeof before[name] !== "string") continue;
    whole[name] = before[name] + (typeof next[name] === "string" ? next[name] : "");
  }
  return whole;
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

/** Those that can be asked. */
export interface ProviderList extends ReadonlyArray<ChatProvider> {
  /** Name of each that the settings have and that lacks its key → how to give it one. */
  readonly keyless?: ReadonlyMap<string, string> | undefined;
}
