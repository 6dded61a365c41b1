// observe: takes every operation as an event, keeps it durably, counts it, and streams it.
import type { Clock } from "#kernel/clock.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { Event, observe } from "#contracts/observe.ts";
import { toEvent } from "./event-form.ts";
import { createRing, type EventRing } from "./event-ring.ts";
import { openEventStore } from "./event-store.ts";
import { addToTotals, figuresByEndpoint } from "./event-totals.ts";
import { createFollowers } from "./followers.ts";
import type { ObserveSettings } from "./observe-settings.ts";

export interface ObserveNeeds {
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

export async function createObserve(
  needs: ObserveNeeds,
  settings: ObserveSettings,
): Promise<Service<typeof observe>> {
  const { log, clock, dir } = needs;
  const { ring_size, checkpoint_every_events } = settings;
  const store = await openEventStore(dir, ring_size, checkpoint_every_events, log);
  const ring = createRing(ring_size);
  for (const event of store.restored.newest) ring.push(event);
  const totals = structuredClone(store.restored.totals);
  let durable_events = totals.total;
  let persist_failures = 0;
  const followers = createFollowers(settings.follower_buffer_events, settings.followers_max, log);

  /** True when it is on disk; a log that cannot be written does not make the witness refuse. */
  async function take(event: Event): Promise<boolean> {
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
  }

  const figures = () => ({ durable_events, persist_failures, ring_size: ring.size() });

  return {
    handlers: {
      async event(input) {
        const event = toEvent(input, clock);
        const durable = await take(event);
        return { accepted: true, event_id: event.event_id, ring_size: ring.size(), durable };
      },
      async events_bulk({ events }) {
        const kept = await Promise.all(events.map((input) => take(toEvent(input, clock))));
        const durable = kept.filter(Boolean).length;
        return { accepted: kept.length, ring_size: ring.size(), durable };
      },
      async stats() {
        return {
          ...structuredClone(totals),
          by_endpoint: figuresByEndpoint(ring.newestFirst()),
          recent: takeFirst(ring.newestFirst(), settings.recent_count),
          ...figures(),
        };
      },
      events: async (input) => selectEvents(ring, input),
      follow: (input, call) => followers.follow(input.source, call),
    },
    async health() {
      const lost = persist_failures > 0;
      const reason = "events could not be written down";
      const more = {
        total: totals.total,
        corrupt_lines: store.corruptLines(),
        ...followers.figures(),
      };
      return {
        status: lost ? "degraded" : "ok",
        figures: { ...figures(), ...more, ...(lost ? { reason } : {}) },
      };
    },
    async stop() {
      followers.stop();
      await store.close();
    },
  };
}

type EventsInput = ParsedInputOf<(typeof observe)["operations"]["events"]>;

/** A page of the ring, newest first. A cursor that has left the ring has nothing older in it. */
function selectEvents(ring: EventRing, input: EventsInput) {
  const found: Event[] = [];
  let older = input.before === undefined;
  for (const event of ring.newestFirst()) {
    if (!older) {
      older = event.event_id === input.before;
      continue;
    }
    if (!isWanted(event, input)) continue;
    if (found.length === input.limit) {
      return { events: found, next_before: found.at(-1)!.event_id };
    }
    found.push(event);
  }
  return { events: found, next_before: null };
}

function isWanted(event: Event, input: EventsInput): boolean {
  const { source, endpoint, trace_id, success } = input;
  return (
    (source === undefined || event.source === source) &&
    (endpoint === undefined || event.endpoint.startsWith(endpoint)) &&
    (trace_id === undefined || event.trace_id === trace_id) &&
    (success === undefined || event.success === success)
  );
}

function takeFirst<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === count) break;
    taken.push(item);
  }
  return taken;
}
