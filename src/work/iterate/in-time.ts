// The limit of one answer, and of its validation.
import { boundedCall, type Call } from "#kernel/call.ts";
import { type LakehouseError, retold, toLakehouseError } from "#kernel/problem.ts";

/** Whether the time for it is over. A provider's silence has a limit of its own, and says so. */
export function passedLimit({ code, extra }: LakehouseError): boolean {
  return code === "deadline_exceeded" && extra["silent_ms"] === undefined;
}

/** Timers and the clock need not agree to the millisecond. */
const EARLY_MS = 20;

export interface Limit {
  /** Who is named as too slow. */
  readonly who: string;
  readonly timeout_ms: number;
}

/** `deadline_exceeded` names who was slow and the setting, unless the caller has less time. */
export async function inTime<T>(
  call: Call,
  { who, timeout_ms }: Limit,
  ask: (limited: Call) => Promise<T>,
): Promise<T> {
  const limited = boundedCall(call, { timeout_ms });
  try {
    return await ask(limited);
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    if (limited.deadline_ms >= call.deadline_ms || !passedLimit(error)) throw error;
    // A look-up, say, has a limit of its own, and its own words for it.
    if (Date.now() < limited.deadline_ms - EARLY_MS) throw error;
    throw retold(error, {
      message: `${who} did not answer within ${timeout_ms} ms`,
      hint: "the limit of one answer is the setting iterate.attempt_timeout_ms",
    });
  }
}
