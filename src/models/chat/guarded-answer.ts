// A provider's deltas under guard: a limit to the first piece and to each gap, and a clean leaving.
import { cancelledError, NEVER, remainingMs, type Call } from "#kernel/call.ts";
import { createEarlyEnd, offAbort, onAbort } from "#kernel/early-end.ts";
import { startIdleWait, startWait, stopWait, type Wait } from "#kernel/long-wait.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import { charactersOf, tooManyCharacters } from "#ports/chat-length.ts";
import { STILL_THERE, type ChatDelta } from "#ports/chat-model.ts";

export interface AnswerLimits {
  readonly first_token_timeout_ms: number;
  readonly gap_timeout_ms: number;
  readonly answer_characters_max: number;
}

/** Deltas that can be left at any time, also while the next one is awaited. */
export interface Deltas {
  next(): Promise<IteratorResult<ChatDelta, undefined>>;
  /** Frees the provider at once. Safe to call twice, and after the end. */
  leave(): void;
}

/**
 * Told once how it ended: whether anything was said, and the error if there was one. Before that,
 * with `goes_on`, that the first piece of a longer answer is there.
 */
export type OnOver = (end: {
  readonly spoke: boolean;
  readonly error?: LakehouseError;
  readonly goes_on?: true;
}) => void;

const SPEAKS = { spoke: true, goes_on: true } as const;

/** Made once: an abort without a reason makes an error of its own each time, with its stack. */
const LEFT = leftUnread();

/** Each try that is left unheard has one of its own, to learn by whether it was sent. */
export function leftUnread(): LakehouseError {
  return new LakehouseError("cancelled", "nobody reads this answer any more");
}

const OVER: IteratorResult<ChatDelta, undefined> = { done: true, value: undefined };

/**
 * The deltas up to the one with finish_reason. The provider's signal aborts when the caller leaves,
 * stops reading, or a limit passes. Errors: the provider's, `deadline_exceeded`, `cancelled`,
 * `unavailable` (bad_provider_answer, provider_failed).
 */
export function guardedAnswer(
  provider: string,
  open: (signal: AbortSignal) => AsyncIterable<ChatDelta>,
  limits: AnswerLimits,
  call: Call,
  onOver?: OnOver,
): Deltas {
  // One signal by hand: joined and timed ones live on until their deadline.
  const early = createEarlyEnd();
  let source: AsyncIterator<ChatDelta> | undefined;
  let refuse: ((error: LakehouseError) => void) | undefined;
  let characters = 0;
  let spoke = false;
  let heard = false;
  let finished = false;
  let over = false;
  let failure: LakehouseError | undefined;
  /** Of the call: also while nobody asks for the next piece. */
  let deadline: Wait | undefined;

  const listens = call.signal !== NEVER;
  const callerLeft = () => end(cancelledError(call));

  function end(error?: LakehouseError): void {
    if (over) return;
    over = true;
    failure = error;
    if (listens) offAbort(call.signal, callerLeft);
    if (deadline !== undefined) stopWait(deadline);
    // Aborting frees the connection also when the provider is stuck; its end is not waited for. One
    // that has just said its last piece is not stuck, and ending it is enough.
    if (!finished || source?.return === undefined) early.end(heard ? LEFT : leftUnread());
    source?.return?.().catch(() => undefined);
    onOver?.(error === undefined ? { spoke } : { spoke, error });
    if (error !== undefined) refuse?.(error);
  }

  function check(item: IteratorResult<ChatDelta>): ChatDelta {
    if (item.done) throw endedEarly(provider);
    const { value } = item;
    characters += charactersOf(value);
    if (characters > limits.answer_characters_max) {
      throw tooManyCharacters(provider, limits.answer_characters_max, value.usage);
    }
    return value;
  }

  function take(item: IteratorResult<ChatDelta>): IteratorResult<ChatDelta, undefined> {
    if (over) return OVER;
    const delta = check(item);
    spoke = true;
    if (delta.finish_reason !== undefined) {
      finished = true;
      end();
    }
    return { done: false, value: delta };
  }

  /** Runs until the next piece: of an answer, or a sign that one is on its way. */
  function startLimit() {
    const limit_ms = spoke ? limits.gap_timeout_ms : limits.first_token_timeout_ms;
    const left_ms = remainingMs(call);
    return startWait(Math.min(limit_ms, left_ms), () => end(tooSlow(provider, limit_ms, left_ms)));
  }

  return {
    next() {
      // Half an answer must not pass for a whole one, however late its reader comes.
      if (over) return failure === undefined ? Promise.resolve(OVER) : Promise.reject(failure);
      if (listens && call.signal.aborted) {
        const error = cancelledError(call);
        end(error);
        return Promise.reject(error);
      }
      if (source === undefined) {
        if (listens) onAbort(call.signal, callerLeft);
        const left_ms = remainingMs(call);
        deadline = startIdleWait(left_ms, () => end(tooSlow(provider, left_ms, left_ms)));
        try {
          source = open(early.signal)[Symbol.asyncIterator]();
        } catch (error) {
          source = failingSource(error);
        }
      }
      const pieces = source;
      const step = pieces.next();
      return new Promise((resolve, reject) => {
        refuse = reject;
        let wait = startLimit();
        const fail = (thrown: unknown) => {
          stopWait(wait);
          const error = toLakehouseError(thrown);
          end(error);
          reject(error);
        };
        const hear = (item: IteratorResult<ChatDelta>) => {
          stopWait(wait);
          if (item.value === STILL_THERE && !over) {
            wait = startLimit();
            pieces.next().then(hear, fail);
            return;
          }
          if (!heard && item.done !== true && !over) {
            heard = true;
            onOver?.(SPEAKS);
          }
          try {
            resolve(take(item));
          } catch (error) {
            fail(error);
          }
        };
        step.then(hear, fail);
      });
    },
    leave() {
      end();
      refuse?.(new LakehouseError("cancelled", "the answer was left by its reader"));
    },
  };
}

/** What opening throws is an error of the first step. */
function failingSource(error: unknown): AsyncIterator<ChatDelta> {
  return { next: () => Promise.reject(error as Error) };
}

export function tooSlow(provider: string, limit_ms: number, left_ms: number): LakehouseError {
  if (left_ms <= limit_ms) {
    return new LakehouseError("deadline_exceeded", "the deadline of the call has passed");
  }
  // Said in the extra too: a silent provider is not the same as a caller in a hurry.
  return new LakehouseError("deadline_exceeded", `${provider} sent nothing for ${limit_ms} ms`, {
    extra: { silent_ms: limit_ms },
  });
}

function endedEarly(provider: string): LakehouseError {
  const message = `${provider} broke off before its answer was complete`;
  const extra = { broke_off: true };
  return new LakehouseError("unavailable", message, { reason: "provider_failed", extra });
}
