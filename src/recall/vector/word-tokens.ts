// Texts to index terms: Unicode words in lower case, English words reduced to their stem.
import { stemmer } from "stemmer";
import { createWordStems } from "#ports/word-stems.ts";

const WORD = /[\p{L}\p{N}]+/gu;
const STEMS_MAX = 50_000;

export type Tokenizer = (text: string) => string[];

/**
 * A tokenizer with a cache of stems of its own. Stems by Porter, "An algorithm for suffix
 * stripping" (1980). There is no stop list: BM25 gives words that stand everywhere next to no
 * weight, and short texts lose meaning without their "not" and "before".
 */
export function createTokenizer(): Tokenizer {
  const stemOf = createWordStems(stemmer, STEMS_MAX);

  return (text) => (text.normalize("NFKC").toLowerCase().match(WORD) ?? []).map(stemOf);
}
