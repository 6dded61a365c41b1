// The texts that wait for one embedder: each once, with a count of those who wait for it.
import type { CachedVector } from "./vector-cache.ts";

export interface WantedText {
  readonly key: string;
  readonly text: string;
}

/** A text on its way. */
export interface Item extends WantedText {
  readonly result: Promise<CachedVector>;
  settle(outcome: { entry: CachedVector } | { error: Error }): void;
  waiters: number;
  batch: Batch | undefined;
  /** The request that wants it; undefined: several do. */
  asker: Asker | undefined;
}

/** One request, told from others by being itself. */
export type Asker = object;

export interface Batch {
  readonly items: readonly Item[];
  readonly controller: AbortController;
}

export interface TextLine {
  /** The item of a text, new or already on its way, with one more who waits for it. */
  join(wanted: WantedText, is_urgent: boolean, asker: Asker): Item;
  /** One waits no more. A batch is stopped once nobody waits for any of its texts. */
  release(item: Item): void;
  /** The next batch, urgent texts first. */
  take(texts_max: number, characters_max: number): Batch;
  /** The item is computed, or failed. */
  forget(item: Item): void;
  has(key: string): boolean;
  /** Texts that wait. */
  waiting(): number;
  /** Texts that wait or are being computed. */
  size(): number;
}

export function createTextLine(): TextLine {
  const on_its_way = new Map<string, Item>();
  const urgent = new Set<Item>();
  const patient = new Set<Item>();

  function forget(item: Item): void {
    if (on_its_way.get(item.key) === item) on_its_way.delete(item.key);
  }

  function join(wanted: WantedText, is_urgent: boolean, asker: Asker): Item {
    const known = on_its_way.get(wanted.key);
    if (known === undefined) {
      const item = openItem(wanted, asker);
      on_its_way.set(wanted.key, item);
      (is_urgent ? urgent : patient).add(item);
      return item;
    }
    known.waiters++;
    if (known.asker !== asker) known.asker = undefined;
    // Somebody who is in a hurry takes a text along that a large request brought.
    if (is_urgent && patient.delete(known)) urgent.add(known);
    return known;
  }

  function release(item: Item): void {
    item.waiters--;
    if (item.waiters > 0) return;
    if (urgent.delete(item) || patient.delete(item)) forget(item);
    const { batch } = item;
    if (batch === undefined || batch.items.some(({ waiters }) => waiters > 0)) return;
    for (const other of batch.items) forget(other);
    batch.controller.abort();
  }

  function take(texts_max: number, characters_max: number): Batch {
    const items: Item[] = [];
    let characters = 0;
    for (const line of [urgent, patient]) {
      for (const item of line) {
        if (items.length >= texts_max || characters >= characters_max) break;
        line.delete(item);
        items.push(item);
        characters += item.text.length;
      }
    }
    const batch = { items, controller: new AbortController() };
    for (const item of items) item.batch = batch;
    return batch;
  }

  return {
    join,
    release,
    take,
    forget,
    has: (key) => on_its_way.has(key),
    waiting: () => urgent.size + patient.size,
    size: () => on_its_way.size,
  };
}

function openItem({ key, text }: WantedText, asker: Asker): Item {
  const { promise, resolve, reject } = Promise.withResolvers<CachedVector>();
  // Whoever waited may have left; the failure is not unhandled then.
  promise.catch(() => undefined);
  const settle: Item["settle"] = (outcome) => {
    if ("entry" in outcome) resolve(outcome.entry);
    else reject(outcome.error);
  };
  return { key, text, result: promise, settle, waiters: 1, batch: undefined, asker };
}
