// Retrieves from many corpora at once and puts every hit on one scale.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { MatrixHit } from "#contracts/matrix.ts";
import type { Filters } from "#contracts/nouns.ts";
import type { vector, VectorHit } from "#contracts/vector.ts";
import { indexOf, type CorpusRecord } from "./corpus-registry.ts";
import { mixedScore, type HitMeasures, type ScoreScale } from "#ports/hit-score.ts";

export interface Retrieval {
  readonly query_text: string;
  readonly filters: Filters | undefined;
  readonly mode: "mixed" | "vector" | "lexical";
  /** Hits of each corpus. */
  readonly k: number;
  readonly scale: ScoreScale;
  readonly corpora_at_once: number;
}

/** A hit before it has a rank and before playbooks. */
export type Found = Omit<MatrixHit, "rank" | "explain">;

/** The k best of each corpus, best first over all. */
export async function searchCorpora(
  client: Client<typeof vector>,
  corpora: readonly CorpusRecord[],
  retrieval: Retrieval,
  call: Call,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let at = 0; at < corpora.length; at += retrieval.corpora_at_once) {
    const group = corpora.slice(at, at + retrieval.corpora_at_once);
    const hits = await Promise.all(
      group.map((corpus) => searchCorpus(client, corpus, retrieval, undefined, call)),
    );
    found.push(...hits.flat());
  }
  return found.toSorted(byDistance);
}

/** Items of one corpus by id, scored like every other hit, as far as the filters admit them. */
export function searchAmong(
  client: Client<typeof vector>,
  corpus: CorpusRecord,
  ids: readonly string[],
  retrieval: Retrieval,
  call: Call,
): Promise<Found[]> {
  return searchCorpus(client, corpus, retrieval, ids, call);
}

export function byDistance(a: Found, b: Found): number {
  return a.distance - b.distance || b.score - a.score || (a.id < b.id ? -1 : 1);
}

async function searchCorpus(
  client: Client<typeof vector>,
  corpus: CorpusRecord,
  { query_text, filters, mode, k, scale }: Retrieval,
  ids: readonly string[] | undefined,
  call: Call,
): Promise<Found[]> {
  const index = indexOf(corpus.corpus);
  // A field that another one of the corpora has may be missing here.
  const unknown_fields = "accept" as const;
  const base = { index, query_text, ...(filters && { filters, unknown_fields }) };
  const among = ids === undefined ? { k, mode } : { k: ids.length, mode, ids: [...ids] };
  const with_background = mode !== "lexical";
  const { hits, background } = await client.search({ ...base, ...among, with_background }, call);
  const measured = new Map<string, number | null>();
  const wordless = hits.filter((hit) => hit.components.vector === null).map((hit) => hit.id);
  if (mode === "mixed" && wordless.length > 0) {
    const request = { ...base, ids: wordless, k: wordless.length, with_text: false };
    const found = await client.search({ ...request, mode: "vector" }, call);
    for (const hit of found.hits) measured.set(hit.id, hit.components.vector);
  }
  return hits.map((hit) => {
    const cosine = mode === "lexical" ? null : (hit.components.vector ?? measured.get(hit.id));
    const bm25 = mode === "vector" ? null : hit.components.lexical;
    return toFound(corpus, hit, { cosine: cosine ?? null, background, bm25 }, scale);
  });
}

function toFound(
  corpus: CorpusRecord,
  hit: VectorHit,
  measures: HitMeasures,
  scale: ScoreScale,
): Found {
  const score = mixedScore(measures, scale);
  return {
    id: hit.id,
    corpus: corpus.corpus,
    score,
    distance: 1 - score,
    base_distance: 1 - score,
    text: hit.text,
    metadata: hit.metadata,
    components: { ...measures, mixed: score, feedback: 0, rerank: null },
    provenance: {
      dataset: corpus.dataset,
      source_id: hit.id.slice(corpus.id_prefix.length),
      snapshot_id: corpus.built_snapshot_id,
      indexed_at: corpus.built_at,
    },
    playbook: null,
  };
}
