// Scores that can be compared across corpora and searches: meaning and words on fixed scales.

export interface ScoreScale {
  readonly semantic_weight: number;
  readonly bm25_half: number;
}

/** What was measured of one hit. */
export interface HitMeasures {
  readonly cosine: number | null;
  /** Cosine of unrelated texts to the model of the corpus; null: not known. */
  readonly background: number | null;
  readonly bm25: number | null;
}

/**
 * Where a cosine stands between what is unrelated to its model (0) and the same (1):
 * (cosine − background) / (1 − background). It makes models comparable: between unrelated texts
 * all-MiniLM-L6-v2 has a cosine of about .04, gte-small of about .74. Over pairs of SciFact's
 * training queries the share with a common answer then rises alike with both models (.30 and .41
 * at .5 to .6, .69 and .74 at .6 to .7).
 */
export function calibratedCosine(cosine: number | null, background: number | null): number {
  const base = Math.min(Math.max(background ?? 0, 0), 0.999);
  return Math.min(1, Math.max(0, ((cosine ?? 0) - base) / (1 - base)));
}

/**
 * bm25 / (bm25 + half): the saturation of BM25's own term frequency (Robertson and Zaragoza, The
 * Probabilistic Relevance Framework, 2009, section 3).
 */
export function saturatedWords(bm25: number | null, bm25_half: number): number {
  const words = Math.max(0, bm25 ?? 0);
  return words === 0 ? 0 : words / (words + bm25_half);
}

/**
 * w · calibrated cosine + (1 − w) · saturated BM25, 0 to 1. A min-max scale over the candidates of
 * one search ranks as well within a corpus, but makes the best hit of every corpus equally good;
 * this one keeps a poor best hit poor.
 */
export function mixedScore(
  { cosine, background, bm25 }: HitMeasures,
  { semantic_weight, bm25_half }: ScoreScale,
): number {
  const meaning = calibratedCosine(cosine, background);
  return semantic_weight * meaning + (1 - semantic_weight) * saturatedWords(bm25, bm25_half);
}
