// The built-in reranker: how close short texts come to a query in wording and meaning together.
import { LakehouseError } from "#kernel/problem.ts";
import type { Embedder } from "#ports/embedder.ts";
import type { Reranker } from "#ports/reranker.ts";

export const WORDING_MODEL = "builtin/wording";

/** Letters of a text that are compared: what is longer is judged by its beginning. */
const LETTERS_MAX = 1_000;

interface Worded {
  readonly stems: readonly string[];
  /** Cosine to the query. */
  readonly cosine: number;
}

export interface WordingRerankerOptions {
  /** The embedder whose cosines the likeness was fitted for; whoever made it closes it. */
  readonly embedder: Embedder;
  /** The words of a text that are compared, in order. */
  stemsOf(text: string): readonly string[];
  /** Likeness of each candidate to the query, larger is closer. */
  likenessOf(query: readonly string[], candidates: readonly Worded[]): readonly number[];
}

/** Needs no server and no download. Errors: those of the embedder, `cancelled`. */
export function createWordingReranker(options: WordingRerankerOptions): Reranker {
  const { embedder, stemsOf, likenessOf } = options;

  async function rerank(
    query: string,
    documents: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    if (signal.aborted) throw new LakehouseError("cancelled", "reranking was cancelled");
    if (documents.length === 0) return [];
    const texts = [query, ...documents].map((text) => text.slice(0, LETTERS_MAX));
    const { vectors, dimension } = await embedder.embed(texts, signal);
    const asked = vectors.subarray(0, dimension);
    const candidates = texts.slice(1).map((text, at) => ({
      stems: stemsOf(text),
      cosine: dot(asked, vectors.subarray((at + 1) * dimension, (at + 2) * dimension)),
    }));
    return likenessOf(stemsOf(texts[0]!), candidates);
  }

  return { model: WORDING_MODEL, rerank, close: async () => undefined };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
