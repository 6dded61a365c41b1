// The way to one provider: so many calls at a time, a bounded queue before them, a circuit breaker.
import { cancelledError, NEVER, remainingMs, type Call } from "#kernel/call.ts";
import { offAbort, onAbort } from "#kernel/early-end.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  createCircuitBreaker,
  type BreakerRules,
  type CircuitState,
  type Pass,
} from "./circuit-breaker.ts";
import type { OnOver } from "./guarded-answer.ts";

export interface LaneRules extends BreakerRules {
  readonly concurrency_max: number;
  readonly queue_max: number;
}

export interface LaneFigures {
  readonly circuit: CircuitState;
  readonly circuit_opened: number;
  readonly running: number;
  readonly waiting: number;
}

/** A call's place: `over` gives it back, once; with `goes_on` it tells that the call speaks. */
export interface Place {
  readonly over: OnOver;
}

export interface ProviderLane {
  /**
   * Waits for a place. Throws `rate_limited` (provider_queue_full), `unavailable`
   * (provider_circuit_open), and what ends the call.
   */
  enter(call: Call): Promise<Place>;
  /** Whether a further call would run at once. */
  hasRoom(): boolean;
  figures(): LaneFigures;
}

export function createProviderLane(
  provider: string,
  rules: LaneRules,
  now: () => number,
): ProviderLane {
  const breaker = createCircuitBreaker(provider, rules, now);
  // A set keeps the order of arrival, and one that leaves is taken out wherever it stands.
  const waiting = new Set<() => void>();
  let running = 0;

  /** The place goes to the next in the queue, else it is free. */
  function free(): void {
    const [next] = waiting;
    if (next === undefined) {
      running--;
      return;
    }
    waiting.delete(next);
    next();
  }

  function waitForPlace(call: Call): Promise<void> {
    return new Promise((resolve, reject) => {
      const letGo = () => {
        clearTimeout(timer);
        if (call.signal !== NEVER) offAbort(call.signal, giveUp);
      };
      const begin = () => {
        letGo();
        resolve();
      };
      const giveUp = () => {
        letGo();
        waiting.delete(begin);
        reject(cancelledError(call));
      };
      const timer = setTimeout(giveUp, Math.min(remainingMs(call), 0x7fffffff));
      if (call.signal !== NEVER) onAbort(call.signal, giveUp);
      waiting.add(begin);
    });
  }

  function placeOf(pass: Pass): Place {
    let given = false;
    return {
      over({ spoke, error, goes_on }) {
        if (given) return;
        if (goes_on === true) return pass.speaks();
        given = true;
        free();
        if (error !== undefined && error.code !== "cancelled") pass.failed(error);
        else if (spoke) pass.succeeded();
        else pass.unknown();
      },
    };
  }

  return {
    async enter(call) {
      if (call.signal.aborted) throw cancelledError(call);
      if (running >= rules.concurrency_max) {
        // Nobody waits for a provider that is known not to answer.
        if (breaker.state() === "open") breaker.admit();
        if (waiting.size >= rules.queue_max) throw queueFull(provider, rules);
        await waitForPlace(call);
      } else {
        running++;
      }
      try {
        return placeOf(breaker.admit());
      } catch (error) {
        free();
        throw error;
      }
    },
    hasRoom: () => running < rules.concurrency_max && breaker.state() === "closed",
    figures: () => ({
      circuit: breaker.state(),
      circuit_opened: breaker.opened(),
      running,
      waiting: waiting.size,
    }),
  };
}

function queueFull(provider: string, rules: LaneRules): LakehouseError {
  const { concurrency_max, queue_max } = rules;
  const message = `${provider} has ${concurrency_max} calls running and ${queue_max} waiting`;
  return new LakehouseError("rate_limited", message, {
    reason: "provider_queue_full",
    hint: "ask again later, or raise the provider's concurrency in [chat]",
    extra: { provider, retry_after_s: 1 },
  });
}
