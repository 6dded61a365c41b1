// Time as a need: services take a Clock, so that tests can set it.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** ISO 8601 UTC with milliseconds. */
export function isoTime(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/** A clock that stands still until told otherwise. */
export function fixedClock(start_ms: number): Clock & { advance(by_ms: number): void } {
  let now_ms = start_ms;
  return {
    now: () => now_ms,
    advance(by_ms) {
      now_ms += by_ms;
    },
  };
}
