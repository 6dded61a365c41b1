// Finds the terms of a vocabulary in a text, however they are written.
import { phraseMatcher, type PhraseMatcher } from "./phrase-matcher.ts";
import type { Term } from "./terms.ts";

export function termMatcher(terms: readonly Term[]): PhraseMatcher<string> {
  return phraseMatcher(
    new Map(terms.flatMap(({ value, words }) => words.map((one) => [one, value] as const))),
  );
}
