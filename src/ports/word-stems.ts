// Words to their stems, kept: what an index of words does with each word before it counts it.

const ENGLISH = /^[a-z]{3,30}$/;
/** Longer words are cut: nobody searches for them, and they would fill the vocabulary. */
const WORD_LENGTH_MAX = 64;

/**
 * English words, in lower case, by their stem; any other word as it is, but cut. Each stem is asked
 * for once; where `kept_max` of them are kept, all are forgotten and asked for again.
 */
export function createWordStems(
  stemmer: (word: string) => string,
  kept_max: number,
): (word: string) => string {
  const stems = new Map<string, string>();

  return (word) => {
    if (!ENGLISH.test(word)) return word.slice(0, WORD_LENGTH_MAX);
    let stem = stems.get(word);
    if (stem === undefined) {
      stem = stemmer(word);
      if (stems.size >= kept_max) stems.clear();
      stems.set(word, stem);
    }
    return stem;
  };
}
