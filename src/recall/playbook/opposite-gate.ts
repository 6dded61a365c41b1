// The gate on opposites and on direction: "turn on" / "turn off", "from A to B" / "from B to A".
import { FUNCTION_WORDS } from "./function-words.ts";
import { readNegations } from "./negation-gate.ts";
import { OPPOSITES, REVERSING_PREFIXES } from "./opposite-words.ts";
import type { QueryDifference } from "./query-difference.ts";
import { stemOf, type QueryWord } from "./query-words.ts";

/**
 * Words of one query whose opposite stands in the other, while neither holds both. When just one
 * of them is negated ("not approved" / "rejected") the opposite is what makes them equal.
 */
export function oppositeDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const order = orderDifferences(query, recorded);
  if (isNegated(query) !== isNegated(recorded)) return order;
  const left = new Map(query.map((word) => [word.stem, word.word]));
  const right = new Map(recorded.map((word) => [word.stem, word.word]));
  const turned = reversedWords(right);
  const found: QueryDifference[] = [];
  for (const [stem, word] of left) {
    if (right.has(stem)) continue;
    for (const opposite of oppositesOf(stem, word, right, turned)) {
      if (!left.has(opposite)) {
        found.push({ kind: "opposite", query: word, recorded: right.get(opposite)! });
      }
    }
  }
  return [...found, ...turnedParticles(query, recorded), ...order];
}

/** "moves in" and "moves out": the same word with the other of the two behind it. */
function turnedParticles(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const [left, right] = [readParticles(query), readParticles(recorded)];
  return [...left].flatMap(([stem, word]) => {
    const other = right.get(stem);
    return other === undefined || other === word
      ? []
      : [{ kind: "opposite", query: word, recorded: other }];
  });
}

/** Stem of what stands before an "in" or "out" → which of them; not of what has both. */
function readParticles(words: readonly QueryWord[]): Map<string, string> {
  const found = new Map<string, string>();
  const both = new Set<string>();
  for (const [at, { word }] of words.entries()) {
    const before = words[at - 1];
    if ((word !== "in" && word !== "out") || before === undefined) continue;
    if (FUNCTION_WORDS.has(before.word)) continue;
    if ((found.get(before.stem) ?? word) !== word) both.add(before.stem);
    found.set(before.stem, word);
  }
  for (const stem of both) found.delete(stem);
  return found;
}

function isNegated(words: readonly QueryWord[]): boolean {
  return readNegations(words).some((negation) => !negation.excludes && !negation.avoids);
}

/** A word that begins with a reversing prefix, and how long the word it reverses must be. */
interface Reversed {
  readonly stem: string;
  readonly letters_min: number;
}

/** Stem of what is reversed → the words that reverse it: "lock" → "unlock". */
function reversedWords(words: ReadonlyMap<string, string>): Map<string, Reversed[]> {
  const turned = new Map<string, Reversed[]>();
  for (const [stem, word] of words) {
    for (const { rest, letters_min } of withoutPrefix(word)) {
      turned.set(rest, [...(turned.get(rest) ?? []), { stem, letters_min }]);
    }
  }
  return turned;
}

/** Stems of a word's rest behind each reversing prefix that it begins with; mostly none. */
function withoutPrefix(word: string): { rest: string; letters_min: number }[] {
  return [...REVERSING_PREFIXES]
    .filter(([prefix]) => word.startsWith(prefix))
    .map(([prefix, letters_min]) => ({ rest: stemOf(word.slice(prefix.length)), letters_min }));
}

/** Stems of `others` that mean the opposite of a word: by look-ups, not word against word. */
function oppositesOf(
  stem: string,
  word: string,
  others: ReadonlyMap<string, string>,
  turned: ReadonlyMap<string, readonly Reversed[]>,
): Set<string> {
  const found = new Set<string>();
  for (const opposite of STEM_OPPOSITES.get(stem) ?? []) {
    if (others.has(opposite)) found.add(opposite);
  }
  for (const { rest, letters_min } of withoutPrefix(word)) {
    if ((others.get(rest)?.length ?? 0) >= letters_min) found.add(rest);
  }
  for (const other of turned.get(stem) ?? []) {
    if (word.length >= other.letters_min) found.add(other.stem);
  }
  return found;
}

const STEM_OPPOSITES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...OPPOSITES].map(([word, opposites]) => [
    stemOf(word),
    new Set([...opposites].map((opposite) => stemOf(opposite))),
  ]),
);

/** "from A to B" in one and "from B to A" in the other. */
function orderDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const left = readDirection(query);
  const right = readDirection(recorded);
  if (left === undefined || right === undefined) return [];
  if (left.from !== right.to || left.to !== right.from || left.from === left.to) return [];
  return [
    {
      kind: "order",
      query: `from ${left.from} to ${left.to}`,
      recorded: `from ${right.from} to ${right.to}`,
    },
  ];
}

function readDirection(words: readonly QueryWord[]): { from: string; to: string } | undefined {
  const from = objectOf(words, "from");
  const to = objectOf(words, "to") ?? objectOf(words, "into");
  return from === undefined || to === undefined ? undefined : { from, to };
}

const ARTICLES = new Set(["a", "an", "the", "my", "our", "your"]);
/** "room 2", "the second floor of the old house". */
const OBJECT_WORDS_MAX = 4;

/** The words that a preposition leads to, up to the next function word or break. */
function objectOf(words: readonly QueryWord[], preposition: string): string | undefined {
  const at = words.findIndex((word) => word.word === preposition);
  if (at < 0) return undefined;
  const object: string[] = [];
  for (const { word, opens_clause } of words.slice(at + 1)) {
    if (opens_clause || object.length === OBJECT_WORDS_MAX) break;
    if (FUNCTION_WORDS.has(word)) {
      if (object.length > 0 || !ARTICLES.has(word)) break;
      continue;
    }
    object.push(word);
  }
  return object.length === 0 ? undefined : object.join(" ");
}
