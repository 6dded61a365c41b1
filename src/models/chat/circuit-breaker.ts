// Stops asking a provider that fails again and again, and lets one call find out when it is back.
import { LakehouseError } from "#kernel/problem.ts";
import { failureClass } from "./failure-class.ts";

export interface BreakerRules {
  readonly breaker_failures: number;
  readonly breaker_open_ms: number;
}

export type CircuitState = "closed" | "open" | "half_open";

export interface CircuitBreaker {
  state(): CircuitState;
  /** How often it has opened. */
  opened(): number;
  /** Throws `unavailable` (provider_circuit_open, extra.retry_after_s); else the call may go on. */
  admit(): Pass;
}

/** One call's leave; exactly one of its ends is told. */
export interface Pass {
  succeeded(): void;
  failed(error: LakehouseError): void;
  /** The caller left before anything could be learnt. */
  unknown(): void;
}

/**
 * Closed: failures in a row are counted. Open: for `breaker_open_ms` nobody is let through. Half
 * open: one call is; its end closes or opens the circuit. (Nygard, Release It!, "Circuit Breaker".)
 */
export function createCircuitBreaker(
  provider: string,
  rules: BreakerRules,
  now: () => number,
): CircuitBreaker {
  let failures = 0;
  let open_until: number | undefined;
  let probing = false;
  let opened = 0;

  function trip(): void {
    open_until = now() + rules.breaker_open_ms;
    opened++;
  }

  function pass(is_probe: boolean): Pass {
    const release = () => {
      if (is_probe) probing = false;
    };
    return {
      succeeded() {
        release();
        // A call from before the circuit opened tells nothing about now.
        if (open_until !== undefined && !is_probe) return;
        failures = 0;
        open_until = undefined;
      },
      failed(error) {
        release();
        const kind = failureClass(error);
        if (error.code === "deadline_exceeded" && kind === undefined) return;
        // Busy or refusing is not broken: the provider answered.
        if (kind === undefined || kind === "rate_limited") {
          if (is_probe) [failures, open_until] = [0, undefined];
          return;
        }
        failures++;
        if (is_probe || (open_until === undefined && failures >= rules.breaker_failures)) trip();
      },
      unknown: release,
    };
  }

  return {
    state() {
      if (open_until === undefined) return "closed";
      return now() >= open_until ? "half_open" : "open";
    },
    opened: () => opened,
    admit() {
      if (open_until === undefined) return pass(false);
      const left_ms = open_until - now();
      if (left_ms > 0 || probing) throw circuitOpen(provider, Math.max(left_ms, 1));
      probing = true;
      return pass(true);
    },
  };
}

function circuitOpen(provider: string, left_ms: number): LakehouseError {
  const message = `${provider} failed again and again and is left alone for a while`;
  return new LakehouseError("unavailable", message, {
    reason: "provider_circuit_open",
    hint: "GET /v1/chat/providers tells how it fares",
    extra: { provider, retry_after_s: Math.ceil(left_ms / 1000) },
  });
}
