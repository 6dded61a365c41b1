// Limits of many seconds that hardly ever pass: one timer for all of them, looked at each second.

/** A limit that runs; `stopWait` ends it. */
export interface Wait {
  /** Shorter waits have a timer of their own. */
  readonly timer: NodeJS.Timeout | undefined;
  due_ms: number;
  onOver: (() => void) | undefined;
  previous: Wait | undefined;
  next: Wait | undefined;
}

/** Waits up to here are exact; longer ones may last up to two seconds longer, and cost less. */
const EXACT_MS_MAX = 10_000;
const LOOK_EVERY_MS = 1_000;

/** Calls `onOver` after so many milliseconds unless it is stopped before. Must not throw. */
export function startWait(wait_ms: number, onOver: () => void): Wait {
  if (!(wait_ms > EXACT_MS_MAX)) {
    const timer = setTimeout(onOver, wait_ms);
    return { timer, due_ms: 0, onOver: undefined, previous: undefined, next: undefined };
  }
  return waits.start(wait_ms, onOver);
}

/** Safe to call twice, and after it is over. */
export function stopWait(wait: Wait): void {
  if (wait.timer === undefined) waits.stop(wait);
  else clearTimeout(wait.timer);
}

/** The same for what nobody may be waiting for any more: it keeps no process alive. */
export function startIdleWait(wait_ms: number, onOver: () => void): Wait {
  if (wait_ms > EXACT_MS_MAX) return idle_waits.start(wait_ms, onOver);
  const wait = startWait(wait_ms, onOver);
  wait.timer?.unref();
  return wait;
}

const waits = createWaits(LOOK_EVERY_MS);
const idle_waits = createWaits(LOOK_EVERY_MS, { is_idle: true });

/**
 * Waits of equal length (in looks) stand in one ring, in the order in which they will be over. Each
 * may last two looks too long. Idle ones keep no process alive.
 */
export function createWaits(look_every_ms: number, options: { readonly is_idle?: boolean } = {}) {
  const { is_idle = false } = options;
  const rings = new Map<number, Wait>();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;

  function ringOf(length: number): Wait {
    const known = rings.get(length);
    if (known !== undefined) return known;
    const ring: Wait = { ...NO_WAIT };
    ring.previous = ring;
    ring.next = ring;
    rings.set(length, ring);
    return ring;
  }

  function look(): void {
    const now_ms = performance.now();
    for (const [length, ring] of rings) {
      // A ring whose last wait is over is made anew when it is needed.
      if (ring.next === ring) rings.delete(length);
      while (ring.next !== ring && ring.next!.due_ms <= now_ms) {
        const wait = ring.next!;
        const { onOver } = wait;
        takeOut(wait);
        onOver?.();
      }
    }
  }

  function takeOut(wait: Wait): void {
    const { previous, next } = wait;
    if (previous === undefined || next === undefined) return;
    previous.next = next;
    next.previous = previous;
    wait.previous = undefined;
    wait.next = undefined;
    // What waits may be large, and whoever stopped it may keep the wait.
    wait.onOver = undefined;
    // Nobody's limit keeps the process alive once there is nobody.
    if (--count === 0) timer?.unref();
  }

  return {
    stop: takeOut,
    start(wait_ms: number, onOver: () => void): Wait {
      const ring = ringOf(Math.ceil(wait_ms / look_every_ms));
      const due_ms = performance.now() + wait_ms;
      const wait: Wait = { timer: undefined, due_ms, onOver, previous: ring.previous, next: ring };
      ring.previous!.next = wait;
      ring.previous = wait;
      if (timer === undefined) {
        timer = setInterval(look, look_every_ms);
        if (is_idle) timer.unref();
      } else if (count === 0 && !is_idle) timer.ref();
      count++;
      return wait;
    },
  };
}

const NO_WAIT: Wait = {
  timer: undefined,
  due_ms: Number.POSITIVE_INFINITY,
  onOver: undefined,
  previous: undefined,
  next: undefined,
};
