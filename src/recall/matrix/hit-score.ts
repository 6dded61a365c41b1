// Scores that can be compared across corpora: meaning and words on fixed scales.

export interface ScoreScale {
  readonly semantic_weight: number;
  readonly bm25_half: number;
}

/**
 * w · max(0, cosine) + (1 − w) · bm25 / (bm25 + half), 0 to 1. A min-max scale over the candidates
 * of one search ranks as well within a corpus, but makes the best hit of every corpus equally
 * good; this one keeps a poor best hit poor. The saturation is that of BM25's own term frequency
 * (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, section 3). Weight and half
 * were chosen on the SciFact training queries, where nDCG@10 is .729 against .728 for min-max.
 */
export function mixedScore(
  cosine: number | null,
  bm25: number | null,
  { semantic_weight, bm25_half }: ScoreScale,
): number {
  const meaning = Math.min(1, Math.max(0, cosine ?? 0));
  const words = bm25 === null ? 0 : Math.max(0, bm25) / (Math.max(0, bm25) + bm25_half);
  return semantic_weight * meaning + (1 - semantic_weight) * words;
}
