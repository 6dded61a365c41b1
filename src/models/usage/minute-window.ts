// How much happened in the last minute, counted by seconds.

/** One more than a minute, so that an event counts for 60 s at least, whenever in its second. */
const SLOTS = 61;

/** A clock that is kept right goes back a little now and then. */
const SWING_S = 2;

export interface MinuteWindow {
  add(amount: number, now_ms: number): void;
  /** What was added in the last 60 to 61 seconds. */
  sum(now_ms: number): number;
  /** Seconds until the sum is below the limit, if nothing is added. */
  secondsUntilBelow(limit: number, now_ms: number): number;
}

export function createMinuteWindow(): MinuteWindow {
  const amounts = new Float64Array(SLOTS);
  let total = 0;
  let newest_s = 0;
  /** How far the clock was set back: the window goes on from where it was. */
  let behind_s = 0;

  /** Empties the slots of the seconds that have passed since the last look. */
  function turn(now_ms: number): void {
    const now_s = Math.floor(now_ms / 1000) + behind_s;
    if (now_s < newest_s - SWING_S) behind_s += newest_s - now_s;
    if (now_s <= newest_s) return;
    if (now_s - newest_s >= SLOTS) {
      amounts.fill(0);
      total = 0;
    } else {
      for (let second = newest_s + 1; second <= now_s; second++) {
        total -= amounts[second % SLOTS]!;
        amounts[second % SLOTS] = 0;
      }
    }
    newest_s = now_s;
  }

  return {
    add(amount, now_ms) {
      turn(now_ms);
      amounts[newest_s % SLOTS]! += amount;
      total += amount;
    },
    sum(now_ms) {
      turn(now_ms);
      return total;
    },
    secondsUntilBelow(limit, now_ms) {
      turn(now_ms);
      let left = total;
      for (let wait_s = 0; wait_s < SLOTS; wait_s++) {
        if (left < limit) return wait_s;
        left -= amounts[(newest_s + wait_s + 1) % SLOTS]!;
      }
      return SLOTS;
    },
  };
}
