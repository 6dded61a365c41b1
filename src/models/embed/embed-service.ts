// embed: one vector for each text, from the cache or from the embedder of the model asked for.
import { endianness } from "node:os";
import { assert } from "#kernel/assert.ts";
import type { Call } from "#kernel/call.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { asOpenAiError } from "#kernel/openai-error.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { Embedder } from "#ports/embedder.ts";
import type { CallLedger } from "#ports/call-ledger.ts";
import type { Reranker } from "#ports/reranker.ts";
import type { EmbedSettings } from "./embed-settings.ts";
import { metered, spentOnVectors, tokensMax } from "./metered-call.ts";
import { openAiEmbeddings } from "./openai-embeddings.ts";
import { askedRerank, rerankDocuments } from "./rerank-documents.ts";
import { createVectorSource, findEmbedder } from "./text-vectors.ts";
import { createVectorCache, type CachedVector } from "./vector-cache.ts";

export interface EmbedNeeds {
  /** The first is the default. Closed by whoever made them. */
  readonly embedders: readonly Embedder[];
  /** The first is the default; absent: none. Closed by whoever made them. */
  readonly rerankers?: readonly Reranker[];
  readonly log: Log;
  /** Asked with each call: it may open after this service. Absent: nobody counts. */
  readonly ledger?: () => CallLedger | undefined;
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
  const embedders = defaultFirst(needs.embedders, settings.model);
  const source = createVectorSource(embedders, cache, settings);

  /** What other services here ask for is the house's own work, and nobody's to pay. */
  const ledgerOf = (call: Call) => (call.outermost === true ? needs.ledger?.() : undefined);
  const paidVectors = (
    ledger: CallLedger | undefined,
    texts: readonly string[],
    model: string | undefined,
    call: Call,
  ) =>
    metered(ledger, call, {
      operation: "embeddings",
      full_name: source.find(model).model,
      tokensMax: () => tokensMax(texts),
      ask: () => source.vectors(texts, model, call),
      spent: spentOnVectors,
    });

  return {
    handlers: {
      async embed({ texts, model }, call) {
        const answer = await paidVectors(ledgerOf(call), texts, model, call);
        const { entries, computed: _computed, ...rest } = answer;
        return {
          ...rest,
          vectors: entries.map(({ vector }) => [...vector]),
          pooled: entries.flatMap((entry, at) => (entry.pooled ? [at] : [])),
          tokens: entries.reduce((sum, entry) => sum + entry.tokens, 0),
        };
      },
      async pack({ texts, model }, call) {
        const answer = await paidVectors(ledgerOf(call), texts, model, call);
        const { entries, dimension, ...rest } = answer;
        const body = packRows(entries, dimension);
        const content_type = "application/octet-stream";
        return { content_type, model: rest.model, dimension, rows: entries.length, body };
      },
      async rerank(input, call) {
        const { request_characters_max } = settings;
        const asked = askedRerank(needs.rerankers ?? [], input, request_characters_max);
        return metered(ledgerOf(call), call, {
          operation: "rerank",
          full_name: asked.reranker.model,
          // The query is read beside each document.
          tokensMax: () => tokensMax(asked.texts) + asked.texts.length * tokensMax([input.query]),
          ask: () => rerankDocuments(asked, input, call),
          spent: () => ({ usage: undefined, cache: "miss" }),
        });
      },
      async openai(input, call) {
        try {
          const texts = typeof input.input === "string" ? [input.input] : input.input;
          const asked = input.model ?? undefined;
          checkDimensions(input.dimensions ?? undefined, source.find(asked).dimension);
          const ledger = needs.ledger?.();
          const { model, entries } = await paidVectors(ledger, texts, asked, call);
          return openAiEmbeddings(model, entries, input.encoding_format);
        } catch (error) {
          throw asOpenAiError(error);
        }
      },
      models: async () => ({
        models: embedders.map(({ model, dimension }) => ({
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
        models: embedders.map(({ model }) => model),
        texts_on_their_way: source.waiting(),
        cache: cache.figures(),
      },
    }),
    // Whoever made the embedders closes them: others may hold them too.
    stop: async () => undefined,
  };
}

/** Errors: `not_found` (no_such_model), with what would bring it. */
function defaultFirst(embedders: readonly Embedder[], named: string): readonly Embedder[] {
  if (named === "") return embedders;
  const found = findEmbedder(embedders, named);
  return [found, ...embedders.filter((embedder) => embedder !== found)];
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
