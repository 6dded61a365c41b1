// Vectors of recorded queries: from the cache on disk where it has them, else from embed.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { embed } from "#contracts/embed.ts";
import { UNRELATED_TEXTS, medianCosine } from "#ports/unrelated-texts.ts";
import { FITTED_BACKGROUND, isFittedModel } from "./cosine-scale.ts";
import { openVectorCache, type VectorCache } from "./vector-cache.ts";

export interface QueryEmbedder {
  /** The vector of a query that is asked; not kept. */
  one(text: string, call: Call): Promise<Float32Array>;
  /** Vectors of queries that are recorded; kept on disk. */
  many(texts: readonly string[], call: Call): Promise<Float32Array[]>;
  /** Cosine of unrelated texts to the model; worked out once. */
  background(call: Call): Promise<number>;
  close(): Promise<void>;
}

export function createQueryEmbedder(
  client: Client<typeof embed>,
  dir: string,
  batch_items: number,
): QueryEmbedder {
  let opening: Promise<VectorCache> | undefined;
  let known_background: number | undefined;

  async function fresh(texts: readonly string[], call: Call) {
    const answer = await client.pack({ texts: [...texts] }, call);
    const vectors = await readRows(answer.body, answer.rows, answer.dimension);
    opening ??= openVectorCache(dir, answer.model, answer.dimension);
    return { vectors, cache: await opening };
  }

  return {
    one: async (text, call) => (await fresh([text], call)).vectors[0]!,
    async many(texts, call) {
      const found: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += batch_items) {
        found.push(...(await knownOrFresh(texts.slice(at, at + batch_items), call)));
      }
      return found;
    },
    async background(call) {
      known_background ??= await measureBackground(call);
      return known_background;
    },
    async close() {
      await (await opening)?.close();
    },
  };

  async function measureBackground(call: Call): Promise<number> {
    const { models } = await client.models({}, call);
    if (models[0] !== undefined && isFittedModel(models[0].model)) return FITTED_BACKGROUND;
    const answer = await client.pack({ texts: [...UNRELATED_TEXTS] }, call);
    const rows = await readRows(answer.body, answer.rows, answer.dimension);
    const vectors = new Float32Array(answer.rows * answer.dimension);
    for (const [at, row] of rows.entries()) vectors.set(row, at * answer.dimension);
    return medianCosine(vectors, answer.dimension);
  }

  async function knownOrFresh(texts: readonly string[], call: Call): Promise<Float32Array[]> {
    const cache = await opening;
    const missing = [...new Set(texts.filter((text) => cache?.get(text) === undefined))];
    if (missing.length === 0) return texts.map((text) => cache!.get(text)!);
    const made = await fresh(missing, call);
    await made.cache.put(missing, made.vectors);
    return texts.map((text) => made.cache.get(text)!);
  }
}

async function readRows(
  body: AsyncIterable<Uint8Array>,
  rows: number,
  dimension: number,
): Promise<Float32Array[]> {
  const bytes = new Uint8Array(rows * dimension * 4);
  let at = 0;
  for await (const chunk of body) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  const row_bytes = dimension * 4;
  return Array.from(
    { length: rows },
    (_, row) => new Float32Array(bytes.slice(row * row_bytes, (row + 1) * row_bytes).buffer),
  );
}
