// The newest events in memory: a full ring drops its oldest, and never refuses.
import type { Event } from "#contracts/observe.ts";

export interface EventRing {
  push(event: Event): void;
  size(): number;
  /** Newest first. */
  newestFirst(): Iterable<Event>;
}

export function createRing(capacity: number): EventRing {
  const slots: Event[] = [];
  let next = 0;
  return {
    push(event) {
      slots[next] = event;
      next = (next + 1) % capacity;
    },
    size: () => slots.length,
    *newestFirst() {
      const length = slots.length;
      const newest = (next - 1 + length) % length;
      for (let back = 0; back < length; back++) yield slots[(newest - back + length) % length]!;
    },
  };
}
