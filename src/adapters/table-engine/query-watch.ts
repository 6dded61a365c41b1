// Stops a query when its time is used up or its caller leaves, and answers even if the engine
// won't.
import { LakehouseError } from "#kernel/problem.ts";
import type { SqlRequest } from "#ports/table-engine.ts";
import type { PooledConnection } from "./query-instance.ts";

/**
 * Time during which the consumer does not ask counts apart, against the same limit, so that a slow
 * reader does not lose a quick query and a reader that fell asleep does not hold it for ever.
 */
export interface Watch {
  /** Awaits engine work under the watch; throws `deadline_exceeded` or `cancelled`. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** The consumer holds a chunk now; the query ends when it does not come back. */
  idle(): void;
  /** Over: gives the connection back, as soon as the engine lets go of it. Safe to call twice. */
  end(state: EndState): void;
}

export type EndState = "done" | "midway" | "fatal";

/** An interrupt is lost when it comes before the engine begins, so it is sent until it is heard. */
const REPEAT_MS = 50;
/** Some steps of the engine cannot be interrupted; their caller is answered after this. */
const GRACE_MS = 500;

export function watchQuery(pooled: PooledConnection, request: SqlRequest): Watch {
  const { signal, limits } = request;
  let spent_ms = 0;
  let stopped: LakehouseError | undefined;
  let idle_timer: NodeJS.Timeout | undefined;
  let ended = false;
  /** Engine work that has not ended yet. */
  let working: Promise<unknown> | undefined;
  let tellStopped: (() => void) | undefined;

  function stopWith(error: LakehouseError): void {
    if (stopped !== undefined) return;
    stopped = error;
    if (working === undefined) return end("midway");
    const repeat = setInterval(() => pooled.connection.interrupt(), REPEAT_MS);
    pooled.connection.interrupt();
    void working.finally(() => clearInterval(repeat));
    setTimeout(() => tellStopped?.(), GRACE_MS).unref();
  }
  const onAbort = () => {
    stopWith(new LakehouseError("cancelled", "the query was cancelled", { cause: signal.reason }));
  };
  const onTime = () => stopWith(tookTooLong(limits.timeout_ms));

  function end(state: EndState): void {
    if (ended) return;
    ended = true;
    clearTimeout(idle_timer);
    signal.removeEventListener("abort", onAbort);
    if (working === undefined) pooled.release(state);
    else void working.finally(() => pooled.release(state));
  }

  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });

  return {
    async during(work) {
      clearTimeout(idle_timer);
      if (stopped !== undefined) throw stopped;
      const started = performance.now();
      const timer = setTimeout(onTime, Math.max(1, limits.timeout_ms - spent_ms));
      const mine = work();
      working = mine.then(ignore, ignore).finally(() => (working = undefined));
      const given_up = new Promise<never>((_, reject) => {
        tellStopped = () => reject(stopped);
      });
      try {
        const result = await Promise.race([mine, given_up]);
        if (stopped !== undefined) throw stopped;
        return result;
      } catch (error) {
        throw stopped ?? error;
      } finally {
        clearTimeout(timer);
        tellStopped = undefined;
        spent_ms += performance.now() - started;
      }
    },
    idle() {
      clearTimeout(idle_timer);
      idle_timer = setTimeout(onTime, limits.timeout_ms).unref();
    },
    end,
  };
}

function ignore(): void {}

function tookTooLong(timeout_ms: number): LakehouseError {
  return new LakehouseError("deadline_exceeded", `the query took longer than ${timeout_ms} ms`, {
    hint: "give a larger timeout_ms, or read less",
  });
}
