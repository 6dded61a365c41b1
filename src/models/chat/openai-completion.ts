// OpenAI's shapes of a chat completion: the whole object, and the events of a streamed one.
import { toLakehouseError } from "#kernel/problem.ts";
import { openAiErrorBody } from "#kernel/openai-error.ts";
import {
  BESIDE_MESSAGE,
  REFUSAL_LOGPROBS,
  type FinishReason,
  type TokenLogprob,
  type TokenUsage,
} from "#contracts/nouns.ts";
import type { ChatDelta, OtherMembers } from "#ports/chat-model.ts";
import { createToolCallReader } from "./tool-calls.ts";

export interface CompletionHead {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
}

export interface WholeAnswer {
  readonly content: string;
  readonly refusal?: string | undefined;
  /** Thoughts, under the name that most servers have for them: `reasoning_content`. */
  readonly reasoning?: string | undefined;
  readonly tool_calls: readonly unknown[] | undefined;
  readonly other?: OtherMembers | undefined;
  readonly finish_reason: FinishReason;
  /** Undefined: the provider told none. */
  readonly usage: TokenUsage | undefined;
  readonly logprobs?: TokenLogprob[] | undefined;
  /** Not of OpenAI's: what of the request was left out, and why. */
  readonly notes?: readonly string[] | undefined;
}

/** object: chat.completion */
export function completionObject(head: CompletionHead, answer: WholeAnswer) {
  const { content, refusal, reasoning, tool_calls, other, finish_reason, usage, notes } = answer;
  const { of_message, beside, refusal_logprobs } = placesOf(other);
  const in_other_form = (tool_calls ?? refusal ?? of_message) !== undefined;
  const message = {
    ...of_message,
    role: "assistant",
    content: content === "" && in_other_form ? null : content,
    refusal: refusal ?? null,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(tool_calls === undefined ? {} : { tool_calls }),
  };
  const logprobs = likelihoods(answer.logprobs, refusal_logprobs);
  const choice = { index: 0, message, logprobs, finish_reason };
  const { id, created, model } = head;
  const noted = notes === undefined ? {} : { notes };
  const object = "chat.completion";
  // Some clients refuse a completion in which the fingerprint is not told at all.
  const head_told = { id, object, created, model, system_fingerprint: null };
  const told = { ...head_told, ...beside, choices: [choice] };
  return usage === undefined ? { ...told, ...noted } : { ...told, usage, ...noted };
}

/** Where OpenAI's shapes have the members of an answer's `other`. */
function placesOf(other: OtherMembers | undefined) {
  if (other === undefined) return {};
  const { [BESIDE_MESSAGE]: beside, [REFUSAL_LOGPROBS]: refusal, ...more } = other;
  return {
    of_message: Object.keys(more).length === 0 ? undefined : more,
    beside: beside as OtherMembers | undefined,
    refusal_logprobs: refusal as TokenLogprob[] | undefined,
  };
}

/**
 * The event stream: a chunk with the role, one for each delta, one with the reason, with
 * `include_usage` one with the usage (where the provider tells it) and no choices, then
 * `data: [DONE]`. A failure after the first delta is an event with an `error` member, after which
 * the stream ends without [DONE].
 */
export async function* completionEvents(
  head: CompletionHead,
  deltas: AsyncIterable<ChatDelta>,
  include_usage: boolean,
): AsyncGenerator<Uint8Array> {
  const { id, created, model } = head;
  const chunk = (rest: object) =>
    event({ id, object: "chat.completion.chunk", created, model, ...rest });
  const choice = (
    delta: object,
    finish_reason: FinishReason | null = null,
    logprobs: ReturnType<typeof likelihoods> = null,
    beside: object = {},
  ) => {
    const usage = include_usage ? { usage: null } : {};
    return chunk({
      ...beside,
      choices: [{ index: 0, delta, logprobs, finish_reason }],
      ...usage,
    });
  };
  let read: ReturnType<typeof createToolCallReader> | undefined;
  try {
    yield choice({ role: "assistant", content: "", refusal: null });
    for await (const delta of deltas) {
      const { content, tool_calls, finish_reason, usage, notes, logprobs } = delta;
      const { reasoning, refusal, other } = delta;
      if (reasoning !== undefined) yield choice({ reasoning_content: reasoning });
      if (refusal !== undefined) yield choice({ refusal });
      const { of_message, beside, refusal_logprobs } = placesOf(other);
      const likely = likelihoods(logprobs, refusal_logprobs);
      if (content !== "" || likely !== null) yield choice({ content }, null, likely);
      if (of_message !== undefined) yield choice(of_message);
      if (tool_calls !== undefined) {
        read ??= createToolCallReader();
        yield choice({ tool_calls: read(tool_calls) });
      }
      if (finish_reason === undefined) continue;
      const noted = notes === undefined ? {} : { notes };
      yield choice({}, finish_reason, null, { ...beside, ...noted });
      if (include_usage && usage !== undefined) yield chunk({ choices: [], usage });
    }
    yield encoder.encode("data: [DONE]\n\n");
  } catch (thrown) {
    yield event({ error: openAiErrorBody(toLakehouseError(thrown)) });
  }
}

function likelihoods(content: TokenLogprob[] | undefined, refusal?: TokenLogprob[]) {
  const is_told = (content ?? refusal) !== undefined;
  return is_told ? { content: content ?? null, refusal: refusal ?? null } : null;
}

export const NO_USAGE: TokenUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

const encoder = new TextEncoder();

function event(document: object): Uint8Array {
  return encoder.encode(`data: ${JSON.stringify(document)}\n\n`);
}
