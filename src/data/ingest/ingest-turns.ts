// A bounded number of ingests at once; the others wait in the order they came, up to a bound.
import { LakehouseError } from "#kernel/problem.ts";

export interface IngestTurns {
  /**
   * Resolves to what gives the turn back. `rate_limited` when too many wait, unless one is let in
   * `always`: what has been received is bounded by its room on the disk.
   */
  take(signal: AbortSignal, options?: { readonly always?: boolean }): Promise<() => void>;
}

export function createIngestTurns(running_max: number, waiting_max: number): IngestTurns {
  const waiting: (() => void)[] = [];
  let running = 0;

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }

  return {
    async take(signal, { always = false } = {}) {
      if (running < running_max) {
        running++;
        return leave;
      }
      if (waiting.length >= waiting_max && !always) {
        throw new LakehouseError("rate_limited", `${waiting.length} ingests wait already`, {
          hint: "try again when some have ended, or raise ingest.running_max",
        });
      }
      await new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(cancelled());
        const start = () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        };
        const giveUp = () => {
          waiting.splice(waiting.indexOf(start), 1);
          reject(cancelled());
        };
        signal.addEventListener("abort", giveUp, { once: true });
        waiting.push(start);
      });
      return leave;
    },
  };
}

function cancelled(): LakehouseError {
  return new LakehouseError("cancelled", "the ingest was cancelled while it waited");
}
