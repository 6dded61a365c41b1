// The gate on single letters: "door a" and "door d", "vitamin d" and "vitamin" are two things.
import { onlyIn, type QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";

/** Words of one letter, and letters that stand for words: "how r u", "rock n roll". */
const WORDS = new Set("i o u r n k t".split(" "));

/** Letters that only one of the two names. */
export function letterDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const [left, right] = [readLetters(query), readLetters(recorded)];
  const only_left = onlyIn(left, right);
  const only_right = onlyIn(right, left);
  if (only_left.length === 0 && only_right.length === 0) return [];
  return [{ kind: "letter", query: only_left.join(", "), recorded: only_right.join(", ") }];
}

function readLetters(words: readonly QueryWord[]): Set<string> {
  const found = new Set<string>();
  for (const [at, { word }] of words.entries()) {
    if (!isLetter(word) || WORDS.has(word)) continue;
    const next = words[at + 1];
    // Abbreviations in pieces: "a m", "u s". An "a" with something behind it is an article.
    if (isLetter(words[at - 1]?.word) || isLetter(next?.word)) continue;
    const ends = next === undefined || next.opens_clause;
    if (word === "a" && !ends) continue;
    found.add(word);
  }
  return found;
}

function isLetter(word: string | undefined): boolean {
  return word !== undefined && /^\p{L}$/u.test(word);
}
