// The vectors of a request: what the cache has, and the rest from the embedder of its model.
import { assert } from "#kernel/assert.ts";
import { remainingMs, type Call } from "#kernel/call.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { Embedder } from "#ports/embedder.ts";
import { createEmbedQueue, LEFT_QUEUE, type EmbedQueue } from "./embed-queue.ts";
import type { EmbedSettings } from "./embed-settings.ts";
import type { CachedVector, VectorCache } from "./vector-cache.ts";

export interface TextVectors {
  readonly model: string;
  readonly dimension: number;
  readonly entries: readonly CachedVector[];
  /** How many of them came from the cache. */
  readonly cached: number;
  /** Each text that the cache did not have, once. */
  readonly computed: readonly CachedVector[];
}

export interface VectorSource {
  vectors(texts: readonly string[], model: string | undefined, call: Call): Promise<TextVectors>;
  /** The embedder named, or the default. Throws `not_found` (no_such_model). */
  find(model: string | undefined): Embedder;
  /** Texts that wait or are being computed. */
  waiting(): number;
}

/** Errors: `not_found` (no_such_model), `too_large`, and those of the embedders. */
export function createVectorSource(
  embedders: readonly Embedder[],
  cache: VectorCache,
  settings: EmbedSettings,
): VectorSource {
  const queues = new Map<string, EmbedQueue>();
  for (const embedder of embedders) {
    assert(!queues.has(embedder.model), `two embedders are named ${embedder.model}`);
    queues.set(embedder.model, createEmbedQueue(embedder, settings, cache.set));
  }

  async function vectors(texts: readonly string[], asked: string | undefined, call: Call) {
    const { model, dimension } = findEmbedder(embedders, asked);
    checkSize(texts, settings);
    const keys = texts.map((text) => `${model}\n${sha256Hex(text)}`);
    const entries = keys.map((key) => cache.get(key));
    const missing = new Map<string, { key: string; text: string }>();
    for (const [at, key] of keys.entries()) {
      if (entries[at] === undefined) missing.set(key, { key, text: texts[at]! });
    }
    const cached = entries.filter((entry) => entry !== undefined).length;
    let computed: readonly CachedVector[] = [];
    if (missing.size > 0) {
      const wanted = [...missing.values()];
      const queue = queues.get(model)!;
      computed = await beforeDeadline(call, (signal) => queue.compute(wanted, signal));
      const found = new Map(wanted.map(({ key }, at) => [key, computed[at]!]));
      for (const [at, key] of keys.entries()) entries[at] ??= found.get(key);
    }
    return { model, dimension, entries: entries as CachedVector[], cached, computed };
  }

  return {
    vectors,
    find: (model) => findEmbedder(embedders, model),
    waiting: () => [...queues.values()].reduce((sum, queue) => sum + queue.size(), 0),
  };
}

async function beforeDeadline<T>(
  call: Call,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(Math.min(remainingMs(call), 0x7fffffff));
  try {
    return await work(AbortSignal.any([call.signal, limit]));
  } catch (error) {
    if (!limit.aborted || call.signal.aborted) throw error;
    const waited = toLakehouseError(error).reason === LEFT_QUEUE;
    throw waited
      ? new LakehouseError(
          "deadline_exceeded",
          "the deadline passed before the embedder was free",
          {
            reason: LEFT_QUEUE,
          },
        )
      : new LakehouseError("deadline_exceeded", "the deadline of the call has passed");
  }
}

/** By its full name, or by its name without the provider. */
export function findEmbedder(embedders: readonly Embedder[], model: string | undefined): Embedder {
  if (model === undefined) return embedders[0]!;
  const bare = (name: string) => name.slice(name.indexOf("/") + 1);
  const found =
    embedders.find((embedder) => embedder.model === model) ??
    embedders.find((embedder) => bare(embedder.model) === model);
  if (found !== undefined) return found;
  const known = embedders.map((embedder) => embedder.model).join(", ");
  throw new LakehouseError("not_found", `there is no embedding model "${model}"`, {
    reason: "no_such_model",
    hint: `known: ${known}; lakehouse models list names others that can be pulled`,
  });
}

function checkSize(texts: readonly string[], settings: EmbedSettings): void {
  const { request_texts_max, request_characters_max } = settings;
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const too_many = texts.length > request_texts_max;
  if (!too_many && characters <= request_characters_max) return;
  const message = too_many
    ? `${texts.length} texts are more than the ${request_texts_max} of one request`
    : `${characters} characters are more than the ${request_characters_max} of one request`;
  throw new LakehouseError("too_large", message, { hint: "send them in smaller batches" });
}
