// Whether two requests ask for the same in other words: politeness aside, and every gate asked.
import type { SlotVocabulary } from "#ports/domain-pack.ts";
import type { RequestReading, SameRequest } from "#ports/same-request.ts";
import { readWords, type QueryWord } from "./query-words.ts";
import { sameRequestKey } from "./same-request-key.ts";
import { createTypedGate } from "./typed-gate.ts";

export interface PlainRequest extends RequestReading {
  readonly words: readonly QueryWord[];
}

/** Longer texts are not compared: the gates take milliseconds for each hundred words. */
const WORDS_MAX = 60;
const CHARACTERS_MAX = 2_000;

/**
 * Stricter than the playbook's reuse of an answer, which has facts and an entry's record to go by:
 * what is left without politeness must be the same letter by letter but for the capital of a first
 * word that only asks and the sign at the end that goes with it; then no gate may see a difference.
 * Words like "this" and "today" are no doubt here: whoever asks holds that all else is the same.
 */
export function createSameRequest(slots: readonly SlotVocabulary[]): SameRequest<PlainRequest> {
  const differences = createTypedGate(slots);
  return {
    read(text) {
      if (text.length > CHARACTERS_MAX) return undefined;
      const key = sameRequestKey(text);
      if (key === undefined || key === "") return undefined;
      const words = readWords(text);
      if (words.length === 0 || words.length > WORDS_MAX) return undefined;
      return { key, words };
    },
    isSame(asked, kept) {
      return asked.key === kept.key && differences(asked.words, kept.words).length === 0;
    },
  };
}
