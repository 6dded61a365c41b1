// One swap of a dataset's pointer, with the journal event of the change in its outbox.
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import type { PointerStore } from "#ports/pointer-store.ts";
import { toHeld, type DatasetRecord, type Held, type PendingEvent } from "./dataset-record.ts";
import type { Outbox } from "./outbox.ts";

/** The space of the pointer store that holds the datasets by name. */
export const SPACE = "datasets";

export interface Change {
  /** What the pointer is to hold; its outbox is filled in here. */
  readonly record: Omit<DatasetRecord, "outbox">;
  readonly event: Pick<PendingEvent, "action" | "before" | "after" | "details">;
  /** Objects that are of no use when the change loses the race. */
  readonly written?: readonly string[];
  /** Objects that are of no use once it has won. */
  readonly expired?: readonly string[];
}

export interface PointerSwaps {
  /** True when the pointer was still the held one; then the event is journalled too. */
  swap(name: string, held: Held | undefined, change: Change, call: Call): Promise<boolean>;
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

  async function swap(name: string, held: Held | undefined, change: Change, call: Call) {
    const before = held?.record.outbox ?? [];
    const pending = before.filter((one) => !outbox.isWritten(one.change_id));
    const event: PendingEvent = {
      change_id: newId(clock.now()),
      at_ms: clock.now(),
      actor: call.principal.name,
      trace_id: call.trace_id,
      subject: `dataset:${name}`,
      ...change.event,
    };
    const value: DatasetRecord = { ...change.record, outbox: [...pending, event] };
    const won = await pointers.swap(SPACE, name, held?.version ?? 0, value);
    if (won === undefined) return false;
    outbox.forget(before.filter((one) => !pending.includes(one)).map((one) => one.change_id));
    await outbox.announce(event);
    cluttered.add(name);
    return true;
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
    async recoverOutboxes() {
      const all = (await pointers.list(SPACE)).map(toHeld);
      await outbox.recover(all.flatMap((held) => held.record.outbox));
      for (const { record } of all)
        if (record.outbox.length > 0) cluttered.add(record.dataset.name);
    },
    async clearOutboxes() {
      for (const name of cluttered) await clear(name);
      cluttered.clear();
    },
  };
}

/** The change that marks a dataset broken. */
export function quarantineChange(
  record: DatasetRecord,
  status_reason: string,
  quarantined_by: "check" | "caller",
  clock: Clock,
): Change {
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
