// Why an answer ended: the words of providers, read as OpenAI's.
import { UNKNOWN_END, type FinishReason } from "#contracts/nouns.ts";

export interface ToldEnd {
  readonly finish_reason: FinishReason;
  /** That the word is not known: whether the answer is whole can only be guessed. */
  readonly note?: string;
}

/** Beside OpenAI's own: words of OpenAI-compatible servers, Anthropic and Ollama. */
const WORDS: readonly (readonly [FinishReason, readonly string[]])[] = [
  [
    "stop",
    [
      "stop",
      "stop_sequence",
      "stop_token",
      "end",
      "end_turn",
      "eos",
      "eos_token",
      "eosfound",
      "complete",
      "completed",
      "done",
      "finish",
      "finished",
      "load",
      "unload",
    ],
  ],
  [
    "length",
    [
      "length",
      "max_tokens",
      "model_length",
      "token_limit",
      "max_output_tokens",
      "model_context_window_exceeded",
      "pause_turn",
    ],
  ],
  ["tool_calls", ["tool_calls", "tool_call", "tool_use", "function_call"]],
  [
    "content_filter",
    [
      "safety",
      "image_safety",
      "recitation",
      "prohibited_content",
      "blocklist",
      "spii",
      "sensitive",
      "guardrail_intervened",
      "error_toxic",
      "refusal",
    ],
  ],
  [
    "error",
    [
      "error",
      "abort",
      "aborted",
      "cancelled",
      "canceled",
      "insufficient_system_resource",
      "network_error",
      "timeout",
      "time_limit",
      "user_cancel",
      "malformed_function_call",
    ],
  ],
];

const REASONS: ReadonlyMap<string, FinishReason> = new Map(
  WORDS.flatMap(([reason, words]) => words.map((word) => [word, reason] as const)),
);

/** Of a stream that says that it is over, and not why. */
export const UNSAID_END = `${UNKNOWN_END}none was told, read as stop; it may not be whole`;

/** Longer words that begin so end an answer before it was whole. */
const FAILED = /^(?:function_call_filter|error_)/;

const WORD_LENGTH_MAX = 64;

/** In whichever case it is written; what is not known is taken for the natural end, with a note. */
export function endOf(word: string): ToldEnd {
  const known = word.toLowerCase();
  if (known.startsWith("content_filter")) return { finish_reason: "content_filter" };
  const finish_reason = REASONS.get(known) ?? (FAILED.test(known) ? "error" : undefined);
  if (finish_reason !== undefined) return { finish_reason };
  const told = JSON.stringify(word.slice(0, WORD_LENGTH_MAX));
  const note = `${UNKNOWN_END}${told} is not known here, read as stop; it may not be whole`;
  return { finish_reason: "stop", note };
}
