// The way to one embedder: gathers texts of many requests to batches, computes equal ones once.
import { LakehouseError } from "#kernel/problem.ts";
import type { Embedder, EmbeddingBatch } from "#ports/embedder.ts";
import type { CachedVector } from "./vector-cache.ts";

export interface EmbedQueueSettings {
  readonly batch_texts_max: number;
  readonly batch_characters_max: number;
  readonly batches_in_flight_max: number;
  readonly waiting_texts_max: number;
  readonly urgent_texts_max: number;
}

export interface WantedText {
  readonly key: string;
  readonly text: string;
}

export interface EmbedQueue {
  /** One entry for each wanted text, in order. Rejects with the embedder's error, or `cancelled`. */
  compute(wanted: readonly WantedText[], signal: AbortSignal): Promise<CachedVector[]>;
  /** Texts that wait or are being computed. */
  size(): number;
}

/** A text on its way, with those who wait for it. */
interface Item {
  readonly key: string;
  readonly text: string;
  readonly result: Promise<CachedVector>;
  settle(outcome: { entry: CachedVector } | { error: Error }): void;
  waiters: number;
  batch: Batch | undefined;
}

interface Batch {
  readonly items: readonly Item[];
  readonly controller: AbortController;
}

export function createEmbedQueue(
  embedder: Embedder,
  settings: EmbedQueueSettings,
  keep: (key: string, entry: CachedVector) => void,
): EmbedQueue {
  const on_its_way = new Map<string, Item>();
  const urgent = new Set<Item>();
  const waiting = new Set<Item>();
  let in_flight = 0;
  let scheduled = false;

  async function compute(
    wanted: readonly WantedText[],
    signal: AbortSignal,
  ): Promise<CachedVector[]> {
    if (signal.aborted) throw cancelled();
    const line = wanted.length <= settings.urgent_texts_max ? urgent : waiting;
    const fresh = wanted.filter(({ key }) => !on_its_way.has(key)).length;
    if (urgent.size + waiting.size + fresh > settings.waiting_texts_max) throw queueFull();
    const items = wanted.map((one) => join(one, line));
    schedule();
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      for (const item of items) release(item);
    };
    try {
      return await orAborted(Promise.all(items.map((item) => item.result)), signal);
    } finally {
      leave();
    }
  }

  function join(one: WantedText, line: Set<Item>): Item {
    const known = on_its_way.get(one.key);
    if (known === undefined) {
      const item = openItem(one);
      on_its_way.set(one.key, item);
      line.add(item);
      return item;
    }
    known.waiters++;
    // Somebody who is in a hurry takes a text along that a large request brought.
    if (line === urgent && waiting.delete(known)) urgent.add(known);
    return known;
  }

  /** A batch is stopped once nobody waits for any of its texts. */
  function release(item: Item): void {
    item.waiters--;
    if (item.waiters > 0) return;
    if (urgent.delete(item) || waiting.delete(item)) forget(item);
    const { batch } = item;
    if (batch?.items.every(({ waiters }) => waiters === 0)) {
      for (const other of batch.items) forget(other);
      batch.controller.abort();
    }
  }

  function forget(item: Item): void {
    if (on_its_way.get(item.key) === item) on_its_way.delete(item.key);
  }

  /** Waits for the requests that arrive in the same turn of the event loop. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (in_flight < settings.batches_in_flight_max && urgent.size + waiting.size > 0) {
        void runBatch();
      }
    });
  }

  function takeBatch(): Batch {
    const items: Item[] = [];
    let characters = 0;
    for (const line of [urgent, waiting]) {
      for (const item of line) {
        if (items.length >= settings.batch_texts_max) break;
        if (characters >= settings.batch_characters_max) break;
        line.delete(item);
        items.push(item);
        characters += item.text.length;
      }
    }
    const batch = { items, controller: new AbortController() };
    for (const item of items) item.batch = batch;
    return batch;
  }

  async function runBatch(): Promise<void> {
    const batch = takeBatch();
    in_flight++;
    try {
      const texts = batch.items.map(({ text }) => text);
      const answer = await embedder.embed(texts, batch.controller.signal);
      for (const [at, entry] of splitBatch(answer, texts).entries()) {
        const item = batch.items[at]!;
        keep(item.key, entry);
        item.settle({ entry });
      }
    } catch (error) {
      for (const item of batch.items) item.settle({ error: error as Error });
    } finally {
      in_flight--;
      for (const item of batch.items) forget(item);
      schedule();
    }
  }

  return { compute, size: () => on_its_way.size };
}

function openItem({ key, text }: WantedText): Item {
  const { promise, resolve, reject } = Promise.withResolvers<CachedVector>();
  // Whoever waited may have left; the failure is not unhandled then.
  promise.catch(() => undefined);
  const settle: Item["settle"] = (outcome) => {
    if ("entry" in outcome) resolve(outcome.entry);
    else reject(outcome.error);
  };
  return { key, text, result: promise, settle, waiters: 1, batch: undefined };
}

/** The rows of a batch as entries of their own; tokens by length where the embedder has no count. */
function splitBatch(answer: EmbeddingBatch, texts: readonly string[]): CachedVector[] {
  const { vectors, dimension, tokens, text_tokens } = answer;
  const pooled = new Set(answer.pooled);
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return texts.map((text, at) => ({
    vector: vectors.slice(at * dimension, (at + 1) * dimension),
    tokens: text_tokens?.[at] ?? Math.round((tokens * text.length) / Math.max(1, characters)),
    pooled: pooled.has(at),
  }));
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(cancelled());
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

function cancelled(): LakehouseError {
  return new LakehouseError("cancelled", "embedding was cancelled by its caller");
}

function queueFull(): LakehouseError {
  return new LakehouseError("unavailable", "too many texts wait for the embedder", {
    reason: "queue_full",
    hint: "send fewer at once, or again a little later",
    extra: { retry_after_s: 1 },
  });
}
