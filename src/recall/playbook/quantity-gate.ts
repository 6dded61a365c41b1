// The gate on bounds and quantifiers: "at least 3" / "at most 3" / "3", "all of them" / "some".
import { onlyIn, type QueryDifference } from "./query-difference.ts";
import { UNITS } from "./number-words.ts";
import type { QueryWord } from "./query-words.ts";
import { readNumbers } from "./read-numbers.ts";

/** Phrases before a number and the bound that they set. Longest first. */
const BOUNDS: readonly (readonly [phrase: readonly string[], bound: string])[] = [
  ["not more than", "at most"],
  ["not less than", "at least"],
  ["not fewer than", "at least"],
  ["no more than", "at most"],
  ["no less than", "at least"],
  ["no fewer than", "at least"],
  ["at the most", "at most"],
  ["at the least", "at least"],
  ["greater than", "over"],
  ["higher than", "over"],
  ["minimum of", "at least"],
  ["maximum of", "at most"],
  ["fewer than", "under"],
  ["lower than", "under"],
  ["more than", "over"],
  ["less than", "under"],
  ["at least", "at least"],
  ["at most", "at most"],
  ["up to", "at most"],
  ["above", "over"],
  ["over", "over"],
  ["exceeding", "over"],
  ["exceeds", "over"],
  ["exceed", "over"],
  ["below", "under"],
  ["under", "under"],
  ["exactly", "exactly"],
].map(([phrase, bound]) => [phrase!.split(" "), bound!] as const);

/** Behind a number. */
const BOUNDS_BEHIND: readonly (readonly [phrase: readonly string[], bound: string])[] = [
  ["or more", "at least"],
  ["or above", "at least"],
  ["or higher", "at least"],
  ["or over", "at least"],
  ["or less", "at most"],
  ["or fewer", "at most"],
  ["or below", "at most"],
  ["or under", "at most"],
].map(([phrase, bound]) => [phrase!.split(" "), bound!] as const);

const QUANTIFIERS: ReadonlyMap<string, string> = new Map(
  (
    [
      ["all", "all every each everything everyone everybody entire"],
      ["some", "some several few"],
      ["none", "none nobody nothing"],
      ["most", "most majority"],
      ["half", "half"],
      ["either", "either"],
      ["both", "both"],
    ] as const
  ).flatMap(([kind, words]) => words.split(" ").map((word): [string, string] => [word, kind])),
);

/**
 * Bounds of numbers that only one sets, units without a number ("per day") and quantifiers of which
 * the two name others.
 */
export function quantityDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const found: QueryDifference[] = [];
  const put = (left: ReadonlySet<string>, right: ReadonlySet<string>) =>
    found.push({
      kind: "quantity",
      query: onlyIn(left, right).join(", "),
      recorded: onlyIn(right, left).join(", "),
    });
  if (readNumbers(query).length > 0 && readNumbers(recorded).length > 0) {
    const [left, right] = [readBounds(query), readBounds(recorded)];
    if (onlyIn(left, right).length + onlyIn(right, left).length > 0) put(left, right);
  }
  const units = { query: bareUnits(query), recorded: bareUnits(recorded) };
  const other_units =
    onlyIn(units.query, units.recorded).length > 0 &&
    onlyIn(units.recorded, units.query).length > 0;
  if (other_units) put(units.query, units.recorded);
  const [left, right] = [readQuantifiers(query), readQuantifiers(recorded)];
  const apart = left.size > 0 && right.size > 0 && onlyIn(left, right).length === left.size;
  if (apart) put(left, right);
  return found;
}

/** Also ordinary words, or abbreviations of something else. */
const NO_UNITS = new Set(
  "second seconds sec secs g h l mi min mins foot feet yard yards".split(" "),
);

/** Units named for themselves; behind a number the gate on numbers compares what they amount to. */
function bareUnits(words: readonly QueryWord[]): Set<string> {
  const found = new Set<string>();
  for (const [at, { word }] of words.entries()) {
    const unit = NO_UNITS.has(word) ? undefined : UNITS.get(word);
    if (unit === undefined || readNumbers(words.slice(Math.max(0, at - 2), at)).length > 0)
      continue;
    const [quantity, size] = unit;
    found.add(UNIT_NAMES.get(`${quantity} ${size}`) ?? word);
  }
  return found;
}

/** One name for all forms of a unit: the first. */
const UNIT_NAMES: ReadonlyMap<string, string> = new Map(
  [...UNITS].toReversed().map(([word, [quantity, size]]) => [`${quantity} ${size}`, word]),
);

function readBounds(words: readonly QueryWord[]): Set<string> {
  const found = new Set<string>();
  for (let at = 0; at < words.length; at++) {
    const before = BOUNDS.find(([phrase]) => standsAt(phrase, words, at));
    if (before !== undefined) {
      const [phrase, bound] = before;
      const next = words.slice(at + phrase.length, at + phrase.length + 2);
      if (readNumbers(next).length > 0) found.add(bound);
      at += phrase.length - 1;
      continue;
    }
    const behind = BOUNDS_BEHIND.find(([phrase]) => standsAt(phrase, words, at));
    if (behind !== undefined && readNumbers(words.slice(Math.max(0, at - 2), at)).length > 0) {
      found.add(behind[1]);
    }
  }
  return found;
}

function standsAt(phrase: readonly string[], words: readonly QueryWord[], at: number): boolean {
  return phrase.every((word, index) => words[at + index]?.word === word);
}

function readQuantifiers(words: readonly QueryWord[]): Set<string> {
  const kinds = words.map(({ word }) => QUANTIFIERS.get(word));
  return new Set(kinds.filter((kind) => kind !== undefined));
}
