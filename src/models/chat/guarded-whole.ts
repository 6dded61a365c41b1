// An answer that a provider makes in one piece, under guard: one limit, and a clean leaving.
import { cancelledError, NEVER, remainingMs, type Call } from "#kernel/call.ts";
import { createEarlyEnd, offAbort, onAbort } from "#kernel/early-end.ts";
import { startWait, stopWait } from "#kernel/long-wait.ts";
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import { charactersOf, tooManyCharacters } from "#ports/chat-length.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import { leftUnread, tooSlow, type AnswerLimits, type OnOver } from "./guarded-answer.ts";

export interface WholeLimits extends AnswerLimits {
  readonly whole_answer_timeout_ms: number;
}

/**
 * The one delta. The provider's signal aborts when the caller leaves or the limit passes. Errors:
 * the provider's, `deadline_exceeded`, `cancelled`, `unavailable` (bad_provider_answer).
 */
export function guardedWhole(
  provider: string,
  ask: (signal: AbortSignal) => Promise<ChatDelta>,
  limits: WholeLimits,
  call: Call,
  onOver: OnOver,
): Promise<ChatDelta> {
  return new Promise((resolve, reject) => {
    const early = createEarlyEnd();
    const listens = call.signal !== NEVER;
    let over = false;

    function end(error?: LakehouseError): boolean {
      if (over) return false;
      over = true;
      stopWait(wait);
      if (listens) offAbort(call.signal, callerLeft);
      onOver(error === undefined ? { spoke: true } : { spoke: false, error });
      return true;
    }

    /** The provider may be stuck: its end is not waited for. */
    function giveUp(error: LakehouseError): void {
      if (!end(error)) return;
      early.end(leftUnread());
      reject(error);
    }

    const fail = (thrown: unknown) => {
      const error = toLakehouseError(thrown);
      if (end(error)) reject(error);
    };
    const callerLeft = () => giveUp(cancelledError(call));
    const limit_ms = limits.whole_answer_timeout_ms;
    const left_ms = remainingMs(call);
    const wait = startWait(Math.min(limit_ms, left_ms), () =>
      giveUp(tooSlow(provider, limit_ms, left_ms)),
    );
    if (listens && call.signal.aborted) {
      callerLeft();
      return;
    }
    if (listens) onAbort(call.signal, callerLeft);
    ask(early.signal).then((delta) => {
      const { answer_characters_max } = limits;
      const is_long = charactersOf(delta) > answer_characters_max;
      if (is_long) fail(tooManyCharacters(provider, answer_characters_max, delta.usage));
      else if (end()) resolve(delta);
    }, fail);
  });
}
