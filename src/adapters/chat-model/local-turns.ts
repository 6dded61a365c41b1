// One at a time, in the order of coming, with a bound on how many wait.
import { LakehouseError } from "#kernel/problem.ts";

export interface Turns {
  /**
   * Resolves with the function that ends the turn. Errors: `rate_limited` (too many wait),
   * `cancelled` (the signal aborted while waiting).
   */
  wait(signal: AbortSignal): Promise<() => void>;
}

export function createTurns(waiting_max: number): Turns {
  const waiting: (() => void)[] = [];
  let busy = false;

  function end(): void {
    const next = waiting.shift();
    if (next === undefined) busy = false;
    else next();
  }

  function turn(): () => void {
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      end();
    };
  }

  return {
    async wait(signal) {
      if (signal.aborted) throw cancelled();
      if (!busy) {
        busy = true;
        return turn();
      }
      if (waiting.length >= waiting_max) {
        const message = `local: ${waiting.length} requests wait already`;
        throw new LakehouseError("rate_limited", message, { reason: "provider_rate_limited" });
      }
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(begin), 1);
          reject(cancelled());
        };
        const begin = () => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        waiting.push(begin);
        signal.addEventListener("abort", leave, { once: true });
      });
      return turn();
    },
  };
}

export function cancelled(): LakehouseError {
  return new LakehouseError("cancelled", "the call was cancelled by its caller");
}
