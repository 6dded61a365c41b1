// Says whether a query is any business of the corpora searched.
import type { MatrixHit } from "#contracts/matrix.ts";
import { calibratedCosine, saturatedWords } from "#ports/hit-score.ts";

export interface Relevance {
  readonly verdict: "relevant" | "nothing_relevant";
  readonly top_score: number;
  readonly floor: number;
  readonly reason: string;
}

/**
 * Relevance of a hit, 0 to 1: its calibrated cosine, or the saturated BM25 where that is greater.
 * The cosine
 * tells off-topic queries from others better than the mixed score does (AUROC .963 against .957 on
 * CLINC150's out-of-scope queries); the words keep queries in that only terms of art connect.
 */
export function hitRelevance({ components }: Pick<MatrixHit, "components">, bm25_half: number) {
  const { cosine, background, bm25 } = components;
  return Math.max(calibratedCosine(cosine, background), saturatedWords(bm25, bm25_half));
}

export interface RelevanceScale {
  readonly floor: number;
  readonly bm25_half: number;
  /** Calibrated cosine from which on the words of a hit count. */
  readonly words_meaning_min: number;
}

/**
 * What a hit says for its query: as its relevance, but words in a text of another meaning say
 * nothing. A long query shares some with a text of any large corpus: by words alone, 74 % of
 * CLINC150's requests were some business of SciFact's 5,183 abstracts (docs/decisions/0040).
 */
function evidence(
  hit: Pick<MatrixHit, "components">,
  { bm25_half, words_meaning_min }: RelevanceScale,
): number {
  const { cosine, background } = hit.components;
  const meaning = calibratedCosine(cosine, background);
  // Without vectors there are only words.
  return cosine === null || meaning >= words_meaning_min ? hitRelevance(hit, bm25_half) : meaning;
}

/** The verdict for a query, from hits before playbooks. */
export function judgeRelevance(
  query_text: string,
  hits: readonly Pick<MatrixHit, "id" | "text" | "components">[],
  scale: RelevanceScale,
  playbook_applied: boolean,
): Relevance {
  const { floor } = scale;
  const top_score = hits.reduce((top, hit) => Math.max(top, evidence(hit, scale)), 0);
  const figures = { top_score, floor };
  const best = `the best hit scores ${top_score.toFixed(2)}`;
  if (playbook_applied) {
    return { verdict: "relevant", ...figures, reason: "a playbook knows an answer" };
  }
  if (hits.length === 0) {
    return { verdict: "nothing_relevant", ...figures, reason: "no item matches" };
  }
  if (top_score >= floor) {
    return { verdict: "relevant", ...figures, reason: `${best}, the floor is ${floor}` };
  }
  const named = namedItem(query_text, hits);
  if (named !== undefined) {
    return { verdict: "relevant", ...figures, reason: `"${named}" stands in a hit` };
  }
  return {
    verdict: "nothing_relevant",
    ...figures,
    reason: `${best}, below the floor of ${floor}`,
  };
}

const IDENTIFIER = /[\p{L}\d]+(?:[-_./][\p{L}\d]+)*/gu;

/** An identifier of the query (letters or signs with digits) that a hit carries word for word. */
function namedItem(
  query_text: string,
  hits: readonly Pick<MatrixHit, "id" | "text">[],
): string | undefined {
  const words: readonly string[] = query_text.toLowerCase().match(IDENTIFIER) ?? [];
  return words.find(
    (word) =>
      /\d/u.test(word) &&
      word.length >= 4 &&
      hits.some(({ id, text }) => id.toLowerCase() === word || hasWord(text ?? "", word)),
  );
}

function hasWord(text: string, word: string): boolean {
  const words: readonly string[] = text.toLowerCase().match(IDENTIFIER) ?? [];
  return words.includes(word);
}
