// Swaps of pointers, all or none, with the journal event of each change kept until it is written.
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import type { PointerChange, PointerStore } from "#ports/pointer-store.ts";
import {
  pendingEvent,
  toHeld,
  type DatasetRecord,
  type Held,
  type PendingEvent,
} from "./dataset-record.ts";
import type { Outbox } from "./outbox.ts";

/** The space of the pointer store that holds the datasets by name. */
export const SPACE = "datasets";
/** Datasets whose name was freed, by `<name>:<dataset_id>`; their files are all there. */
export const DROPPED = "dropped";
/** Events of changes after which no record is left to hold them, by change id. */
const EVENTS = "events";

export type ChangeEvent = Pick<PendingEvent, "action" | "before" | "after" | "details">;

/** What is to become of the dataset of one name. */
export interface DatasetChange {
  readonly name: string;
  readonly held: Held | undefined;
  /** What the pointer is to hold, its outbox filled in here; undefined: the name becomes free. */
  readonly record: Omit<DatasetRecord, "outbox"> | undefined;
  readonly event?: ChangeEvent;
}

export interface PointerSwaps {
  /**
   * Makes all these changes if every pointer is still as it was held; then their events are
   * journalled too. `also`: other pointers that are swapped with them.
   */
  swap(
    changes: readonly DatasetChange[],
    also: readonly PointerChange[],
    call: Call,
  ): Promise<boolean>;
  /** The same for pointers that are no datasets. */
  swapOthers(
    changes: readonly PointerChange[],
    event: ChangeEvent & { readonly subject: string },
    call: Call,
  ): Promise<boolean>;
  /** Journals what an earlier run changed and could not journal any more. */
  recoverOutboxes(): Promise<void>;
  /** Removes from the pointers what the journal has, so that the next start need not look. */
  clearOutboxes(): Promise<void>;
}

export interface PointerSwapNeeds {
  readonly pointers: PointerStore;
  readonly outbox: Outbox;
  readonly clock: Clock;
}

export function createPointerSwaps({ pointers, outbox, clock }: PointerSwapNeeds): PointerSwaps {
  /** Datasets whose pointer names events that are in the journal by now. */
  const cluttered = new Set<string>();
  /** Events that stand alone and are or will be in the journal. */
  const alone = new Set<string>();

  function pending(subject: string, event: ChangeEvent, call: Call): PendingEvent {
    return {
      change_id: newId(clock.now()),
      at_ms: clock.now(),
      actor: call.principal.name,
      trace_id: call.trace_id,
      subject,
      ...event,
    };
  }

  const toAlone = (event: PendingEvent): PointerChange => ({
    space: EVENTS,
    name: event.change_id,
    expected_version: 0,
    value: event,
  });

  async function announce(events: readonly PendingEvent[]): Promise<void> {
    for (const event of events) await outbox.announce(event);
  }

  async function swap(
    changes: readonly DatasetChange[],
    also: readonly PointerChange[],
    call: Call,
  ): Promise<boolean> {
    const events: PendingEvent[] = [];
    const forgotten: string[] = [];
    const left_alone: PendingEvent[] = [];
    const all = changes.map(({ name, held, record, event }): PointerChange => {
      const before = held?.record.outbox ?? [];
      const kept = before.filter((one) => !outbox.isWritten(one.change_id));
      for (const one of before) if (!kept.includes(one)) forgotten.push(one.change_id);
      if (event !== undefined) {
        const told = pending(`dataset:${name}`, event, call);
        events.push(told);
        kept.push(told);
      }
      const expected_version = held?.version ?? 0;
      if (record !== undefined) {
        const value: DatasetRecord = { ...record, outbox: kept };
        return { space: SPACE, name, expected_version, value };
      }
      left_alone.push(...kept);
      return { space: SPACE, name, expected_version, value: undefined };
    });
    if (!(await pointers.swapAll([...all, ...also, ...left_alone.map(toAlone)]))) return false;
    outbox.forget(forgotten);
    for (const { change_id } of left_alone) alone.add(change_id);
    for (const { name, record } of changes) if (record !== undefined) cluttered.add(name);
    await announce(events);
    await clearAlone();
    return true;
  }

  /** What cannot be removed now is removed on stop, or found in the journal on the next start. */
  async function clearAlone(): Promise<void> {
    for (const change_id of [...alone].filter((id) => outbox.isWritten(id))) {
      await pointers.remove(EVENTS, change_id, 1);
      alone.delete(change_id);
      outbox.forget([change_id]);
    }
  }

  async function clear(name: string): Promise<void> {
    const pointer = await pointers.get(SPACE, name);
    const held = pointer === undefined ? undefined : toHeld(pointer);
    if (held === undefined || held.broken !== undefined) return;
    const left = held.record.outbox.filter((one) => !outbox.isWritten(one.change_id));
    if (left.length === held.record.outbox.length) return;
    // If this loses, whoever won has cleared or will clear it.
    await pointers.swap(SPACE, name, held.version, { ...held.record, outbox: left });
  }

  return {
    swap,
    async swapOthers(changes, { subject, ...event }, call) {
      const told = pending(subject, event, call);
      if (!(await pointers.swapAll([...changes, toAlone(told)]))) return false;
      alone.add(told.change_id);
      await announce([told]);
      await clearAlone();
      return true;
    },
    async recoverOutboxes() {
      const all = (await pointers.list(SPACE)).map(toHeld);
      const kept_alone = (await pointers.list(EVENTS)).map(({ value }) =>
        pendingEvent.parse(value),
      );
      await outbox.recover([...all.flatMap((held) => held.record.outbox), ...kept_alone]);
      for (const { record } of all)
        if (record.outbox.length > 0) cluttered.add(record.dataset.name);
      for (const { change_id } of kept_alone) alone.add(change_id);
      await clearAlone();
    },
    async clearOutboxes() {
      for (const name of cluttered) await clear(name);
      cluttered.clear();
      await clearAlone();
    },
  };
}

/** The change that marks a dataset broken. */
export function quarantineChange(
  record: DatasetRecord,
  status_reason: string,
  quarantined_by: "check" | "caller",
  clock: Clock,
): { record: DatasetRecord; event: ChangeEvent } {
  const state = { status: "quarantined", status_reason, updated_at: isoTime(clock) } as const;
  const { dataset } = record;
  return {
    record: { ...record, dataset: { ...dataset, ...state }, quarantined_by },
    event: {
      action: "catalog.quarantine",
      before: dataset.status,
      after: "quarantined",
      details: { dataset_id: dataset.dataset_id, reason: status_reason, by: quarantined_by },
    },
  };
}
