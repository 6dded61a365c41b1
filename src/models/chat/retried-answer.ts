// Tries again when a provider cannot be reached or is busy, as long as nothing was said yet.
import { cancelledError, NEVER, remainingMs, type Call } from "#kernel/call.ts";
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import { isUnasked } from "./failure-class.ts";

export interface RetryRules {
  readonly retries_max: number;
  readonly retry_base_ms: number;
  readonly retry_wait_max_ms: number;
}

/**
 * The first attempt that speaks. Waits are full jitter (AWS Architecture Blog, "Exponential Backoff
 * And Jitter"); a Retry-After is waited for in full, or not at all when it is longer than
 * `retry_wait_max_ms` or than the call has left.
 */
export async function retriedAnswer<T>(
  attempt: () => Promise<T>,
  rules: RetryRules,
  call: Call,
  onRetry: (error: LakehouseError, wait_ms: number) => void,
): Promise<T> {
  let before: LakehouseError | undefined;
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      // What the provider said itself says more.
      if (before !== undefined && isUnasked(error)) throw before;
      before = error;
      const wait_ms = waitBefore(error, tries, rules);
      if (wait_ms === undefined || wait_ms >= remainingMs(call)) throw error;
      onRetry(error, wait_ms);
      await pause(wait_ms, call);
    }
  }
}

/** Milliseconds to wait before the next try; undefined: do not try again. */
export function waitBefore(
  error: LakehouseError,
  tries: number,
  rules: RetryRules,
  random: () => number = Math.random,
): number | undefined {
  if (tries >= rules.retries_max || !isPassing(error)) return undefined;
  const ceiling_ms = Math.min(rules.retry_wait_max_ms, rules.retry_base_ms * 2 ** tries);
  const jitter_ms = random() * ceiling_ms;
  const asked_s = error.extra["retry_after_s"];
  if (typeof asked_s !== "number") return jitter_ms;
  // A date of a moment ago, or 0, does not mean that all may come at once.
  const asked_ms = Math.max(asked_s * 1000, jitter_ms);
  return asked_ms <= rules.retry_wait_max_ms ? asked_ms : undefined;
}

/** Nothing was asked yet, or nothing was done by its own word: a lost answer may be paid for. */
function isPassing(error: LakehouseError): boolean {
  return (
    error.reason === "provider_unreachable" ||
    error.reason === "provider_rate_limited" ||
    error.extra["provider_status"] === 503
  );
}

function pause(wait_ms: number, call: Call): Promise<void> {
  const { signal } = call;
  return new Promise<void>((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(cancelledError(call));
    };
    const timer = setTimeout(() => {
      if (signal !== NEVER) signal.removeEventListener("abort", leave);
      resolve();
    }, wait_ms);
    if (signal.aborted) leave();
    else if (signal !== NEVER) signal.addEventListener("abort", leave, { once: true });
  });
}
