// Who may run now: a bounded number at once, the others in the order they came.
import { LakehouseError } from "#kernel/problem.ts";

/** Lets `count` in at a time; the others wait in the order they came. */
export function createTurns(count: number) {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return {
    async enter(signal: AbortSignal): Promise<void> {
      if (inside < count && waiting.length === 0) {
        inside++;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const wake = () => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(wake), 1);
          reject(new LakehouseError("cancelled", "the query was cancelled while it waited"));
        };
        signal.addEventListener("abort", leave, { once: true });
        waiting.push(wake);
      });
    },
    /** Hands the place to the next in line, if there is one. */
    leave(): void {
      const next = waiting.shift();
      if (next === undefined) inside--;
      else next();
    },
  };
}
