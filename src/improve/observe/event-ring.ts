// The newest events in memory: a full ring drops its oldest, and never refuses.
import type { Event } from "#contracts/observe.ts";

export interface EventRing {
  /** Events as lines of JSON, oldest first; a line may end with a line feed. */
  push(lines: readonly string[]): void;
  size(): number;
  /** Newest first. Nothing may be pushed while it is read. */
  newestFirst(): Iterable<Event>;
}

/** Events that came together, as bytes: what lives for a moment only is no work for the heap. */
interface Batch {
  readonly bytes: Buffer;
  readonly count: number;
}

export function createRing(capacity: number): EventRing {
  /** Oldest first. The oldest batch may hold some that are over the capacity. */
  const batches: Batch[] = [];
  let held = 0;
  const size = () => Math.min(held, capacity);
  return {
    push(lines) {
      if (lines.length === 0) return;
      const kept = lines.length > capacity ? lines.slice(-capacity) : lines;
      batches.push({ bytes: Buffer.from(kept.join("\n")), count: kept.length });
      held += kept.length;
      while (held - batches[0]!.count >= capacity) held -= batches.shift()!.count;
    },
    size,
    *newestFirst() {
      let left = size();
      for (let at = batches.length - 1; at >= 0; at--) {
        const lines = batches[at]!.bytes.toString("utf8").split("\n").filter(Boolean);
        for (let line = lines.length - 1; line >= 0 && left > 0; line--, left--) {
          yield JSON.parse(lines[line]!) as Event;
        }
      }
    },
  };
}
