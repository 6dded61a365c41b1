// Asks a second time when the first piece is slow to come; who speaks first is listened to.
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import { isOfRequest, mayHaveWorked } from "./failure-class.ts";
import type { Deltas } from "./guarded-answer.ts";

/** An answer whose first piece is there. */
export interface StartedAnswer {
  readonly first: ChatDelta;
  readonly rest: Deltas;
}

/** One try: its first piece, and a way to leave it before that. */
export interface Attempt {
  /** `performance.now()` */
  readonly began: number;
  readonly started: Promise<StartedAnswer>;
  leave(): void;
}

export interface HedgeRules {
  /** 0: never. */
  readonly hedge_after_ms: number;
}

/**
 * The first of at most two attempts that speaks; the other one is left at once, and `onLeft` hears
 * of it. A first attempt that fails before the second was made fails the whole: retries are
 * somebody else's business, and so does what a provider says of the request itself. Where both
 * fail, the error of one that may have worked is thrown, since that is not for asking again.
 */
export function hedgedAnswer(
  attempt: () => Attempt,
  rules: HedgeRules,
  mayHedge: () => boolean,
  onHedge: () => void,
  onLeft: (other: Attempt) => void,
): Promise<StartedAnswer> {
  const first = attempt();
  if (rules.hedge_after_ms === 0) return first.started;
  return new Promise((resolve, reject) => {
    const made = new Set<Attempt>();
    let over = false;
    let failure: LakehouseError | undefined;
    const settle = () => {
      over = true;
      clearTimeout(timer);
      for (const other of made) {
        other.leave();
        onLeft(other);
      }
    };
    const listen = (one: Attempt) => {
      made.add(one);
      one.started.then(
        (answer) => {
          if (over) return;
          made.delete(one);
          settle();
          resolve(answer);
        },
        (thrown: unknown) => {
          made.delete(one);
          if (over) return;
          const error = toLakehouseError(thrown);
          // Of the request itself: the other try will hear the same.
          const is_told = isOfRequest(error);
          if (is_told || failure === undefined || !mayHaveWorked(failure)) failure = error;
          if (made.size > 0 && !is_told) return;
          settle();
          reject(failure);
        },
      );
    };
    const timer = setTimeout(() => {
      if (over || !mayHedge()) return;
      onHedge();
      listen(attempt());
    }, rules.hedge_after_ms);
    listen(first);
  });
}
