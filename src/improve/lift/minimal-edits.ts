// Sentences with one thing changed so that something else is asked or said: one edit, one type.
import type { Random } from "#kernel/random.ts";
import {
  ANTONYMS,
  DATES,
  EXCLUSIONS,
  NUMBER_WORDS,
  PLACES,
  QUANTITIES,
  UNITS,
} from "./edit-words.ts";
import { plainText } from "./word-neighbours.ts";

export interface MinimalEdit {
  readonly type: EditType;
  readonly source: string;
  readonly edited: string;
}

/** Makes one edit of a sentence; undefined when it has nothing to edit. */
type Edit = (words: readonly string[], random: Random) => readonly string[] | undefined;

const EDITS = {
  negation: negate,
  antonym: (words, random) => replaceOne(words, random, opposites),
  number: (words, random) => replaceOne(words, random, otherNumbers),
  unit: (words, random) => replaceOne(words, random, (word) => othersOf(UNITS, word)),
  date: (words, random) => replaceOne(words, random, (word) => othersOf(DATES, word)),
  place: (words, random) => replaceOne(words, random, otherPlaces),
  entity: swapNames,
  role: swapRoles,
  exclusion: (words, random) => [...withoutStop(words), random.pick(EXCLUSIONS)],
  quantity: (words, random) => replaceOne(words, random, otherQuantities) ?? boundNumber(words),
} as const satisfies Record<string, Edit>;

export type EditType = keyof typeof EDITS;
export const EDIT_TYPES = Object.keys(EDITS) as EditType[];

/** Up to `per_type` edits of each type, each of another sentence; the seed decides which. */
export function makeMinimalEdits(
  sentences: readonly string[],
  per_type: number,
  random: Random,
): MinimalEdit[] {
  const known = new Set(sentences.map(plainText));
  const used = new Set<string>();
  const found: MinimalEdit[] = [];
  for (const type of EDIT_TYPES) {
    let made = 0;
    for (const source of random.shuffle(sentences)) {
      if (made >= per_type) break;
      const words = source.split(" ");
      if (used.has(source) || words.length < 3 || words.length > 40) continue;
      const edited = EDITS[type](words, random)?.join(" ");
      // What is another known sentence, or the same again, would prove nothing.
      if (edited === undefined || known.has(plainText(edited))) continue;
      used.add(source);
      found.push({ type, source, edited });
      made++;
    }
  }
  return found;
}

function replaceOne(
  words: readonly string[],
  random: Random,
  others: (word: string) => readonly string[],
): readonly string[] | undefined {
  const places = [...words.keys()].filter((at) => others(bare(words[at]!)).length > 0);
  if (places.length === 0) return undefined;
  const at = random.pick(places);
  const word = words[at]!;
  const other = random.pick(others(bare(word)));
  const cased = /^\p{Lu}/u.test(word) ? other[0]!.toUpperCase() + other.slice(1) : other;
  return words.with(at, cased + word.slice(bare(word).length));
}

/** A word without the punctuation behind it. */
function bare(word: string): string {
  return word.replace(/[.,?!;:]+$/u, "");
}

function opposites(word: string): string[] {
  const plain = word.toLowerCase();
  return ANTONYMS.flatMap(([a, b]) => (a === plain ? [b] : b === plain ? [a] : []));
}

function otherNumbers(word: string): string[] {
  if (/^\d{1,6}$/u.test(word)) return [String(Number(word) + 1), String(Number(word) * 2 + 3)];
  const plain = word.toLowerCase();
  return NUMBER_WORDS.includes(plain) ? NUMBER_WORDS.filter((it) => it !== plain) : [];
}

function othersOf(groups: readonly (readonly string[])[], word: string): string[] {
  const plain = word.toLowerCase();
  // "may" and "march" are mostly other words when they are not written as names.
  if ((plain === "may" || plain === "march") && word === plain) return [];
  const group = groups.find((it) => it.includes(plain)) ?? [];
  return group.filter((it) => it !== plain);
}

