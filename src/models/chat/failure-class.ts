// What kind of failure an error of a provider is: decides on retries, fallbacks and the breaker.
import type { LakehouseError } from "#kernel/problem.ts";
import { toldUsage } from "#ports/told-usage.ts";

export const FAILURE_CLASSES = ["unreachable", "failed", "rate_limited", "deadline"] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Undefined: another provider would not do better (a bad request, a caller who left). */
export function failureClass(error: LakehouseError): FailureClass | undefined {
  switch (error.reason) {
    case "provider_unreachable":
    case "provider_circuit_open":
      return "unreachable";
    case "provider_rate_limited":
    case "provider_queue_full":
      return "rate_limited";
    case "provider_failed":
    case "bad_provider_answer":
      return error.code === "unavailable" ? "failed" : undefined;
    default:
      // A provider that was silent for too long; a caller's own deadline is nobody's failure.
      return error.extra["silent_ms"] === undefined ? undefined : "deadline";
  }
}

const NOT_OF_REQUESTS: ReadonlySet<string> = new Set([
  "cancelled",
  "deadline_exceeded",
  "internal",
]);

/** Whether it tells of the request itself: whoever else is asked the same says the same. */
export function isOfRequest(error: LakehouseError): boolean {
  return failureClass(error) === undefined && !NOT_OF_REQUESTS.has(error.code);
}

/** How a try ends for which a provider has certainly done no work, or none that is paid for. */
const UNPAID: ReadonlySet<string> = new Set([
  // Before it is sent: what an adapter cannot say to its provider.
  "invalid_input",
  "provider_unreachable",
  "provider_rate_limited",
  "provider_failed",
  "no_such_model",
]);

/**
 * Whether a provider that was asked may have worked: it went silent, was left, broke off, said what
 * cannot be read, or told what it used before it failed.
 */
export function mayHaveWorked(error: LakehouseError): boolean {
  if (error.extra["broke_off"] === true || toldUsage(error) !== undefined) return true;
  return !UNPAID.has(error.reason);
}

/** Whether it was lost on an idle connection that its provider had just closed: it is not down. */
export function wasStale({ extra }: LakehouseError): boolean {
  return extra["stale_connection"] === true;
}

/** Whether we did not ask the provider, which then says nothing of how it fares. */
export function isUnasked({ reason }: LakehouseError): boolean {
  return reason === "provider_circuit_open" || reason === "provider_queue_full";
}

/**
 * Whether a failure tells of one caller's request, account or our own limits, and not of how the
 * provider fares: 401, 402 and 403 (as moderation has it too), and an answer longer than we take.
 */
export function isOfCaller({ extra }: LakehouseError): boolean {
  const status = extra["provider_status"];
  const is_too_long = (extra["answer_characters_max"] ?? extra["answer_bytes_max"]) !== undefined;
  return status === 401 || status === 402 || status === 403 || is_too_long;
}
