// How sure it is that two queries ask for the same: likeness, then age and track record.

/** What is measured of a pair of queries. */
export interface Likeness {
  /** Cosine of the two embeddings. */
  readonly semantic: number;
  /** Weighted overlap of their words, 0 to 1. */
  readonly lexical: number;
  /** |ln((words + 1) / (words + 1))| of the two: how much their lengths differ. */
  readonly length_gap: number;
}

/**
 * Logistic regression on pairs of queries: machine paraphrases and same-intent neighbours against
 * the nearest queries of another intent (by words and by meaning). Fitted by
 * scripts/fit-playbook-gate.ts on the training halves of CLINC150 and BANKING77 for the built-in
 * sentence embedder, seed 7. On the intents held out, from a likeness of 0.6 on: .63 of CLINC150's
 * paraphrases, .02 of the nearest other intents by words, .03 by meaning; BANKING77 (same-intent
 * neighbours for paraphrases) .68, .06, .09. Another embedder has other cosines: fit again.
 */
export const GATE_COEFFICIENTS = {
  bias: -9.58,
  semantic: 10.9,
  lexical: 2.34,
  length_gap: -1.3,
} as const;

/** Probability, 0 to 1, that both queries ask for the same, before any typed gate. */
export function likenessProbability(likeness: Likeness): number {
  const c = GATE_COEFFICIENTS;
  const z =
    c.bias +
    c.semantic * likeness.semantic +
    c.lexical * likeness.lexical +
    c.length_gap * likeness.length_gap;
  return 1 / (1 + Math.exp(-z));
}

export function lengthGap(words_a: number, words_b: number): number {
  return Math.abs(Math.log((words_a + 1) / (words_b + 1)));
}

/** What is known of how an entry fared. */
export interface TrackRecord {
  readonly evidence: number;
  readonly successes: number;
  readonly failures: number;
  readonly confirmed_ms: number;
}

/** Successes that an entry is credited with before anything is known of it. */
const PRIOR_SUCCESSES = 2;

const DAY_MS = 86_400_000;

/**
 * Factor 0 to 1: the mean of a Beta distribution over outcomes (each recording counts as one
 * success), halved for each half-life since the entry was last confirmed.
 */
export function trackFactor(record: TrackRecord, now_ms: number, half_life_days: number): number {
  const good = PRIOR_SUCCESSES + record.evidence + record.successes;
  const age_days = Math.max(0, now_ms - record.confirmed_ms) / DAY_MS;
  return (good / (good + record.failures)) * 0.5 ** (age_days / half_life_days);
}
