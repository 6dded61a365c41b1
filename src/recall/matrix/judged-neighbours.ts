// What answers to similar queries, judged earlier, add to a hit: relevance feedback from memory.
import type { PlaybookMatch } from "#contracts/playbook.ts";
import { calibratedCosine } from "#ports/hit-score.ts";
import { answerKey } from "./playbook-boost.ts";
import type { Found } from "./search-corpora.ts";

export interface Neighbour {
  readonly answer_id: string;
  readonly answer_corpus: string;
  /** Cosine of the recorded query and the one asked. */
  readonly semantic: number;
  /** How good the answer was judged, 0 to 1. */
  readonly score: number;
}

/** The best entry for each answer: those that may not speak for the query, but stand near it. */
export function judgedNeighbours(matches: readonly PlaybookMatch[]): Map<string, Neighbour> {
  const best = new Map<string, Neighbour>();
  for (const { playbook, semantic, applied } of matches) {
    if (applied || playbook.status !== "active") continue;
    const { answer_id, answer_corpus, score } = playbook;
    const key = answerKey(answer_corpus, answer_id);
    const known = best.get(key);
    if (known !== undefined && known.semantic * known.score >= semantic * score) continue;
    best.set(key, { answer_id, answer_corpus, semantic, score });
  }
  return best;
}

/**
 * weight × similarity⁴ × judged score, where similarity is the calibrated cosine of the two
 * queries. The fourth power follows how often two of SciFact's training queries share an answer
 * (.02 at a similarity of .45, .35 at .55, .7 at .65, 1 at .85) and keeps all but near neighbours
 * silent: with a square, queries whose answers memory has never seen lose .02 nDCG@10, so .004.
 */
export function withFeedback(hit: Found, neighbour: Neighbour, weight: number): Found {
  const similarity = calibratedCosine(neighbour.semantic, hit.components.background);
  const score = Math.min(1, hit.score + weight * similarity ** 4 * neighbour.score);
  const feedback = score - hit.score;
  const components = { ...hit.components, feedback };
  return { ...hit, score, distance: 1 - score, base_distance: 1 - score, components };
}
