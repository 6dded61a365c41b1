// Texts to index terms: Unicode words in lower case, English words reduced to their stem.
import { stemmer } from "stemmer";

const WORD = /[\p{L}\p{N}]+/gu;
const ENGLISH = /^[a-z]{3,30}$/;
/** Longer words are cut: nobody searches for them, and they would fill the vocabulary. */
const WORD_LENGTH_MAX = 64;
const CACHE_SIZE_MAX = 50_000;

export type Tokenizer = (text: string) => string[];

/**
 * A tokenizer with a cache of stems of its own. Stems by Porter, "An algorithm for suffix
 * stripping" (1980). There is no stop list: BM25 gives words that stand everywhere next to no
 * weight, and short texts lose meaning without their "not" and "before".
 */
export function createTokenizer(): Tokenizer {
  const stems = new Map<string, string>();

  function stemOf(word: string): string {
    if (!ENGLISH.test(word)) return word.slice(0, WORD_LENGTH_MAX);
    let stem = stems.get(word);
    if (stem === undefined) {
      stem = stemmer(word);
      if (stems.size >= CACHE_SIZE_MAX) stems.clear();
      stems.set(word, stem);
    }
    return stem;
  }

  return (text) => (text.normalize("NFKC").toLowerCase().match(WORD) ?? []).map(stemOf);
}
