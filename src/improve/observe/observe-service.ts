// observe: takes every operation as an event, keeps it durably, counts it, and streams it.
import type { Clock } from "#kernel/clock.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { Event, EventInput, observe } from "#contracts/observe.ts";
import { toEvent } from "./event-form.ts";
import { createIntake } from "./event-intake.ts";
import { createRing, type EventRing } from "./event-ring.ts";
import { openEventStore } from "./event-store.ts";
import { figuresByEndpoint } from "./event-totals.ts";
import { createFollowers } from "./followers.ts";
import type { ObserveSettings } from "./observe-settings.ts";

export interface ObserveNeeds {
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** The service, and what the same process tells it of every call. */
export interface ObserveService extends Service<typeof observe> {
  /** Events of this process: made by our own code, so that their shape is not checked again. */
  readonly takeOwn: (events: readonly EventInput[]) => Promise<void>;
}

/** Between so many events of this process others are heard: a call would wait for all of them. */
const OWN_AT_ONCE = 40;

export async function createObserve(
  needs: ObserveNeeds,
  settings: ObserveSettings,
): Promise<ObserveService> {
  const { log, clock, dir } = needs;
  const { ring_size, checkpoint_every_events } = settings;
  const store = await openEventStore(dir, ring_size, checkpoint_every_events, log);
  const ring = createRing(ring_size);
  const followers = createFollowers(settings.follower_buffer_events, settings.followers_max, log);
  const intake = createIntake(store, ring, followers, log);

  return {
    async takeOwn(events) {
      const taken: Promise<number>[] = [];
      for (let at = 0; at < events.length; at += OWN_AT_ONCE) {
        if (at > 0) await new Promise(setImmediate);
        const some = events.slice(at, at + OWN_AT_ONCE);
        taken.push(intake.take(some.map((input) => toEvent(input, clock))));
      }
      await Promise.all(taken);
    },
    handlers: {
      async event(input) {
        const event = toEvent(input, clock);
        const durable = (await intake.takeSynced([event])) === 1;
        return { accepted: true, event_id: event.event_id, ring_size: ring.size(), durable };
      },
      async events_bulk({ events }) {
        const durable = await intake.takeSynced(events.map((input) => toEvent(input, clock)));
        return { accepted: events.length, ring_size: ring.size(), durable };
      },
      async stats() {
        const totals = intake.totals();
        return {
          ...totals,
          by_source: Object.fromEntries(totals.by_source),
          by_endpoint: figuresByEndpoint(ring.newestFirst()),
          recent: takeFirst(ring.newestFirst(), settings.recent_count),
          ...intake.figures(),
        };
      },
      events: async (input) => selectEvents(ring, input),
      follow: (input, call) => followers.follow(input.source, call),
    },
    async health() {
      const lost = intake.figures().persist_failures > 0;
      const figures = {
        ...intake.figures(),
        total: intake.totals().total,
        corrupt_lines: store.corruptLines(),
        ...followers.figures(),
        ...(lost ? { reason: "events could not be written down" } : {}),
      };
      return { status: lost ? "degraded" : "ok", figures };
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
