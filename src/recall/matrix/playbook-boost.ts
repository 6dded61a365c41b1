// What a playbook does to the distance of its answer.

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
