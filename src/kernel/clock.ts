// Time as a need: services take a Clock, so that tests can set it.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** ISO 8601 UTC with milliseconds. */
export function isoTime(clock: Clock): string {
  return isoOf(clock.now());
}

/** Epoch milliseconds as ISO 8601 UTC; throws `RangeError` for what is no time. */
export function isoOf(time_ms: number): string {
  const whole_ms = Math.trunc(time_ms);
  const second = Math.floor(whole_ms / 1000);
  const ms = whole_ms - second * 1000;
  return `${secondText(second)}${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}Z`;
}

/** Many times are written in one second, and a date object costs more than the text. */
const secondText = createSecondText();

function createSecondText(): (second: number) => string {
  let last_second = Number.NaN;
  let last = "";
  return (second) => {
    if (second === last_second) return last;
    last = new Date(second * 1000).toISOString().slice(0, -4);
    last_second = second;
    return last;
  };
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
