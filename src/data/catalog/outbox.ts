// Journal events of changes that are made: each is written once its change is, also after a crash.
import type { journal, JournalEvent } from "#contracts/journal.ts";
import { startCall } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";
import type { PendingEvent } from "./dataset-record.ts";

export interface Outbox {
  /** Writes the event and those that failed before it; what fails is logged and tried again. */
  announce(event: PendingEvent): Promise<void>;
  /** Writes those of these events, left by an earlier run, that the journal does not have. */
  recover(events: readonly PendingEvent[]): Promise<void>;
  /** Whether this event is known to be in the journal, so that its pointer may forget it. */
  isWritten(change_id: string): boolean;
  forget(change_ids: Iterable<string>): void;
  /** Events that wait because the journal did not take them. */
  waiting(): number;
}

const JOURNAL_TIMEOUT_MS = 30_000;
const WAITING_MAX = 10_000;
const PAGE = 1_000;
/** Room for clocks that differ between catalog and journal. */
const CLOCK_SLACK_MS = 60_000;

export function createOutbox(client: Client<typeof journal>, log: Log): Outbox {
  const written = new Set<string>();
  const waiting: PendingEvent[] = [];
  let sending: Promise<void> = Promise.resolve();

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const event = waiting[0]!;
      try {
        await append(client, event);
      } catch (error) {
        // The change stands; its event stays in the pointer and is written later.
        log.error({ err: error, change_id: event.change_id }, "a change is not journalled yet");
        return;
      }
      written.add(event.change_id);
      waiting.shift();
    }
  }

  async function announceAll(events: readonly PendingEvent[]): Promise<void> {
    if (waiting.length + events.length <= WAITING_MAX) waiting.push(...events);
    sending = sending.then(send);
    await sending;
  }

  return {
    announce: (event) => announceAll([event]),
    async recover(events) {
      if (events.length === 0) return;
      const wanted = new Set(events.map((event) => event.change_id));
      const oldest_ms = Math.min(...events.map((event) => event.at_ms)) - CLOCK_SLACK_MS;
      const found = await findJournalled(client, wanted, oldest_ms);
      for (const id of found) written.add(id);
      const missing = events.filter((event) => !found.has(event.change_id));
      if (missing.length === 0) return;
      log.warn(
        { events: missing.length },
        "journalling changes whose events a crash had kept back",
      );
      const in_order = missing.toSorted((a, b) => a.at_ms - b.at_ms);
      await announceAll(in_order.map((event) => withRecovered(event)));
    },
    isWritten: (change_id) => written.has(change_id),
    forget(change_ids) {
      for (const id of change_ids) written.delete(id);
    },
    waiting: () => waiting.length,
  };
}

function withRecovered(event: PendingEvent): PendingEvent {
  const changed_at = new Date(event.at_ms).toISOString();
  return { ...event, details: { ...event.details, recovered: true, changed_at } };
}

function changeIdOf(event: JournalEvent): string {
  const id = event.details["change_id"];
  return typeof id === "string" ? id : "";
}

async function append(client: Client<typeof journal>, event: PendingEvent): Promise<void> {
  const { action, subject, before, after, change_id, actor, trace_id } = event;
  const principal = { name: actor, scopes: ["read", "write", "admin"] as const };
  // A call of its own: the event must be written even if the caller has left.
  const call = startCall({ trace_id, principal, timeout_ms: JOURNAL_TIMEOUT_MS });
  const details = { ...event.details, change_id };
  await client.append({ action, subject, before, after, details }, call);
}

/** Ids among `wanted` that the journal has; reads back only as far as they can stand. */
async function findJournalled(
  client: Client<typeof journal>,
  wanted: ReadonlySet<string>,
  since_ms: number,
): Promise<Set<string>> {
  const found = new Set<string>();
  let before_seq: number | undefined;
  while (found.size < wanted.size) {
    const query = before_seq === undefined ? {} : { before_seq };
    const { events } = await client.list({ limit: PAGE, order: "newest", ...query });
    for (const id of events.map(changeIdOf)) if (wanted.has(id)) found.add(id);
    const last = events.at(-1);
    if (last === undefined || Date.parse(last.recorded_at) < since_ms) break;
    before_seq = last.seq;
  }
  return found;
}
