// The way to one embedder: gathers texts of many requests to batches, computes equal ones once.
import { LakehouseError } from "#kernel/problem.ts";
import type { Embedder, EmbeddingBatch } from "#ports/embedder.ts";
import { createTextLine, type WantedText } from "./text-line.ts";
import type { CachedVector } from "./vector-cache.ts";

export interface EmbedQueueSettings {
  readonly batch_texts_max: number;
  readonly batch_characters_max: number;
  readonly batches_in_flight_max: number;
  readonly waiting_texts_max: number;
  readonly urgent_texts_max: number;
}

export interface EmbedQueue {
  /** One entry for each text, in order. Errors: the embedder's, `cancelled`, `unavailable`. */
  compute(wanted: readonly WantedText[], signal: AbortSignal): Promise<CachedVector[]>;
  /** Texts that wait or are being computed. */
  size(): number;
}

export function createEmbedQueue(
  embedder: Embedder,
  settings: EmbedQueueSettings,
  keep: (key: string, entry: CachedVector) => void,
): EmbedQueue {
  const line = createTextLine();
  let in_flight = 0;
  let scheduled = false;

  async function compute(
    wanted: readonly WantedText[],
    signal: AbortSignal,
  ): Promise<CachedVector[]> {
    if (signal.aborted) throw cancelled(LEFT_QUEUE);
    const fresh = wanted.filter(({ key }) => !line.has(key)).length;
    if (line.waiting() + fresh > settings.waiting_texts_max) throw queueFull();
    const is_urgent = wanted.length <= settings.urgent_texts_max;
    const items = wanted.map((one) => line.join(one, is_urgent));
    schedule();
    try {
      const results = items.map((item) => item.result);
      const begun = () => items.some(({ batch }) => batch !== undefined);
      return await orAborted(Promise.all(results), signal, begun);
    } finally {
      for (const item of items) line.release(item);
    }
  }

  /** Waits for the requests that arrive in the same turn of the event loop. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (in_flight < settings.batches_in_flight_max && line.waiting() > 0) void runBatch();
    });
  }

  async function runBatch(): Promise<void> {
    const batch = line.take(settings.batch_texts_max, settings.batch_characters_max);
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
      for (const item of batch.items) line.forget(item);
      schedule();
    }
  }

  return { compute, size: line.size };
}

/** The rows of a batch as entries. */
function splitBatch(answer: EmbeddingBatch, texts: readonly string[]): CachedVector[] {
  const { vectors, dimension, tokens } = answer;
  const pooled = new Set(answer.pooled);
  const text_tokens = answer.text_tokens ?? sharesByLength(tokens, texts);
  return texts.map((_, at) => ({
    vector: vectors.slice(at * dimension, (at + 1) * dimension),
    tokens: text_tokens[at]!,
    pooled: pooled.has(at),
  }));
}

/** Whole numbers that are together what the embedder counted for all. */
function sharesByLength(tokens: number, texts: readonly string[]): number[] {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  let [read, told] = [0, 0];
  return texts.map((text) => {
    read += text.length;
    const until_here = Math.round((tokens * read) / Math.max(1, characters));
    const own = until_here - told;
    told = until_here;
    return own;
  });
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal, begun: () => boolean): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(cancelled(begun() ? undefined : LEFT_QUEUE));
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Nothing of the texts was given to the embedder: nobody pays. */
export const LEFT_QUEUE = "left_queue";

function cancelled(reason: string | undefined): LakehouseError {
  const options = reason === undefined ? {} : { reason };
  return new LakehouseError("cancelled", "embedding was cancelled by its caller", options);
}

function queueFull(): LakehouseError {
  return new LakehouseError("unavailable", "too many texts wait for the embedder", {
    reason: "queue_full",
    hint: "send fewer at once, or again a little later",
    extra: { retry_after_s: 1 },
  });
}
