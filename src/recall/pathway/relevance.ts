// What words and meaning say of a candidate, on scales that do not depend on the other candidates.

export interface RelevanceScale {
  /** Cosine between unrelated texts to the model. */
  readonly background: number;
  /** BM25 of a text of mean length that has each word of the query once. */
  readonly ideal: number;
  /** Share of `ideal` at which words count half. */
  readonly words_half: number;
  readonly dense_weight: number;
}

/**
 * Where a cosine stands between texts that have nothing to do with each other (0) and the same one
 * (1), by the scale of decision 0029.
 */
export function calibrated(cosine: number, background: number): number {
  const base = Math.min(Math.max(background, 0), 0.999);
  return Math.min(1, Math.max(0, (cosine - base) / (1 - base)));
}

/**
 * bm25 / (bm25 + half), the saturation of Robertson and Zaragoza (2009, section 3). The half goes
 * by the query and its scope: inverse document frequencies are small where there are few traces,
 * and one trace that says exactly what is asked is as good there as among a million.
 */
export function saturated(bm25: number, half: number): number {
  return bm25 <= 0 ? 0 : bm25 / (bm25 + half);
}

/** Both as one number, 0 to 1; what was not measured counts nothing. */
export function relevanceOf(
  lexical: number | undefined,
  cosine: number | undefined,
  { background, ideal, words_half, dense_weight }: RelevanceScale,
): number {
  const meaning = cosine === undefined ? 0 : calibrated(cosine, background);
  const words = saturated(lexical ?? 0, ideal * words_half);
  return dense_weight * meaning + (1 - dense_weight) * words;
}
