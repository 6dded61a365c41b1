// The gate on negation: "with" against "without", "is" against "is not", "keep" and "don't keep".
import { FUNCTION_WORDS } from "./function-words.ts";
import type { QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";

/** Words that leave something out of what is asked for. */
const EXCLUDERS = new Set(
  "without except excluding besides lacking ignoring omitting excepting minus skipping".split(" "),
);
const NEGATORS = new Set([
  "not",
  "no",
  "never",
  "neither",
  "nor",
  "none",
  "nobody",
  "nothing",
  "non",
]);
/** Say of what follows that it is not to be done. */
const AVOIDING = new Set("avoid avoiding avoids refrain refraining".split(" "));
const BREAKS = new Set(["but", "and", "or", "because", "so", "then", "although", "though"]);

/** Words that deny without a negator: "it failed" beside "it does not work". */
const DENYING = new Set(
  `unable fail failed fails failing decline declined declining reject rejected deny denied refuse
  refused stop stopped missing wrong lost stuck trouble problem empty nowhere forgot`.split(/\s+/u),
);

/** How many words of a text deny or leave out. */
export function negatorCount(words: readonly string[]): number {
  return words.filter((word) => NEGATORS.has(word) || EXCLUDERS.has(word)).length;
}

/** How many words after a negator it reaches. */
const REACH_WORDS = 4;

/** One negation and the stems that it covers. */
export interface Negation {
  readonly text: string;
  readonly excludes: boolean;
  /** Says that it is not to be done, and is no "not". */
  readonly avoids: boolean;
  readonly targets: readonly string[];
}

/** The negations of a query, in order. */
export function readNegations(words: readonly QueryWord[]): Negation[] {
  const found: Negation[] = [];
  for (const [at, { word }] of words.entries()) {
    const excludes =
      EXCLUDERS.has(word) || isButNot(words, at) || isAllBut(words, at) || isOtherThan(words, at);
    if (!excludes && !isNegator(words, at)) continue;
    const reach = reachOf(words, at);
    const targets = reach.filter((it) => !FUNCTION_WORDS.has(it.word)).map((it) => it.stem);
    const text = [words[at]!, ...reach].map((it) => it.word).join(" ");
    found.push({ text, excludes, avoids: !excludes && isAvoiding(words, at), targets });
  }
  return found;
}

/**
 * "without X" is a difference unless the other query leaves something out too. "not X" is one when
 * the other query says X and denies nothing. "It has not arrived" beside "I am still waiting" is
 * none: whether those ask for the same is for the scores to say.
 */
export function negationDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const left = readNegations(query);
  const right = readNegations(recorded);
  const found: QueryDifference[] = [];
  const denied = oneDenies(query, recorded);
  if (denied !== undefined) found.push(denied);
  for (const negation of left) {
    if (contradicts(negation, recorded, right)) {
      found.push({ kind: "negation", query: negation.text, recorded: plain(negation, recorded) });
    }
  }
  for (const negation of right) {
    if (contradicts(negation, query, left)) {
      found.push({ kind: "negation", query: plain(negation, query), recorded: negation.text });
    }
  }
  return found;
}

/** Nothing but a "not" tells the two apart. */
function oneDenies(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference | undefined {
  const said = (words: readonly QueryWord[]) =>
    words.filter((it) => !NEGATORS.has(it.word) && it.word !== "do").map((it) => it.stem);
  const denials = (words: readonly QueryWord[]) =>
    words.filter((it, at) => NEGATORS.has(it.word) && isNegator(words, at)).map((it) => it.word);
  const [left, right] = [denials(query), denials(recorded)];
  if (left.length === right.length || said(query).join(" ") !== said(recorded).join(" ")) return;
  return { kind: "negation", query: left.join(" "), recorded: right.join(" ") };
}

function contradicts(
  negation: Negation,
  other: readonly QueryWord[],
  others: readonly Negation[],
): boolean {
  if (others.some((it) => it.excludes === negation.excludes)) return false;
  // "without onions" is "no onions".
  const [target] = negation.targets;
  if (others.some((it) => target !== undefined && it.targets.includes(target))) return false;
  if (negation.excludes) return true;
  if (other.some((word) => DENYING.has(word.word))) return false;
  return target !== undefined && other.some((word) => word.stem === target);
}

/** How the other query says what is negated here. */
function plain(negation: Negation, other: readonly QueryWord[]): string {
  return other
    .filter((word) => negation.targets.includes(word.stem))
    .map((word) => word.word)
    .join(" ");
}

/** "why not", "not only", "no problem" and questions ending in "or not" negate nothing. */
function isNegator(words: readonly QueryWord[], at: number): boolean {
  const { word } = words[at]!;
  if (isAvoiding(words, at)) return true;
  if (!NEGATORS.has(word)) return false;
  const before = words[at - 1]?.word;
  const after = words[at + 1]?.word;
  if (after === "only" || after === "sure" || after === "problem") return false;
  return !((before === "or" || before === "whether") && after === undefined);
}

function isAvoiding(words: readonly QueryWord[], at: number): boolean {
  const { word } = words[at]!;
  if (word === "stop") return words[at + 1]?.word.endsWith("ing") === true;
  return AVOIDING.has(word);
}

function isButNot(words: readonly QueryWord[], at: number): boolean {
  return words[at]!.word === "not" && ["but", "and"].includes(words[at - 1]?.word ?? "");
}

/** "all of them but the last", "in every room but one". */
function isAllBut(words: readonly QueryWord[], at: number): boolean {
  if (words[at]!.word !== "but" || words[at + 1]?.word === "not") return false;
  const before = words.slice(Math.max(0, at - REACH_WORDS), at);
  return before.some(({ word }) => ALL.has(word));
}

const ALL = new Set(
  "all every each any no none everything everyone everybody nothing nobody anything".split(" "),
);

function isOtherThan(words: readonly QueryWord[], at: number): boolean {
  const [word, next] = [words[at]!.word, words[at + 1]?.word];
  const before_of = word === "instead" || word === "outside";
  if (before_of && next === "of") return true;
  return (word === "other" && next === "than") || (word === "apart" && next === "from");
}

function reachOf(words: readonly QueryWord[], at: number): QueryWord[] {
  const reach: QueryWord[] = [];
  for (const word of words.slice(at + 1, at + 1 + REACH_WORDS)) {
    if (word.opens_clause || BREAKS.has(word.word)) break;
    reach.push(word);
  }
  return reach;
}
