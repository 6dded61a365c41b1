// A hit in words: every component of its score, what it weighs, and what memory did to it.
import type { MatrixHit } from "#contracts/matrix.ts";
import { calibratedCosine, saturatedWords, type ScoreScale } from "#ports/hit-score.ts";

type Explained = Pick<
  MatrixHit,
  "components" | "score" | "distance" | "base_distance" | "playbook"
>;

/** One sentence a component; figures with two digits. */
export function explainHit(hit: Explained, scale: ScoreScale): string {
  const { cosine, background, bm25, feedback, rerank } = hit.components;
  const parts: string[] = [];
  if (cosine !== null) {
    const meaning = calibratedCosine(cosine, background);
    const unrelated = background === null ? "" : `, unrelated texts ${two(background)}`;
    const from = `cosine ${two(cosine)}${unrelated}`;
    parts.push(`meaning ${two(meaning)} × ${two(scale.semantic_weight)} (${from})`);
  }
  if (bm25 !== null) {
    const words = saturatedWords(bm25, scale.bm25_half);
    const weight = two(1 - scale.semantic_weight);
    parts.push(`words ${two(words)} × ${weight} (BM25 ${bm25.toFixed(1)})`);
  }
  if (feedback > 0) parts.push(`${two(feedback)} from answers to similar queries`);
  if (parts.length === 0) parts.push("neither meaning nor words were measured");
  const sum = `${parts.join(" + ")}`;
  if (rerank === null) return `${sum} = ${two(hit.score)}${told(hit)}`;
  const place = `reranked at ${two(rerank)}: the score of its new place is ${two(hit.score)}`;
  return `${sum}; ${place}${told(hit)}`;
}

function told({ playbook, base_distance, distance }: Explained): string {
  if (playbook === null) return "";
  const { playbook_id, confidence, effect } = playbook;
  const which = `playbook ${playbook_id} (${effect}, confidence ${two(confidence)})`;
  return `; ${which} brings the distance from ${two(base_distance)} to ${two(distance)}`;
}

function two(value: number): string {
  return value.toFixed(2);
}
