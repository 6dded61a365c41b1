// Takes an event everywhere it belongs: ring, totals, followers, log. Never refuses.
import { toLine } from "#kernel/jsonl-writer.ts";
import type { Log } from "#kernel/log.ts";
import type { Event } from "#contracts/observe.ts";
import type { EventRing } from "./event-ring.ts";
import type { EventStore } from "./event-store.ts";
import { addToTotals, type Totals } from "./event-totals.ts";
import type { Followers } from "./followers.ts";

export interface EventIntake {
  /** How many are written; a log that cannot be written does not make the witness refuse. */
  take(events: readonly Event[]): Promise<number>;
  /** The same, and they are on disk (fsync). */
  takeSynced(events: readonly Event[]): Promise<number>;
  totals(): Totals;
  figures(): { durable_events: number; persist_failures: number; ring_size: number };
}

export function createIntake(
  store: EventStore,
  ring: EventRing,
  followers: Followers,
  log: Log,
): EventIntake {
  ring.push(store.restored.newest.map(toLine));
  const totals = structuredClone(store.restored.totals);
  let durable_events = totals.total;
  let persist_failures = 0;

  async function persist(events: readonly Event[], lines: readonly string[]): Promise<number> {
    try {
      await store.append(events, lines);
      durable_events += events.length;
      return events.length;
    } catch (error) {
      // What is too large together may be kept one by one.
      if (events.length === 1) return failed(events[0]!, error);
      let kept = 0;
      for (const [at, event] of events.entries()) kept += await persist([event], [lines[at]!]);
      return kept;
    }
  }

  function failed(event: Event, error: unknown): 0 {
    persist_failures++;
    const { event_id } = event;
    log.error({ err: error, event_id }, "an event could not be written down");
    return 0;
  }

  function lineOf(event: Event): string | undefined {
    try {
      return toLine(event);
    } catch (error) {
      failed(event, error);
      return undefined;
    }
  }

  async function take(events: readonly Event[]): Promise<number> {
    const kept: Event[] = [];
    const lines: string[] = [];
    for (const event of events) {
      addToTotals(totals, event);
      followers.publish(event);
      const line = lineOf(event);
      if (line === undefined) continue;
      kept.push(event);
      lines.push(line);
    }
    ring.push(lines);
    return kept.length === 0 ? 0 : persist(kept, lines);
  }

  return {
    totals: () => structuredClone(totals),
    figures: () => ({ durable_events, persist_failures, ring_size: ring.size() }),
    take,
    async takeSynced(events) {
      const written = await take(events);
      try {
        await store.sync();
        return written;
      } catch (error) {
        persist_failures++;
        log.error({ err: error }, "events could not be synced");
        return 0;
      }
    },
  };
}
