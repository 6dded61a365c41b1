// Who may run next: a bounded number at once, and turn by turn among those who wait.
import { LakehouseError } from "#kernel/problem.ts";

export interface QueryTurns {
  /**
   * Resolves to what gives the turn back (safe to call twice). `rate_limited` when too many wait.
   */
  take(owner: string, signal: AbortSignal): Promise<() => void>;
  running(): number;
  waiting(): number;
}

interface Waiter {
  readonly owner: string;
  start(): void;
}

/** Owners take turns: one who asks for much does not keep the others from being served. */
export function createQueryTurns(running_max: number, waiting_max: number): QueryTurns {
  const queues = new Map<string, Waiter[]>();
  let running = 0;
  let waiting = 0;

  function leave(): void {
    running--;
    const next = queues.entries().next();
    if (next.done) return;
    const [owner, queue] = next.value;
    const waiter = queue.shift()!;
    // The owner goes to the end of the line, if more of theirs wait.
    queues.delete(owner);
    if (queue.length > 0) queues.set(owner, queue);
    waiter.start();
  }

  function startRun(): () => void {
    running++;
    let out = false;
    return () => {
      if (!out) leave();
      out = true;
    };
  }

  function forget(waiter: Waiter): void {
    const queue = queues.get(waiter.owner) ?? [];
    const rest = queue.filter((other) => other !== waiter);
    if (rest.length > 0) queues.set(waiter.owner, rest);
    else queues.delete(waiter.owner);
  }

  return {
    async take(owner, signal) {
      if (running < running_max) return startRun();
      if (waiting >= waiting_max) {
        throw new LakehouseError("rate_limited", `${waiting} queries wait already`, {
          hint: "try again in a moment, or raise query.running_max",
          extra: { retry_after_s: 1 },
        });
      }
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          owner,
          start() {
            signal.removeEventListener("abort", giveUp);
            waiting--;
            resolve(startRun());
          },
        };
        const giveUp = () => {
          waiting--;
          forget(waiter);
          reject(new LakehouseError("cancelled", "the query was cancelled while it waited"));
        };
        if (signal.aborted) return reject(new LakehouseError("cancelled", "cancelled"));
        signal.addEventListener("abort", giveUp, { once: true });
        waiting++;
        queues.set(owner, [...(queues.get(owner) ?? []), waiter]);
      });
    },
    running: () => running,
    waiting: () => waiting,
  };
}
