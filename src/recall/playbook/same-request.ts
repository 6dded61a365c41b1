// Whether two requests ask for the same in other words: every gate, and no embedder.
import type { SlotVocabulary } from "#ports/domain-pack.ts";
import type { SameRequest } from "#ports/same-request.ts";
import { compareWording } from "./plain-wording.ts";
import { readWords, type QueryWord } from "./query-words.ts";
import { createTypedGate } from "./typed-gate.ts";

/** Longer texts are not compared word against word. */
const WORDS_MAX = 150;
const CHARACTERS_MAX = 6_000;

export interface RequestReading {
  readonly words: readonly QueryWord[];
  /** Signs that are no punctuation, in their order: `3*4` is not `3+4`. */
  readonly signs: string;
}

/** What is neither letter, number, space nor punctuation of a sentence. */
const SIGN = /[^\p{L}\p{M}\p{N}\s.,!?;:'"’‘“”…-]/gu;

/**
 * What the playbook's reuse of an answer holds a request to, without its embedder: no word without
 * a counterpart but politeness and plain synonyms, in the same order, no difference of any gate,
 * and the same signs. Words like "this" and "today" are no doubt here: whoever asks holds that all
 * else is the same.
 */
export function createSameRequest(slots: readonly SlotVocabulary[]): SameRequest<RequestReading> {
  const differences = createTypedGate(slots);
  return {
    read(text) {
      if (text.length > CHARACTERS_MAX) return undefined;
      const words = readWords(text);
      if (words.length === 0 || words.length > WORDS_MAX) return undefined;
      return { words, signs: (text.normalize("NFKC").match(SIGN) ?? []).join("") };
    },
    isSame(asked, kept) {
      if (asked.signs !== kept.signs) return false;
      const wording = compareWording(asked.words, kept.words);
      if (wording.only_left.length > 0 || wording.only_right.length > 0) return false;
      if (!wording.in_order) return false;
      return differences(asked.words, kept.words).length === 0;
    },
  };
}
