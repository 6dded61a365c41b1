// The newest events in memory: a full ring drops its oldest, and never refuses.
import type { Event } from "#contracts/observe.ts";

export interface EventRing {
  /** The event as a line of JSON: thousands of small objects would be moved about for nothing. */
  push(line: string): void;
  size(): number;
  /** Newest first. */
  newestFirst(): Iterable<Event>;
}

export function createRing(capacity: number): EventRing {
  const slots: string[] = [];
  let next = 0;
  return {
    push(line) {
      slots[next] = line;
      next = (next + 1) % capacity;
    },
    size: () => slots.length,
    *newestFirst() {
      const length = slots.length;
      const newest = (next - 1 + length) % length;
      for (let back = 0; back < length; back++) {
        yield JSON.parse(slots[(newest - back + length) % length]!) as Event;
      }
    },
  };
}
