// The gate on opposites and on direction: "turn on" / "turn off", "from A to B" / "from B to A".
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
  const found: QueryDifference[] = [];
  for (const [stem, word] of left) {
    if (right.has(stem)) continue;
    for (const opposite of oppositesOf(stem, word, right)) {
      if (!left.has(opposite)) {
        found.push({ kind: "opposite", query: word, recorded: right.get(opposite)! });
      }
    }
  }
  return [...found, ...order];
}

function isNegated(words: readonly QueryWord[]): boolean {
  return readNegations(words).some((negation) => !negation.excludes);
}

/** Stems of `others` that mean the opposite of a word. */
function oppositesOf(stem: string, word: string, others: ReadonlyMap<string, string>): string[] {
  const listed = [...(STEM_OPPOSITES.get(stem) ?? [])].filter((opposite) => others.has(opposite));
  for (const [other_stem, other] of others) {
    if (isReversed(word, other) || isReversed(other, word)) listed.push(other_stem);
  }
  return [...new Set(listed)];
}

/** true for "unlock" against "lock", "nonsmoking" against "smoking". */
function isReversed(longer: string, shorter: string): boolean {
  return [...REVERSING_PREFIXES].some(
    ([prefix, letters_min]) =>
      shorter.length >= letters_min &&
      longer.startsWith(prefix) &&
      stemOf(longer.slice(prefix.length)) === stemOf(shorter),
  );
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

/** The word that a preposition leads to. */
function objectOf(words: readonly QueryWord[], preposition: string): string | undefined {
  const at = words.findIndex((word) => word.word === preposition);
  if (at < 0) return undefined;
  return words.slice(at + 1).find((word) => !ARTICLES.has(word.word))?.word;
}
