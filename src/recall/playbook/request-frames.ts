// Words for comparing wordings: short forms in full, and one form for phrases that frame a request.
import { stemOf } from "./query-words.ts";

/** What stands for what, in this order; English only. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/[\u2019`]/gu, "'"],
  [/ ' ?(?=(?:s|m|re|ve|ll|d|t)\b)/gu, "'"],
  [/ n't\b/gu, "n't"],
  [/\bcan'?t\b|\bcannot\b/gu, "can not"],
  [/\bwon't\b/gu, "will not"],
  [/n't\b/gu, " not"],
  [/\blet'?s\b/gu, "let us"],
  [/\b(what|where|who|how|when|that|there|it|here|he|she)'s\b/gu, "$1 is"],
  [/\bwhats\b/gu, "what is"],
  [/'m\b/gu, " am"],
  [/'re\b/gu, " are"],
  [/'ve\b/gu, " have"],
  [/'ll\b/gu, " will"],
  [/'d\b/gu, " would"],
  [/\b(?:have|has|had|need|needs|needed|got|ought) to\b|\b(?:should|shall)\b/gu, "must"],
  [/\bwould (?:like|love)(?: to)?\b|\b(?:want|wants|wanted|wish)(?: to)?\b/gu, "want"],
  [/\b(?:could|may|might|able to)\b/gu, "can"],
  [/\b(?:going to|gonna)\b/gu, "will"],
  [/\b(?:let me know|inform me)\b/gu, "tell me"],
  [/\b(?:sort|type)(?: of)?\b/gu, "kind of"],
  [/\b(?:an|the)\b/gu, "a"],
  [/\bwhich\b/gu, "what"],
  [/\b(?:this|these|those)\b/gu, "that"],
  [/\b(?:does|did)\b/gu, "do"],
  [/\b(?:are|was|were|be|am)\b/gu, "is"],
];

const WORD = /\d+(?:[.,:]\d+)*\p{L}*|\p{L}[\p{L}\p{M}\d]*/gu;

/**
 * The stems of a text, in order, for telling how alike two wordings are - never for telling
 * whether two requests are the same: "must" and "should" are one word here.
 */
export function framedStems(text: string): string[] {
  let plain = text.normalize("NFKC").toLowerCase();
  for (const [form, instead] of FORMS) plain = plain.replaceAll(form, instead);
  return (plain.match(WORD) ?? []).map(stemOf);
}
