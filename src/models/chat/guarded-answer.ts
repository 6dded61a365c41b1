// A provider's deltas under guard: a limit to the first piece and to each gap, and a clean leaving.
import type { Call } from "#kernel/call.ts";
import { remainingMs } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatDelta } from "#ports/chat-model.ts";

export interface AnswerLimits {
  readonly first_token_timeout_ms: number;
  readonly gap_timeout_ms: number;
  readonly answer_characters_max: number;
}

/**
 * The deltas up to the one with finish_reason. The provider's signal aborts when the caller leaves,
 * stops reading, or a limit passes. Errors: the provider's, `deadline_exceeded`, `cancelled`,
 * `unavailable` (bad_provider_answer, provider_failed).
 */
export async function* guardedAnswer(
  provider: string,
  open: (signal: AbortSignal) => AsyncIterable<ChatDelta>,
  limits: AnswerLimits,
  call: Call,
): AsyncGenerator<ChatDelta> {
  const controller = new AbortController();
  const signal = AbortSignal.any([call.signal, controller.signal]);
  const deltas = open(signal)[Symbol.asyncIterator]();
  let limit_ms = limits.first_token_timeout_ms;
  let characters = 0;
  try {
    for (;;) {
      const next = await beforeLimit(deltas.next(), provider, limit_ms, call);
      if (next.done) throw endedEarly(provider);
      characters += next.value.content.length;
      if (characters > limits.answer_characters_max) throw tooLong(provider, limits);
      yield next.value;
      if (next.value.finish_reason !== undefined) return;
      limit_ms = limits.gap_timeout_ms;
    }
  } finally {
    // Aborting frees the connection also when the provider is stuck; its end is not waited for.
    controller.abort();
    void Promise.resolve(deltas.return?.()).catch(() => undefined);
  }
}

/** The step, or an error as soon as the limit or the deadline passes or the caller leaves. */
function beforeLimit<T>(
  step: Promise<T>,
  provider: string,
  limit_ms: number,
  call: Call,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const left_ms = remainingMs(call);
    const wait_ms = Math.min(limit_ms, left_ms);
    const leave = () => {
      reject(new LakehouseError("cancelled", "the call was cancelled by its caller"));
    };
    if (call.signal.aborted) leave();
    call.signal.addEventListener("abort", leave, { once: true });
    const timer = setTimeout(() => reject(tooSlow(provider, limit_ms, left_ms)), wait_ms);
    step.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      call.signal.removeEventListener("abort", leave);
    });
  });
}

function tooSlow(provider: string, limit_ms: number, left_ms: number): LakehouseError {
  const message =
    left_ms <= limit_ms
      ? "the deadline of the call has passed"
      : `${provider} sent nothing for ${limit_ms} ms`;
  return new LakehouseError("deadline_exceeded", message);
}

function endedEarly(provider: string): LakehouseError {
  const message = `${provider} broke off before its answer was complete`;
  return new LakehouseError("unavailable", message, { reason: "provider_failed" });
}

function tooLong(provider: string, limits: AnswerLimits): LakehouseError {
  const message = `${provider} sent more than ${limits.answer_characters_max} characters`;
  return new LakehouseError("unavailable", message, { reason: "bad_provider_answer" });
}
