// Takes an event everywhere it belongs: ring, totals, followers, log. Never refuses.
import type { Log } from "#kernel/log.ts";
import type { Event } from "#contracts/observe.ts";
import type { EventRing } from "./event-ring.ts";
import type { EventStore } from "./event-store.ts";
import { addToTotals, type Totals } from "./event-totals.ts";
import type { Followers } from "./followers.ts";

export interface EventIntake {
  /** True when it is on disk; a log that cannot be written does not make the witness refuse. */
  take(event: Event): Promise<boolean>;
  totals(): Totals;
  figures(): { durable_events: number; persist_failures: number; ring_size: number };
}

export function createIntake(
  store: EventStore,
  ring: EventRing,
  followers: Followers,
  log: Log,
): EventIntake {
  for (const event of store.restored.newest) ring.push(event);
  const totals = structuredClone(store.restored.totals);
  let durable_events = totals.total;
  let persist_failures = 0;
  return {
    totals: () => structuredClone(totals),
    figures: () => ({ durable_events, persist_failures, ring_size: ring.size() }),
    async take(event) {
      ring.push(event);
      addToTotals(totals, event);
      followers.publish(event);
      try {
        await store.append(event);
        durable_events++;
        return true;
      } catch (error) {
        persist_failures++;
        log.error({ err: error, event_id: event.event_id }, "an event could not be written down");
        return false;
      }
    },
  };
}
