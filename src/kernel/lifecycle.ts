// What a running service is, and starting and stopping many of them in order.
import type { Contract, Handlers } from "./contract.ts";
import type { Log } from "./log.ts";

/** Figures that tell how a service fares; `degraded` and `down` say why in `figures.reason`. */
export interface ServiceHealth {
  readonly status: "ok" | "degraded" | "down";
  readonly figures: Readonly<Record<string, unknown>>;
}

/** A service that is open and answers. Made by its `createX(needs, settings)`. */
export interface Service<C extends Contract = Contract> {
  readonly handlers: Handlers<C>;
  health(): Promise<ServiceHealth>;
  /** Finishes what is acknowledged, then closes. Called once. */
  stop(): Promise<void>;
}

interface Stoppable {
  readonly name: string;
  stop(): Promise<void>;
}

export interface Lifecycle {
  /** Things are stopped in the reverse order of their adding. */
  add(name: string, stop: () => Promise<void>): void;
  /** Stops all; the first failure is thrown after every one had its turn. Safe to call twice. */
  stop(): Promise<void>;
}

export function createLifecycle(log: Log): Lifecycle {
  const running: Stoppable[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    let first: unknown;
    for (const part of running.toReversed()) {
      try {
        await part.stop();
      } catch (error) {
        log.error({ part: part.name, err: error }, "could not stop cleanly");
        first ??= error;
      }
    }
    if (first !== undefined) throw first;
  }

  return {
    add: (name, stop) => void running.push({ name, stop }),
    stop: () => (stopping ??= stopAll()),
  };
}
