// The gate on a value that was replaced: "weather in paris" and "weather in tulsa", all else equal.
import { FUNCTION_WORDS } from "./function-words.ts";
import type { QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";

/** What follows them names a place or a source more often than it describes. */
const BEFORE_VALUE = new Set("in from near at around".split(" "));

/** Content words that the two must share before one other word can be all that differs. */
const SHARED_MIN = 1;

/** One word behind a preposition replaced by another while everything else stands as it was. */
export function valueDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  if (query.length !== recorded.length) return [];
  const apart = [...query.keys()].filter((at) => query[at]!.stem !== recorded[at]!.stem);
  const at = apart[0];
  if (apart.length !== 1 || at === undefined) return [];
  const [left, right] = [query[at]!, recorded[at]!];
  if (FUNCTION_WORDS.has(left.word) || FUNCTION_WORDS.has(right.word)) return [];
  // Digits are the number gate's business: "18:00" and "6pm" are one time.
  if (/\d/u.test(left.word + right.word)) return [];
  const before = BEFORE_VALUE.has(query[at - 1]?.word ?? "") || isGoal(query, at);
  const shared = query.filter((it) => !FUNCTION_WORDS.has(it.word)).length - 1;
  if (!before || shared < SHARED_MIN) return [];
  return [{ kind: "value", query: left.text, recorded: right.text }];
}

/** "from A to B": without the "from" a "to" mostly opens what is to be done. */
function isGoal(words: readonly QueryWord[], at: number): boolean {
  return words[at - 1]?.word === "to" && words.some((it) => it.word === "from");
}