function otherPlaces(word: string): string[] {
  const at = PLACES.findIndex((place) => place.toLowerCase() === word.toLowerCase());
  if (at < 0) return [];
  const others = PLACES.filter((_, index) => index !== at);
  return /^\p{Lu}/u.test(word) ? others : others.map((place) => place.toLowerCase());
}

function otherQuantities(word: string): string[] {
  const plain = word.toLowerCase();
  return QUANTITIES.flatMap(([a, b]) => (a === plain ? [b] : b === plain ? [a] : []));
}

/** "at least" before a number that has no bound. */
function boundNumber(words: readonly string[]): readonly string[] | undefined {
  const at = words.findIndex((word) => /^\d{1,4}$/u.test(word) || NUMBER_WORDS.includes(word));
  const before = words[at - 1] ?? "";
  if (at < 1 || /^(least|most|than|to|over|under|in|of)$/u.test(before)) return undefined;
  return words.toSpliced(at, 0, "at", "least");
}

const AUXILIARIES = new Set(
  `is are was were can could will would should does do did has have had may must`.split(" "),
);

/** "is" → "is not"; a request without an auxiliary gets "do not" in front. */
function negate(words: readonly string[], random: Random): readonly string[] | undefined {
  if (words.some((word) => /^(not|no|never|without)$|n't$/iu.test(word))) return undefined;
  const places = [...words.keys()].filter((at) => at > 0 && AUXILIARIES.has(words[at]!));
  if (places.length > 0) return words.toSpliced(random.pick(places) + 1, 0, "not");
  if (!/^[a-z]+$/u.test(words[0]!) || AUXILIARIES.has(words[0]!)) return undefined;
  return ["do", "not", ...words];
}

const SMALL = new Set(
  `a an the this that these those my your his her its our their of in on at by for from to with and
  or but as it i you he she we they is are was were be been has have had`.split(/\s+/u),
);

/** Two names of a sentence change places, unless they only stand in a list. */
function swapNames(words: readonly string[], random: Random): readonly string[] | undefined {
  const is_name = (at: number) => /^\p{Lu}\p{Ll}+$/u.test(words[at]!);
  const places = [...words.keys()].filter(
    (at) =>
      at > 0 && is_name(at) && !is_name(at - 1) && !(at + 1 < words.length && is_name(at + 1)),
  );
  return swapTwo(words, places, random);
}

/** What stands before and behind a "from", "than" or "by" changes places. */
function swapRoles(words: readonly string[], random: Random): readonly string[] | undefined {
  const joins = [...words.keys()].filter((at) =>
    /^(from|into|than|by|with|for|of)$/u.test(words[at]!),
  );
  const pairs = joins.flatMap((at) => {
    const left = [...words.keys()].findLast((it) => it < at && isContent(words, it));
    const right = [...words.keys()].find((it) => it > at && isContent(words, it));
    return left === undefined || right === undefined ? [] : [[left, right] as const];
  });
  if (pairs.length === 0) return undefined;
  const [x, y] = random.pick(pairs);
  return words.with(x, words[y]!).with(y, words[x]!);
}

function isContent(words: readonly string[], at: number): boolean {
  return /^\p{L}{3,}$/u.test(words[at]!) && !SMALL.has(words[at]!.toLowerCase());
}

function swapTwo(
  words: readonly string[],
  places: readonly number[],
  random: Random,
): readonly string[] | undefined {
  const pairs = places.flatMap((x) =>
    places
      .filter((y) => y > x + 1 && words[x] !== words[y])
      .filter((y) => !words.slice(x + 1, y).every((it) => /^(and|or|,|&)$/u.test(it)))
      .map((y) => [x, y] as const),
  );
  if (pairs.length === 0) return undefined;
  const [x, y] = random.pick(pairs);
  return words.with(x, words[y]!).with(y, words[x]!);
}

function withoutStop(words: readonly string[]): string[] {
  const text = words.join(" ").replace(/[\s.?!]+$/u, "");
  return text.split(" ");
}
