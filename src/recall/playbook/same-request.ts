// Whether two requests ask for the same in other words: politeness aside, and every gate asked.
import type { SlotVocabulary } from "#ports/domain-pack.ts";
import type { RequestReading, SameRequest } from "#ports/same-request.ts";
import { readWords, type QueryWord } from "./query-words.ts";
import { createTypedGate } from "./typed-gate.ts";

export interface PlainRequest extends RequestReading {
  readonly words: readonly QueryWord[];
}

/** Longer texts are not compared: the gates take milliseconds for each hundred words. */
const WORDS_MAX = 60;
const CHARACTERS_MAX = 2_000;

/**
 * Stricter than the playbook's reuse of an answer, which has facts and an entry's record to go by:
 * what is left without politeness must be the same letter by letter but for the first one's case,
 * spaces, contractions and a last full stop or question mark; then no gate may see a difference.
 * Words like "this" and "today" are no doubt here: whoever asks holds that all else is the same.
 */
export function createSameRequest(slots: readonly SlotVocabulary[]): SameRequest<PlainRequest> {
  const differences = createTypedGate(slots);
  return {
    read(text) {
      // Where room is given a form, it may say something: code, tables, verse, quoted words.
      if (text.length > CHARACTERS_MAX || FORMED.test(text)) return undefined;
      const words = readWords(text);
      if (words.length === 0 || words.length > WORDS_MAX) return undefined;
      const key = withoutPoliteness(text);
      return key === "" ? undefined : { key, words };
    },
    isSame(asked, kept) {
      return asked.key === kept.key && differences(asked.words, kept.words).length === 0;
    },
  };
}

const FORMED = /[\n\t`"“”]/u;

/** At the beginning; none of them can be what is asked about. */
const POLITE_BEFORE = [
  /^(?:hi|hey|hello)(?: there)?[,!.] /iu,
  /^(?:can|could|would|will) you please /iu,
  /^please,? /iu,
  /^tell me,? (?=(?:what|who|whose|when|where|why|how|which)\b)/iu,
  /^(?:quick question|i was wondering)[,:] /iu,
];
/** At the end, behind a comma or another sentence: "the word for thanks" is none. */
const POLITE_BEHIND = /(?:,|[.!?]) ?(?:please|thanks|thank you|thanks a lot)[.!]?$/iu;

/** Written in full; what else has an apostrophe stays as it is. */
const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\b(what|who|where|when|how|that|there|it)'s\b(?! \w+ed\b)/giu, "$1 is"],
  [/\bwhats\b/giu, "what is"],
  [/\b(is|are|was|were|do|does|did|has|have|had|should|would|could|must)n't\b/giu, "$1 not"],
  [/\bcan't\b/giu, "cannot"],
  [/\bwon't\b/giu, "will not"],
  [/\bi'm\b/giu, "i am"],
  [/\b(you|we|they)'re\b/giu, "$1 are"],
];

function withoutPoliteness(text: string): string {
  let said = text.normalize("NFKC").replaceAll("’", "'").replaceAll(/\s+/gu, " ").trim();
  for (;;) {
    const before = said;
    for (const phrase of POLITE_BEFORE) said = said.replace(phrase, "");
    said = said.replace(POLITE_BEHIND, "");
    if (said === before) break;
  }
  // A full stop or a question mark behind a word ends the sentence and says no more.
  said = said.replace(/(?<=[\p{L}\p{N})"'])[.?]$/u, "");
  for (const [short, long] of CONTRACTIONS) said = said.replaceAll(short, long);
  // A word that shouts all of its letters is a name.
  return /^\p{Lu}(?:\p{Lu}|\d)/u.test(said) ? said : said.slice(0, 1).toLowerCase() + said.slice(1);
}
