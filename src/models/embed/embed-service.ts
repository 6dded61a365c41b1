// embed: one vector for each text, from the cache or from the embedder of the model asked for.
import { endianness } from "node:os";
import { assert } from "#kernel/assert.ts";
import { remainingMs, type Call } from "#kernel/call.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { asOpenAiError } from "#kernel/openai-error.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { sha256Hex } from "#kernel/ids.ts";
import type { embed } from "#contracts/embed.ts";
import type { Embedder } from "#ports/embedder.ts";
import { createEmbedQueue, type EmbedQueue } from "./embed-queue.ts";
import type { EmbedSettings } from "./embed-settings.ts";
import { openAiEmbeddings } from "./openai-embeddings.ts";
import { createVectorCache, type CachedVector } from "./vector-cache.ts";

export interface EmbedNeeds {
  /** The first is the default. Closed by whoever made them. */
  readonly embedders: readonly Embedder[];
  readonly log: Log;
}

interface Vectors {
  readonly model: string;
  readonly dimension: number;
  readonly entries: readonly CachedVector[];
  readonly cached: number;
}

/** Bytes of one piece of a packed answer. */
const PACK_CHUNK_BYTES = 256 * 1024;

export async function createEmbed(
  needs: EmbedNeeds,
  settings: EmbedSettings,
): Promise<Service<typeof embed>> {
  assert(needs.embedders.length > 0, "embed needs an embedder");
  assert(endianness() === "LE", "packed vectors are the machine's own floats: little-endian only");
  const cache = createVectorCache(settings.cache_bytes_max);
  const queues = new Map<string, EmbedQueue>();
  for (const embedder of needs.embedders) {
    assert(!queues.has(embedder.model), `two embedders are named ${embedder.model}`);
    queues.set(embedder.model, createEmbedQueue(embedder, settings, cache.set));
  }

  async function vectorsOf(
    texts: readonly string[],
    model: string | undefined,
    call: Call,
  ): Promise<Vectors> {
    const embedder = findEmbedder(needs.embedders, model);
    checkSize(texts, settings);
    const keys = texts.map((text) => `${embedder.model}\n${sha256Hex(text)}`);
    const entries = keys.map((key) => cache.get(key));
    const missing = new Map<string, { key: string; text: string }>();
    for (const [at, entry] of entries.entries()) {
      if (entry === undefined) missing.set(keys[at]!, { key: keys[at]!, text: texts[at]! });
    }
    const cached = entries.filter((entry) => entry !== undefined).length;
    if (missing.size > 0) {
      const wanted = [...missing.values()];
      const computed = await beforeDeadline(call, (signal) =>
        queues.get(embedder.model)!.compute(wanted, signal),
      );
      const found = new Map(wanted.map(({ key }, at) => [key, computed[at]!]));
      for (const [at, key] of keys.entries()) entries[at] ??= found.get(key);
    }
    const { model: name, dimension } = embedder;
    return { model: name, dimension, entries: entries as CachedVector[], cached };
  }

  return {
    handlers: {
      async embed({ texts, model }, call) {
        const { entries, ...rest } = await vectorsOf(texts, model, call);
        return {
          ...rest,
          vectors: entries.map(({ vector }) => [...vector]),
          pooled: entries.flatMap((entry, at) => (entry.pooled ? [at] : [])),
          tokens: entries.reduce((sum, entry) => sum + entry.tokens, 0),
        };
      },
      async pack({ texts, model }, call) {
        const { entries, dimension, ...rest } = await vectorsOf(texts, model, call);
        const body = packRows(entries, dimension);
        return { model: rest.model, dimension, rows: entries.length, body };
      },
      async openai(input, call) {
        try {
          const texts = typeof input.input === "string" ? [input.input] : input.input;
          const { dimension } = findEmbedder(needs.embedders, input.model);
          checkDimensions(input.dimensions, dimension);
          const { model, entries } = await vectorsOf(texts, input.model, call);
          return openAiEmbeddings(model, entries, input.encoding_format);
        } catch (error) {
          throw asOpenAiError(error);
        }
      },
      models: async () => ({
        models: needs.embedders.map(({ model, dimension }) => ({
          model,
          dimension,
          origin: model.split("/")[0]!,
        })),
        cache: cache.figures(),
      }),
    },
    health: async () => ({
      status: "ok",
      figures: {
        models: needs.embedders.map(({ model }) => model),
        texts_on_their_way: [...queues.values()].reduce((sum, queue) => sum + queue.size(), 0),
        cache: cache.figures(),
      },
    }),
    // Whoever made the embedders closes them: others may hold them too.
    stop: async () => undefined,
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
    throw new LakehouseError("deadline_exceeded", "the deadline of the call has passed");
  }
}

/** The embedder named, or the default. Also known by its name without the provider. */
function findEmbedder(embedders: readonly Embedder[], model: string | undefined): Embedder {
  if (model === undefined) return embedders[0]!;
  const found =
    embedders.find((embedder) => embedder.model === model) ??
    embedders.find((embedder) => embedder.model.slice(embedder.model.indexOf("/") + 1) === model);
  if (found !== undefined) return found;
  const known = embedders.map((embedder) => embedder.model).join(", ");
  throw new LakehouseError("not_found", `there is no embedding model "${model}"`, {
    reason: "no_such_model",
    hint: `known: ${known}`,
  });
}

function checkSize(texts: readonly string[], settings: EmbedSettings): void {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const too_many = texts.length > settings.request_texts_max;
  if (!too_many && characters <= settings.request_characters_max) return;
  const message = too_many
    ? `${texts.length} texts are more than the ${settings.request_texts_max} of one request`
    : `${characters} characters are more than the ${settings.request_characters_max} of one request`;
  throw new LakehouseError("too_large", message, { hint: "send them in smaller batches" });
}

function checkDimensions(asked: number | undefined, dimension: number): void {
  if (asked === undefined || asked === dimension) return;
  const message = `this model's vectors have ${dimension} dimensions, not ${asked}`;
  throw new LakehouseError("invalid", message, {
    reason: "dimension_differs",
    hint: "leave `dimensions` out",
  });
}

async function* packRows(
  entries: readonly CachedVector[],
  dimension: number,
): AsyncGenerator<Uint8Array> {
  const rows_each = Math.max(1, Math.floor(PACK_CHUNK_BYTES / (dimension * 4)));
  for (let from = 0; from < entries.length; from += rows_each) {
    const part = entries.slice(from, from + rows_each);
    const chunk = new Float32Array(part.length * dimension);
    for (const [at, entry] of part.entries()) chunk.set(entry.vector, at * dimension);
    yield new Uint8Array(chunk.buffer);
  }
}
