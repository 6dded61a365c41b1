// Stops asking a provider that fails again and again, and lets one call find out when it is back.
import { LakehouseError } from "#kernel/problem.ts";
import { failureClass, isOfCaller, wasStale, type FailureClass } from "./failure-class.ts";

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

/** One call's leave; exactly one of its ends is told, and before it, if it does, that it speaks. */
export interface Pass {
  /** Its first piece is there: the provider is back, however long the rest takes. */
  speaks(): void;
  succeeded(): void;
  failed(error: LakehouseError): void;
  /** The caller left before anything could be learnt. */
  unknown(): void;
}

/**
 * Closed: failures in a row are counted. Open: for `breaker_open_ms` nobody is let through. Half
 * open: one call is, and the next one when it was silent for as long; its first piece closes the
 * circuit, where one failure more opens it until a call has ended well. (Nygard, Release It!,
 * "Circuit Breaker".)
 */
export function createCircuitBreaker(
  provider: string,
  rules: BreakerRules,
  now: () => number,
): CircuitBreaker {
  let failures = 0;
  let open_until: number | undefined;
  /** Until when nobody else finds out whether it is back. */
  let probing_until = 0;
  let opened = 0;

  function trip(): void {
    open_until = now() + rules.breaker_open_ms;
    probing_until = 0;
    opened++;
  }

  function close(failures_left: number): void {
    failures = failures_left;
    open_until = undefined;
    probing_until = 0;
  }

  function pass(is_probe: boolean): Pass {
    const opened_before = opened;
    let spoke = false;
    return {
      speaks() {
        if (!is_probe || spoke) return;
        spoke = true;
        // Another one may have found out.
        if (open_until !== undefined) close(rules.breaker_failures - 1);
      },
      succeeded() {
        // A call from before the circuit opened tells nothing about now.
        if (open_until === undefined || (is_probe && !spoke)) close(0);
      },
      failed(error) {
        const is_finding_out = is_probe && !spoke && open_until !== undefined;
        const kind = failureClass(error);
        if (isUntold(error, kind)) {
          if (is_finding_out) probing_until = 0;
        } else if (kind === undefined || kind === "rate_limited" || isOfCaller(error)) {
          // Busy or refusing is not broken: the provider answered, and no failure follows the last.
          if (is_finding_out || open_until === undefined) close(0);
        } else if (is_finding_out) {
          trip();
        } else if (opened === opened_before) {
          // What was asked before the circuit opened fails late, and tells nothing about now.
          failures++;
          if (open_until === undefined && failures >= rules.breaker_failures) trip();
        }
      },
      unknown() {
        if (is_probe && !spoke) probing_until = 0;
      },
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
      const now_ms = now();
      const left_ms = Math.max(open_until, probing_until) - now_ms;
      if (left_ms > 0) throw circuitOpen(provider, left_ms);
      probing_until = now_ms + rules.breaker_open_ms;
      return pass(true);
    },
  };
}

/**
 * Whether nothing was learnt: a caller in a hurry, a fault of ours, what could not be sent, or an
 * idle connection that the provider had closed.
 */
function isUntold(error: LakehouseError, kind: FailureClass | undefined): boolean {
  if (error.reason === "invalid_input") return error.extra["provider_status"] === undefined;
  if (wasStale(error)) return true;
  const is_ours = error.code === "deadline_exceeded" || error.code === "internal";
  return is_ours && kind === undefined;
}

function circuitOpen(provider: string, left_ms: number): LakehouseError {
  const message = `${provider} failed again and again and is left alone for a while`;
  return new LakehouseError("unavailable", message, {
    reason: "provider_circuit_open",
    hint: "GET /v1/chat/providers tells how it fares",
    extra: { provider, retry_after_s: Math.ceil(left_ms / 1000) },
  });
}
