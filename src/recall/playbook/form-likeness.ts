// How alike two requests are in form: the same kind of task, whatever names and values stand in it.
import { bagOverlap, commonInOrder, gramsOf } from "./sequence-overlap.ts";

/** Words of a request that its form is read from. */
const FORM_WORDS_MAX = 60;

/**
 * Mean of word overlap, word-pair overlap and the share of words in the same order, 0 to 1. Rare
 * words count no more than frequent ones: they are the values of a task, not its form.
 */
export function formLikeness(a: readonly string[], b: readonly string[]): number {
  const [x, y] = [a.slice(0, FORM_WORDS_MAX), b.slice(0, FORM_WORDS_MAX)];
  if (x.length === 0 || y.length === 0) return 0;
  const pairs = (stems: readonly string[]) => gramsOf(["", ...stems], 2);
  const in_order = (2 * commonInOrder(x, y)) / (x.length + y.length);
  return (bagOverlap(x, y) + bagOverlap(pairs(x), pairs(y)) + in_order) / 3;
}

/**
 * Logistic of the form: those of the same template or intent against the others, of 11,790 pairs
 * (the ten nearest in form to requests of WebArena, CLINC150, BANKING77 and HWU64). Fitted by
 * scripts/fit-transfer.ts on one half of the kinds, seed 7, 600 requests a set. On the other half
 * (WebArena / CLINC150 / BANKING77 / HWU64): Brier score .115 / .206 / .247 / .211.
 */
const FORM = { bias: -2.4, form: 6.45 } as const;

/** What a known kind of task leaves of the doubt when it is the same, of the trust when not. */
const SAME_CLASS_DOUBT = 0.2;
const OTHER_CLASS_TRUST = 0.3;

/**
 * Probability that two requests are tasks of the same kind. `trust`: how sure the class asked for
 * is; of the rest the form alone speaks.
 */
export function transferProbability(
  form: number,
  asked_class: string | null | undefined,
  recorded_class: string | null,
  trust = 1,
): number {
  const p = 1 / (1 + Math.exp(-FORM.bias - FORM.form * form));
  if (asked_class === null || asked_class === undefined || recorded_class === null) return p;
  const known =
    asked_class === recorded_class ? 1 - (1 - p) * SAME_CLASS_DOUBT : p * OTHER_CLASS_TRUST;
  return trust * known + (1 - trust) * p;
}
