// The gate on what stands in quotes: a title, a keyword, a message is meant letter by letter.
import type { QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";

/** Quoted words that the other query does not have in the same order, while both quote. */
export function literalDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const [left, right] = [quotedText(query), quotedText(recorded)];
  if (left === "" || right === "" || left === right) return [];
  return [{ kind: "quoted", query: left, recorded: right }];
}

function quotedText(words: readonly QueryWord[]): string {
  const quoted = words.filter((it) => it.quoted).map((it) => it.word);
  return quoted.join(" ");
}
