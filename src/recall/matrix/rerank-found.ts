// Puts the best hits in the order of a reranker; the scale of their scores stays as it is.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { embed } from "#contracts/embed.ts";
import type { Found } from "./search-corpora.ts";

/** What the search asked for: true is the default reranker, a text its name. */
export interface RerankWish {
  readonly query_text: string;
  readonly rerank: boolean | string;
}

/**
 * The first `candidates_max` hits in the reranker's order: each takes the score of the place that
 * it comes to, so that scores stay comparable across searches and playbooks and the relevance
 * gate work on the scale they know. Hits without a text and those further down keep their places.
 */
export async function rerankFound(
  client: Client<typeof embed>,
  found: readonly Found[],
  { query_text, rerank }: RerankWish,
  candidates_max: number,
  call: Call,
): Promise<readonly Found[]> {
  if (rerank === false) return found;
  const places = [...found.slice(0, candidates_max).entries()].filter(([, hit]) => hit.text);
  if (places.length === 0) return found;
  const documents = places.map(([, hit]) => hit.text!);
  const asked = { query: query_text, documents, ...(rerank === true ? {} : { model: rerank }) };
  const { results } = await client.rerank(asked, call);
  const hits = [...found];
  for (const [rank, { index, relevance_score }] of results.entries()) {
    const [at, place] = places[rank]!;
    const hit = places[index]![1];
    hits[at] = {
      ...hit,
      score: place.score,
      distance: place.distance,
      base_distance: place.base_distance,
      components: { ...hit.components, rerank: relevance_score },
    };
  }
  return hits;
}
