// Datasets by name: every change is a compare-and-swap of one pointer, tried again when it loses.
import { setTimeout as wait } from "node:timers/promises";
import { throwIfOver, type Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerStore } from "#ports/pointer-store.ts";
import {
  quarantinedError,
  toHeld,
  type DatasetRecord,
  type Held,
  type PendingEvent,
} from "./dataset-record.ts";
import { BrokenMetadata, type MetadataObjects } from "./metadata-objects.ts";
import type { Outbox } from "./outbox.ts";

export interface Change {
  /** What the pointer is to hold; its outbox is filled in here. */
  readonly record: Omit<DatasetRecord, "outbox">;
  readonly event: Pick<PendingEvent, "action" | "before" | "after" | "details">;
  /** Objects that are of no use when the change loses the race. */
  readonly written?: readonly string[];
  /** Objects that are of no use once it has won. */
  readonly expired?: readonly string[];
}

/** What to do about the present state: change it, or just answer. */
export interface Step<T> {
  readonly change?: Change;
  readonly answer: T;
}

export interface CatalogStore {
  get(name: string): Promise<Held | undefined>;
  /** All datasets in name order. */
  list(): Promise<readonly Held[]>;
  /**
   * Works on the present state of a dataset, one change at a time for each name in this process; a
   * step that loses to another process is run again. Metadata found broken quarantines the dataset.
   */
  change<T>(
    name: string,
    call: Call,
    step: (held: Held | undefined) => Promise<Step<T>>,
  ): Promise<T>;
  /** Reads with the metadata of the present state; broken metadata quarantines, as above. */
  read<T>(name: string, call: Call, work: (held: Held | undefined) => Promise<T>): Promise<T>;
  recoverOutboxes(): Promise<void>;
  clearOutboxes(): Promise<void>;
}

export interface CatalogStoreNeeds {
  readonly pointers: PointerStore;
  readonly objects: MetadataObjects;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly attempts_max: number;
}

const SPACE = "datasets";
const PAUSE_MS_MAX = 200;

export function createCatalogStore(needs: CatalogStoreNeeds): CatalogStore {
  const { pointers, objects, outbox, clock, log } = needs;
  const locks = createKeyedLock();
  /** Datasets whose pointer names events that are in the journal by now. */
  const cluttered = new Set<string>();

  async function get(name: string): Promise<Held | undefined> {
    const pointer = await pointers.get(SPACE, name);
    return pointer === undefined ? undefined : toHeld(pointer);
  }

  /** True when the pointer was still the held one; then the event is journalled too. */
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

  async function tidy(keys: readonly string[] | undefined, call: Call): Promise<void> {
    if (keys === undefined || keys.length === 0) return;
    // Orphans take room and nothing else, so the change goes on without this.
    await objects
      .remove(keys, call)
      .catch((error: unknown) => log.warn({ err: error, keys }, "orphans are left in storage"));
  }

  async function change<T>(
    name: string,
    call: Call,
    step: (held: Held | undefined) => Promise<Step<T>>,
  ): Promise<T> {
    for (let attempt = 1; attempt <= needs.attempts_max; attempt++) {
      throwIfOver(call);
      const held = await get(name);
      let next: Step<T>;
      try {
        next = await step(held);
      } catch (error) {
        if (!(error instanceof BrokenMetadata)) throw error;
        if ((await get(name))?.version !== held?.version) continue;
        await quarantineBroken(name, held, error, call);
        throw quarantinedError(name, error.message);
      }
      if (next.change === undefined) return next.answer;
      if (await swap(name, held, next.change, call)) {
        await tidy(next.change.expired, call);
        return next.answer;
      }
      await tidy(next.change.written, call);
      await wait(Math.random() * Math.min(PAUSE_MS_MAX, 2 ** attempt));
    }
    throw new LakehouseError("conflict", `"${name}" was changed by others all the time`, {
      reason: "snapshot_moved",
      hint: "try again",
    });
  }

  /** Loses quietly to whoever changed the dataset meanwhile: they saw it too. */
  async function quarantineBroken(
    name: string,
    held: Held | undefined,
    error: BrokenMetadata,
    call: Call,
  ): Promise<void> {
    if (held === undefined || held.broken !== undefined) return;
    if (held.record.dataset.status !== "healthy") return;
    await swap(name, held, quarantineChange(held.record, error.message, "check", clock), call);
  }

  return {
    get,
    list: async () => (await pointers.list(SPACE)).map(toHeld),
    change: (name, call, step) => locks.run(name, () => change(name, call, step)),
    async read(name, call, work) {
      for (let attempt = 1; ; attempt++) {
        throwIfOver(call);
        const held = await get(name);
        try {
          return await work(held);
        } catch (error) {
          if (!(error instanceof BrokenMetadata)) throw error;
          if (attempt < needs.attempts_max && (await get(name))?.version !== held?.version) continue;
          await locks.run(name, () => quarantineBroken(name, held, error, call));
          throw quarantinedError(name, error.message);
        }
      }
    },
    async recoverOutboxes() {
      const all = (await pointers.list(SPACE)).map(toHeld);
      await outbox.recover(all.flatMap((held) => held.record.outbox));
      for (const { record } of all) if (record.outbox.length > 0) cluttered.add(record.dataset.name);
    },
    async clearOutboxes() {
      for (const name of cluttered) {
        const held = await get(name);
        if (held === undefined || held.broken !== undefined) continue;
        const left = held.record.outbox.filter((one) => !outbox.isWritten(one.change_id));
        if (left.length === held.record.outbox.length) continue;
        // If this loses, whoever won has cleared or will clear it.
        await pointers.swap(SPACE, name, held.version, { ...held.record, outbox: left });
      }
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
