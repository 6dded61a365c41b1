// A bounded number of rewrites at once; the others wait in the order they came.
import { LakehouseError } from "#kernel/problem.ts";

export interface RewriteTurns {
  /** Resolves to what gives the turn back; `rate_limited` when very many wait. */
  take(signal: AbortSignal): Promise<() => void>;
}

const WAITING_MAX = 1_000;

export function createRewriteTurns(running_max: number): RewriteTurns {
  const waiting = new Set<() => void>();
  let running = 0;

  function leave(): void {
    const [next] = waiting;
    if (next === undefined) {
      running--;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    async take(signal) {
      if (signal.aborted) throw cancelled();
      if (running < running_max) {
        running++;
        return leave;
      }
      if (waiting.size >= WAITING_MAX) {
        throw new LakehouseError("rate_limited", `${waiting.size} rewrites wait already`);
      }
      await new Promise<void>((resolve, reject) => {
        const start = () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        };
        const giveUp = () => {
          waiting.delete(start);
          reject(cancelled());
        };
        signal.addEventListener("abort", giveUp, { once: true });
        waiting.add(start);
      });
      return leave;
    },
  };
}

function cancelled(): LakehouseError {
  return new LakehouseError("cancelled", "the rewrite was cancelled while it waited");
}
