// Datasets by name: every change is a compare-and-swap of one pointer, tried again when it loses.
import { setTimeout as wait } from "node:timers/promises";
import { throwIfOver, type Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerStore } from "#ports/pointer-store.ts";
import { quarantinedError, toHeld, type Held } from "./dataset-record.ts";
import { BrokenMetadata, type MetadataObjects } from "./metadata-objects.ts";
import type { Outbox } from "./outbox.ts";
import { createPointerSwaps, quarantineChange, SPACE, type Change } from "./pointer-swaps.ts";

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

const PAUSE_MS_MAX = 200;

export function createCatalogStore(needs: CatalogStoreNeeds): CatalogStore {
  const { pointers, outbox, clock, attempts_max } = needs;
  const locks = createKeyedLock();
  const swaps = createPointerSwaps({ pointers, outbox, clock });

  async function get(name: string): Promise<Held | undefined> {
    const pointer = await pointers.get(SPACE, name);
    return pointer === undefined ? undefined : toHeld(pointer);
  }

  /** Work on the present state; undefined: its metadata was replaced meanwhile, look again. */
  async function look<T>(
    name: string,
    call: Call,
    work: (held: Held | undefined) => Promise<T>,
  ): Promise<{ held: Held | undefined; result: T } | undefined> {
    throwIfOver(call);
    const held = await get(name);
    try {
      return { held, result: await work(held) };
    } catch (error) {
      if (!(error instanceof BrokenMetadata)) throw error;
      if ((await get(name))?.version !== held?.version) return undefined;
      if (held?.broken === undefined && held?.record.dataset.status === "healthy") {
        // If this loses, somebody else has seen it too, or has replaced what was broken.
        await swaps.swap(
          name,
          held,
          quarantineChange(held.record, error.message, "check", clock),
          call,
        );
      }
      throw quarantinedError(name, error.message);
    }
  }

  async function change<T>(
    name: string,
    call: Call,
    step: (held: Held | undefined) => Promise<Step<T>>,
  ): Promise<T> {
    for (let attempt = 1; attempt <= attempts_max; attempt++) {
      const found = await look(name, call, step);
      if (found === undefined) continue;
      const { change: wanted, answer } = found.result;
      if (wanted === undefined) return answer;
      const won = await swaps.swap(name, found.held, wanted, call);
      await removeOrphans(needs, won ? wanted.expired : wanted.written, call);
      if (won) return answer;
      await wait(Math.random() * Math.min(PAUSE_MS_MAX, 2 ** attempt));
    }
    throw changedAllTheTime(name);
  }

  return {
    get,
    list: async () => (await pointers.list(SPACE)).map(toHeld),
    change: (name, call, step) => locks.run(name, () => change(name, call, step)),
    async read(name, call, work) {
      for (let attempt = 1; attempt <= attempts_max; attempt++) {
        const found = await look(name, call, work);
        if (found !== undefined) return found.result;
      }
      throw changedAllTheTime(name);
    },
    recoverOutboxes: swaps.recoverOutboxes,
    clearOutboxes: swaps.clearOutboxes,
  };
}

/** Orphans take room and nothing else, so the change goes on when they cannot be removed. */
async function removeOrphans(
  { objects, log }: CatalogStoreNeeds,
  keys: readonly string[] | undefined,
  call: Call,
): Promise<void> {
  if (keys === undefined || keys.length === 0) return;
  await objects
    .remove(keys, call)
    .catch((error: unknown) => log.warn({ err: error, keys }, "orphans are left in storage"));
}

function changedAllTheTime(name: string): LakehouseError {
  return new LakehouseError("conflict", `"${name}" was changed by others all the time`, {
    reason: "snapshot_moved",
    hint: "try again",
  });
}
