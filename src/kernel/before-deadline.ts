// Answers and items that come before the caller leaves and before the deadline, or an error.
import { NEVER, cancelledError, type Call } from "./call.ts";

/** The longest wait that a timer takes. */
const TIMER_MS_MAX = 0x7fffffff;

/** Timers of equal length share a list: a long wait may last a second longer and costs less. */
const EXACT_MS_MAX = 10_000;

/** What a timer takes for a wait of so many milliseconds. */
export function timerMs(wait_ms: number): number {
  const ms = wait_ms > EXACT_MS_MAX ? Math.ceil(wait_ms / 1000) * 1000 : wait_ms;
  return Math.min(ms, TIMER_MS_MAX);
}

/** Calls `give_up` once the caller leaves or the deadline passes, unless let go before. */
function watch(call: Call, give_up: () => void): { timer: NodeJS.Timeout; letGo(): void } {
  const timer = setTimeout(give_up, timerMs(call.deadline_ms - Date.now()));
  // Listeners on the one shared signal would pile up with thousands of calls in flight.
  const listens = call.signal !== NEVER;
  if (listens) call.signal.addEventListener("abort", give_up, { once: true });
  return {
    timer,
    letGo() {
      clearTimeout(timer);
      if (listens) call.signal.removeEventListener("abort", give_up);
    },
  };
}

/** The answer, or an error as soon as the caller leaves or the deadline passes. */
export function beforeDeadline<T>(answer: Promise<T>, call: Call): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const watching = watch(call, () => {
      // The handler may never settle: its timer must not outlive the caller's interest.
      watching.letGo();
      reject(cancelledError(call));
    });
    answer.then(
      (value) => {
        watching.letGo();
        resolve(value);
      },
      (error: unknown) => {
        watching.letGo();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

export interface TimedItems<T> {
  next(): Promise<IteratorResult<T>>;
  /** Ends the source, unless it is over. */
  end(): Promise<void>;
}

/** Items that come before the caller leaves and the deadline passes; then the source is ended. */
export function itemsBeforeDeadline<T>(source: AsyncIterable<T>, call: Call): TimedItems<T> {
  const inner = source[Symbol.asyncIterator]();
  let over = false;
  let gone: Error | undefined;
  let refuse: ((error: Error) => void) | undefined;
  const watching = watch(call, () => {
    gone = cancelledError(call);
    refuse?.(gone);
    // Not waited for: a generator that waits for its next item ends when that item comes. Its
    // caller has an error already, so one from its ending tells nobody anything.
    void end().catch(() => undefined);
  });
  // A reader that forgot its stream must not keep the process alive until the deadline.
  watching.timer.unref();

  async function end(): Promise<void> {
    if (over) return;
    over = true;
    watching.letGo();
    await inner.return?.();
  }

  function finish(): void {
    over = true;
    watching.letGo();
  }

  return {
    next() {
      if (gone !== undefined) return Promise.reject(gone);
      return new Promise((resolve, reject) => {
        refuse = reject;
        watching.timer.ref();
        inner.next().then(
          (item) => {
            watching.timer.unref();
            if (item.done) finish();
            resolve(item);
          },
          (error: unknown) => {
            finish();
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      });
    },
    end,
  };
}
