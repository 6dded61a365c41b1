// Datasets by name: every change is a compare-and-swap of pointers, tried again when it loses.
import { setTimeout as wait } from "node:timers/promises";
import { throwIfOver, type Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerChange, PointerStore } from "#ports/pointer-store.ts";
import { quarantinedError, toHeld, type Held } from "./dataset-record.ts";
import type { Outbox } from "./outbox.ts";
import {
  createPointerSwaps,
  quarantineChange,
  SPACE,
  type DatasetChange,
  type PointerSwaps,
} from "./pointer-swaps.ts";
import { BrokenMetadata, type TableObjects } from "./table-objects.ts";

/** What goes with a change of datasets, whichever they are. */
interface Beside {
  /** Other pointers that are swapped with it. */
  readonly also?: readonly PointerChange[];
  /** Locations of objects that are of no use when the change loses the race. */
  readonly written?: readonly string[];
  /** Locations of objects that are of no use once it has won. */
  readonly expired?: readonly string[];
}

/** What is to become of the one dataset that is worked on. */
export type Change = Beside & Pick<DatasetChange, "record" | "event">;

/** What to do about the present state: change it, or just answer. */
export interface Step<T> {
  readonly change?: Change;
  readonly answer: T;
}

/** The same for several datasets: all of it or nothing. */
export interface StepOfMany<T> {
  readonly change?: Beside & { readonly datasets: readonly DatasetChange[] };
  readonly answer: T;
}

export type HeldByName = ReadonlyMap<string, Held | undefined>;

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
  changeMany<T>(
    names: readonly string[],
    call: Call,
    step: (held: HeldByName) => Promise<StepOfMany<T>>,
  ): Promise<T>;
  /** Reads with the metadata of the present state; broken metadata quarantines, as above. */
  read<T>(name: string, call: Call, work: (held: Held | undefined) => Promise<T>): Promise<T>;
  /** Runs while nothing in this process changes the dataset of that name. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  readonly swaps: PointerSwaps;
}

export interface CatalogStoreNeeds {
  readonly pointers: PointerStore;
  readonly objects: TableObjects;
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

  async function getAll(names: readonly string[]): Promise<HeldByName> {
    return new Map(await Promise.all(names.map(async (name) => [name, await get(name)] as const)));
  }

  /** Work on the present state; undefined: its metadata was replaced meanwhile, look again. */
  async function look<T>(
    names: readonly string[],
    call: Call,
    work: (held: HeldByName) => Promise<T>,
  ): Promise<{ result: T } | undefined> {
    throwIfOver(call);
    const all = await getAll(names);
    try {
      return { result: await work(all) };
    } catch (error) {
      if (!(error instanceof BrokenMetadata)) throw error;
      const name = names.find((one) => one === error.dataset) ?? names[0]!;
      const held = all.get(name);
      if ((await get(name))?.version !== held?.version) return undefined;
      if (held?.broken === undefined && held?.record.dataset.status === "healthy") {
        // If this loses, somebody else has seen it too, or has replaced what was broken.
        const change = quarantineChange(held.record, error.message, "check", clock);
        await swaps.swap([{ name, held, ...change }], [], call);
      }
      throw quarantinedError(name, error.message);
    }
  }

  async function changeMany<T>(
    names: readonly string[],
    call: Call,
    step: (held: HeldByName) => Promise<StepOfMany<T>>,
  ): Promise<T> {
    for (let attempt = 1; attempt <= attempts_max; attempt++) {
      const found = await look(names, call, step);
      if (found === undefined) continue;
      const { change: wanted, answer } = found.result;
      if (wanted === undefined) return answer;
      const won = await swaps.swap(wanted.datasets, wanted.also ?? [], call);
      await removeUnused(needs, won ? wanted.expired : wanted.written, call);
      if (won) return answer;
      await wait(Math.random() * Math.min(PAUSE_MS_MAX, 2 ** attempt));
    }
    throw changedAllTheTime(names);
  }

  /** In one order everywhere, so that two who want the same names do not wait for each other. */
  function locked<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = names;
    return first === undefined ? work() : locks.run(first, () => locked(rest, work));
  }

  return {
    get,
    list: async () => (await pointers.list(SPACE)).map(toHeld),
    change: (name, call, step) =>
      locked([name], () =>
        changeMany([name], call, async (all) => {
          const held = all.get(name);
          const { change, answer } = await step(held);
          if (change === undefined) return { answer };
          const { record, event, ...beside } = change;
          const one = { name, held, record, ...(event === undefined ? {} : { event }) };
          return { change: { ...beside, datasets: [one] }, answer };
        }),
      ),
    changeMany: (names, call, step) =>
      locked([...new Set(names)].toSorted(), () => changeMany(names, call, step)),
    async read(name, call, work) {
      for (let attempt = 1; attempt <= attempts_max; attempt++) {
        const found = await look([name], call, (all) => work(all.get(name)));
        if (found !== undefined) return found.result;
      }
      throw changedAllTheTime([name]);
    },
    alone: (name, work) => locks.run(name, work),
    swaps,
  };
}

/** Objects nobody refers to take room and nothing else: what cannot be removed is an orphan. */
async function removeUnused(
  { objects, log }: CatalogStoreNeeds,
  locations: readonly string[] | undefined,
  call: Call,
): Promise<void> {
  if (locations === undefined || locations.length === 0) return;
  await objects
    .remove(locations, call)
    .catch((error: unknown) => log.warn({ err: error, locations }, "orphans are left in storage"));
}

function changedAllTheTime(names: readonly string[]): LakehouseError {
  return new LakehouseError(
    "conflict",
    `"${names.join(", ")}" was changed by others all the time`,
    {
      reason: "snapshot_moved",
      hint: "try again",
    },
  );
}
