// Reads what OpenAI-compatible servers answer; lenient where they differ from one another.
import type { FinishReason, TokenLogprob, TokenUsage } from "#contracts/nouns.ts";

export interface ChoicePart {
  readonly content: string;
  readonly tool_calls: readonly unknown[] | undefined;
  readonly finish_reason: string | undefined;
  readonly logprobs: TokenLogprob[] | undefined;
}

type Loose = Readonly<Record<string, unknown>>;

/** The first choice of a completion or of a chunk; undefined when there is none. */
export function choiceOf(document: unknown): ChoicePart | undefined {
  const choices = asObject(document)?.["choices"];
  const choice = Array.isArray(choices) ? asObject(choices[0]) : undefined;
  if (choice === undefined) return undefined;
  const part = asObject(choice["delta"]) ?? asObject(choice["message"]) ?? {};
  const { content, tool_calls } = part;
  const { finish_reason, logprobs } = choice;
  return {
    content: typeof content === "string" ? content : "",
    tool_calls: Array.isArray(tool_calls) && tool_calls.length > 0 ? tool_calls : undefined,
    finish_reason: typeof finish_reason === "string" ? finish_reason : undefined,
    logprobs: logprobsOf(asObject(logprobs)?.["content"]),
  };
}

/** Tokens with their likelihood; undefined: nothing of the kind, or none. */
export function logprobsOf(list: unknown): TokenLogprob[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const tokens = list.flatMap((entry: unknown) => {
    const token = likelyToken(entry);
    if (token === undefined) return [];
    const top = asObject(entry)?.["top_logprobs"];
    if (!Array.isArray(top)) return [token];
    return [{ ...token, top_logprobs: top.flatMap((one: unknown) => likelyToken(one) ?? []) }];
  });
  return tokens.length === 0 ? undefined : tokens;
}

function likelyToken(value: unknown): TokenLogprob | undefined {
  const { token, logprob, bytes } = asObject(value) ?? {};
  if (typeof token !== "string" || typeof logprob !== "number") return undefined;
  return { token, logprob, ...(Array.isArray(bytes) ? { bytes } : {}) };
}

export function usageOf(document: unknown): TokenUsage | undefined {
  const usage = asObject(asObject(document)?.["usage"]);
  if (usage === undefined) return undefined;
  const prompt_tokens = asCount(usage["prompt_tokens"]);
  const completion_tokens = asCount(usage["completion_tokens"]);
  const cached_tokens = asCount(asObject(usage["prompt_tokens_details"])?.["cached_tokens"]);
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    ...(cached_tokens > 0 ? { prompt_tokens_details: { cached_tokens } } : {}),
  };
}

/** Reasons that OpenAI names are kept; other servers' words for the natural end are `stop`. */
export function finishReasonOf(reason: string): FinishReason {
  switch (reason) {
    case "length":
    case "max_tokens":
      return "length";
    case "tool_calls":
    case "function_call":
      return "tool_calls";
    case "content_filter":
      return "content_filter";
    case "error":
      return "error";
    default:
      return "stop";
  }
}

/** Ids of `{data: [{id}]}`; undefined when the document has another shape. */
export function modelIds(document: unknown): string[] | undefined {
  const data = asObject(document)?.["data"];
  if (!Array.isArray(data)) return undefined;
  return data.flatMap((entry) => {
    const id = asObject(entry)?.["id"];
    return typeof id === "string" ? [id] : [];
  });
}

export function asObject(value: unknown): Loose | undefined {
  return typeof value === "object" && value !== null ? (value as Loose) : undefined;
}

export function asCount(value: unknown): number {
  return typeof value === "number" && value >= 0 ? Math.round(value) : 0;
}
