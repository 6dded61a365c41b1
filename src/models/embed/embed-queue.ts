// The way to one embedder: gathers texts of many requests to batches, computes equal ones once.
import type { TokenUsage } from "#contracts/nouns.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { Embedder, EmbeddingBatch } from "#ports/embedder.ts";
import { withUsage } from "#ports/told-usage.ts";
import { createTextLine, type Asker, type Item, type WantedText } from "./text-line.ts";
import type { CachedVector } from "./vector-cache.ts";

export interface EmbedQueueSettings {
  readonly batch_texts_max: number;
  readonly batch_characters_max: number;
  readonly batches_in_flight_max: number;
  readonly waiting_texts_max: number;
  readonly urgent_texts_max: number;
}

export interface EmbedQueue {
  /**
   * One entry for each text, in order. Errors: the embedder's, `cancelled`, `unavailable`; with
   * `extra.usage` where some of the texts were computed.
   */
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
    const asker = {};
    const items = wanted.map((one) => line.join(one, is_urgent, asker));
    schedule();
    const begun = () => items.filter(({ batch }) => batch !== undefined);
    const leave = (left: readonly Item[]) => {
      for (const item of left) line.release(item);
    };
    try {
      const results = items.map((item) => item.result);
      const entries = await orAborted(Promise.all(results), signal, () => begun().length > 0);
      leave(items);
      return entries;
    } catch (error) {
      const under_way = new Set(begun());
      leave(items.filter((item) => !under_way.has(item)));
      try {
        if (signal.aborted) throw error;
        throw withUsage(error, await orAborted(usageOf([...under_way]), signal, () => true));
      } finally {
        leave([...under_way]);
      }
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
    await embedGroup(batch.items, batch.controller.signal);
    in_flight--;
    for (const item of batch.items) line.forget(item);
    schedule();
  }

  /** All of them end settled; the answer is a failure that was perhaps not of their texts. */
  async function embedGroup(items: readonly Item[], signal: AbortSignal): Promise<unknown> {
    try {
      await embedItems(items, signal);
      return undefined;
    } catch (error) {
      const blame = signal.aborted ? "provider" : blameOf(error);
      // One caller's text may be what is wrong, and the error may quote it.
      const groups = blame === "provider" ? [] : byAsker(items);
      if (groups.length > 1) return embedApart(groups, signal);
      fail(items, error);
      return blame === "text" ? undefined : error;
    }
  }

  async function embedApart(groups: readonly (readonly Item[])[], signal: AbortSignal) {
    let stopped: unknown;
    let doubt: unknown;
    for (const group of groups) {
      if (stopped !== undefined) fail(group, stopped);
      else if (group.every(({ waiters }) => waiters === 0)) fail(group, cancelled(LEFT_QUEUE));
      else {
        const error = await embedGroup(group, signal);
        const is_down = error !== undefined && blameOf(error) === "provider";
        if (is_down) stopped = error;
        // Requests one after the other: it is not their texts.
        else if (error !== undefined && doubt !== undefined) stopped = failedBeside(error);
        doubt = error;
      }
    }
    return stopped;
  }

  /** Who asks for them again is not told of this failure. */
  function fail(items: readonly Item[], error: unknown): void {
    for (const item of items) {
      line.forget(item);
      item.settle({ error: error as Error });
    }
  }

  async function embedItems(items: readonly Item[], signal: AbortSignal): Promise<void> {
    const texts = items.map(({ text }) => text);
    const answer = await embedder.embed(texts, signal);
    for (const [at, entry] of splitBatch(answer, texts).entries()) {
      const item = items[at]!;
      keep(item.key, entry);
      item.settle({ entry });
    }
  }

  return { compute, size: line.size };
}

/** The texts of each request; what several want stands by itself. */
function byAsker(items: readonly Item[]): readonly (readonly Item[])[] {
  return [...Map.groupBy(items, (item): Asker => item.asker ?? item).values()];
}

const OF_TEXT: ReadonlySet<string> = new Set(["invalid", "too_large", "rejected"]);

/**
 * What a failure is of. Either: 500 is a server out of order, and with some (llama.cpp) a text that
 * is too long. The others would be the same for each of the texts.
 */
function blameOf(thrown: unknown): "text" | "either" | "provider" {
  const { code, reason, extra } = toLakehouseError(thrown);
  if (OF_TEXT.has(code) || reason === "bad_provider_answer") return "text";
  return extra["provider_status"] === 500 ? "either" : "provider";
}

/** For those who were not asked for; without the provider's words, which may quote a text. */
function failedBeside(thrown: unknown): LakehouseError {
  const { code, reason, extra } = toLakehouseError(thrown);
  const message = `${String(extra["provider"])} answered 500 to each request that was tried`;
  return new LakehouseError(code, message, { reason, extra });
}

/** Of those that were computed, once none is on its way; undefined: none was. */
async function usageOf(items: readonly Item[]): Promise<TokenUsage | undefined> {
  const ends = await Promise.allSettled(items.map(({ result }) => result));
  const computed = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  return computed.length === 0 ? undefined : promptUsage(computed);
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

/** The tokens of texts that were read. */
export function promptUsage(entries: readonly CachedVector[]): TokenUsage {
  const tokens = entries.reduce((sum, entry) => sum + entry.tokens, 0);
  return { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens };
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
