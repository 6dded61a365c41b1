// Whether two requests are the same but for politeness, articles, order and plain synonyms.
import { FUNCTION_WORDS } from "./function-words.ts";
import type { QueryWord } from "./query-words.ts";
import { stemOf } from "./query-words.ts";

/** Say nothing about what is asked. */
const EMPTY = new Set(
  `a an the please kindly thanks thank hey hi hello is are am be do does just really ok okay`.split(
    /\s+/u,
  ),
);

/** Ways to begin or end a request that ask for nothing by themselves. */
const POLITE_OPENINGS = `can you|could you|would you|will you|i want to|i need to
|i would like to|i like to|i want you to|i need you to|i would like you to|would you mind|tell me
|let me know|please|hey|hi|hello|ok|so|i was wondering|if you can|help me`
  .split("|")
  .map((phrase) => phrase.trim().split(/\s+/u));
const POLITE_ENDINGS =
  `please|thanks|thank you|for me|if you can|if possible|right away|thanks a lot
|will you|would you|could you`
    .split("|")
    .map((phrase) => phrase.trim().split(/\s+/u));

const SYNONYMS = `photo picture image|buy purchase|begin start commence|phone telephone cellphone
|television tv|movie film|car automobile|big large|help assist|fix repair|show display|bike bicycle
|mom mother|dad father|kid child|quick fast rapid|end finish|choose select pick|shut close
|answer reply respond|require need|glad happy|ill sick|autumn fall|shop store|near nearby close-by
|approximately about roughly|stay remain|also too`;

const SAME_AS: ReadonlyMap<string, string> = new Map(
  SYNONYMS.split("|").flatMap((group) => {
    const stems = group.trim().split(/\s+/u).map(stemOf);
    return stems.map((stem): [string, string] => [stem, stems[0]!]);
  }),
);

export interface Wording {
  /** Words that only the one says, and only the other; empty when all are accounted for. */
  readonly only_left: readonly string[];
  readonly only_right: readonly string[];
  /** What is left stands in the same order, so nothing but words was exchanged. */
  readonly in_order: boolean;
  /** Words of the first that say something. */
  readonly length: number;
}

/** Compares what two requests say when what asks for nothing is left out. */
export function compareWording(left: readonly QueryWord[], right: readonly QueryWord[]): Wording {
  const [a, b] = [saidBy(left), saidBy(right)];
  return {
    only_left: without(a, b),
    only_right: without(b, a),
    length: a.length,
    in_order: a.length === b.length && a.every((stem, at) => stem === b[at]),
  };
}

function saidBy(words: readonly QueryWord[]): string[] {
  let said = words.map((it) => it.word);
  for (;;) {
    const shorter = withoutPhrase(said);
    if (shorter.length === said.length) break;
    said = shorter;
  }
  return said.filter((word) => !EMPTY.has(word)).map((word) => canonical(word));
}

function canonical(word: string): string {
  const stem = stemOf(word);
  return FUNCTION_WORDS.has(word) ? stem : (SAME_AS.get(stem) ?? stem);
}

/** Without one polite phrase at its beginning or end; a request is never emptied. */
function withoutPhrase(words: readonly string[]): string[] {
  for (const phrase of POLITE_OPENINGS) {
    if (words.length > phrase.length && phrase.every((word, at) => words[at] === word)) {
      return words.slice(phrase.length);
    }
  }
  for (const phrase of POLITE_ENDINGS) {
    const from = words.length - phrase.length;
    if (from > 0 && phrase.every((word, at) => words[from + at] === word)) {
      return words.slice(0, from);
    }
  }
  return [...words];
}

function without(own: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return own.filter((stem) => {
    const at = left.indexOf(stem);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
