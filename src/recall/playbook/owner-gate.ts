// The gate on whose thing is meant: "my name" and "your name" are not the same.
import type { QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";

const PERSONS: ReadonlyMap<string, string> = new Map([
  ["my", "mine"],
  ["our", "mine"],
  ["your", "yours"],
  ["his", "theirs"],
  ["her", "theirs"],
  ["their", "theirs"],
]);

/** Things of which each query says whose they are, and not the same person's. */
export function ownerDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const right = readOwners(recorded);
  const found: QueryDifference[] = [];
  for (const [thing, left] of readOwners(query)) {
    const other = right.get(thing);
    if (other === undefined || PERSONS.get(left.word) === PERSONS.get(other.word)) continue;
    found.push({ kind: "owner", query: left.text, recorded: other.text });
  }
  return found;
}

/** Stem of what is owned → the possessive before it; the first mention counts. */
function readOwners(words: readonly QueryWord[]): Map<string, { word: string; text: string }> {
  const owners = new Map<string, { word: string; text: string }>();
  for (const [at, { word }] of words.entries()) {
    const thing = words[at + 1];
    if (!PERSONS.has(word) || thing === undefined || owners.has(thing.stem)) continue;
    owners.set(thing.stem, { word, text: `${word} ${thing.word}` });
  }
  return owners;
}
