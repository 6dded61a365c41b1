// The gate on names: a capitalised name or acronym that only one of the two queries speaks of.
import { UNITS } from "./number-words.ts";
import type { QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";

const PLACE_PREPOSITIONS = new Set(["in", "at", "near", "from", "to", "around", "outside"]);

interface Name {
  readonly words: readonly QueryWord[];
  readonly text: string;
  readonly kind: "place" | "name";
}

/** Runs of capitalised words. A run after "in", "near", "from" … is taken for a place. */
export function readNames(words: readonly QueryWord[]): Name[] {
  const names: Name[] = [];
  for (let at = 0; at < words.length; at++) {
    if (!words[at]!.capital || isUnit(words, at)) continue;
    let end = at + 1;
    while (end < words.length && words[end]!.capital && !words[end]!.opens_clause) end++;
    const run = words.slice(at, end);
    const place = PLACE_PREPOSITIONS.has(words[at - 1]?.word ?? "");
    const text = run.map((word) => word.text).join(" ");
    names.push({ words: run, text, kind: place ? "place" : "name" });
    at = end - 1;
  }
  return names;
}

/** "10 GB" names nobody. */
function isUnit(words: readonly QueryWord[], at: number): boolean {
  return UNITS.has(words[at]!.word) && /^\d/u.test(words[at - 1]?.word ?? "");
}

/**
 * Names of which the other query does not have every word (in whatever case, letter by letter:
 * "Steven" is not "Stevens"), nor the initials.
 * `known` are stems that a slot or the calendar already compares.
 */
export function nameDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
  known: ReadonlySet<string> = new Set(),
): QueryDifference[] {
  const left = missing(query, recorded, known);
  const right = missing(recorded, query, known);
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, index) => ({
    kind: [left[index], right[index]].some((name) => name?.kind === "place") ? "place" : "name",
    query: left[index]?.text ?? "",
    recorded: right[index]?.text ?? "",
  }));
}

function missing(
  own: readonly QueryWord[],
  other: readonly QueryWord[],
  known: ReadonlySet<string>,
): Name[] {
  const stems = new Set(other.map((word) => word.stem));
  const written = new Set(other.map((word) => word.word));
  const isThere = ({ acronym, stem, word }: QueryWord) =>
    acronym ? stems.has(stem) : written.has(word);
  const initials = initialsOf(other);
  return readNames(own).filter((name) => {
    const words = name.words.filter((word) => !known.has(word.stem));
    if (words.every(isThere)) return false;
    const own_initials = words.map((word) => word.word[0]).join("");
    if (words.length > 1 && stems.has(own_initials)) return false;
    return !words.every((word) => word.acronym && initials.includes(word.word));
  });
}

/** First letters of all words in a row, in which an acronym's letters can be looked for. */
function initialsOf(words: readonly QueryWord[]): string {
  return words.map((word) => word.word[0]).join("");
}
