// The form of a hand-written lift request: what it wants, and how it is said or missed.
import type { Want } from "./want.ts";

export interface LiftRequest {
  readonly want: Want;
  readonly text: string;
  /** The same in other words. */
  readonly paraphrases: readonly [string, string];
  /** Almost the same words, another role, place, count, shift or a negation. */
  readonly lookalikes: readonly [string, string];
}

export type LiftCategory = Readonly<Record<string, readonly LiftRequest[]>>;

/** Want, text, two paraphrases, two look-alikes. */
export function ask(
  want: Want,
  text: string,
  paraphrases: readonly [string, string],
  lookalikes: readonly [string, string],
): LiftRequest {
  return { want, text, paraphrases, lookalikes };
}
