// Vectors of recorded queries: from the cache on disk where it has them, else from embed.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { embed } from "#contracts/embed.ts";
import { openVectorCache, type VectorCache } from "./vector-cache.ts";

export interface QueryEmbedder {
  /** The vector of a query that is asked; not kept. */
  one(text: string, call: Call): Promise<Float32Array>;
  /** Vectors of queries that are recorded; kept on disk. */
  many(texts: readonly string[], call: Call): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export function createQueryEmbedder(
  client: Client<typeof embed>,
  dir: string,
  batch_items: number,
): QueryEmbedder {
  let opening: Promise<VectorCache> | undefined;

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
    async close() {
      await (await opening)?.close();
    },
  };

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
