// What a playbook does to the distance of its answer, and which hits it does it to.
import type { PlaybookMatch } from "#contracts/playbook.ts";
import type { Found } from "./search-corpora.ts";

/**
 * `distance × (1 − strength × confidence × score)`, all factors 0 to 1. With full strength,
 * confidence and score the answer comes first however deep it was found.
 */
export function boostedDistance(
  distance: number,
  strength: number,
  confidence: number,
  score: number,
): number {
  return distance * (1 - strength * confidence * score);
}

/** The strongest applied entry for each answer: "corpus\nid" → entry. */
export function bestApplied(matches: readonly PlaybookMatch[]): Map<string, PlaybookMatch> {
  const best = new Map<string, PlaybookMatch>();
  for (const match of matches) {
    if (!match.applied) continue;
    const key = answerKey(match.playbook.answer_corpus, match.playbook.answer_id);
    const known = best.get(key);
    if (known === undefined || weightOf(match) > weightOf(known)) best.set(key, match);
  }
  return best;
}

export function answerKey(corpus: string, id: string): string {
  return `${corpus}\n${id}`;
}

function weightOf({ confidence, playbook }: PlaybookMatch): number {
  return confidence * playbook.score;
}

/** A hit as the entry leaves it. */
export function applyBoost(
  hit: Found,
  { playbook, confidence }: PlaybookMatch,
  strength: number,
  effect: "boosted" | "injected",
): Found {
  const { playbook_id, score } = playbook;
  return {
    ...hit,
    distance: boostedDistance(hit.base_distance, strength, confidence, score),
    playbook: { playbook_id, confidence, score, effect },
  };
}
