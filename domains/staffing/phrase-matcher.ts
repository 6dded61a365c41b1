// Finds the phrases of a vocabulary in a text: longest first, whole words, case aside.

export interface PhraseMatch<T> {
  readonly value: T;
  readonly start: number;
  readonly end: number;
  /** A negation stands right before it: "not nights", "no forklift certification". */
  readonly negated: boolean;
}

export type PhraseMatcher<T> = (text: string) => PhraseMatch<T>[];

const REFUSAL =
  "not|no|non|never|without|except|except for|excluding|other than|anything but|anyone but|" +
  "rather than|instead of|outside|outside of|avoid|can't|cannot|don't|doesn't|won't";
/** Small words that may stand between a negation and what it rules out. */
const BETWEEN =
  "need|needs|want|wants|work|works|do|be|a|an|any|the|on|in|for|from|of|have|has|with|require|" +
  "requires|at";
const NEGATION = new RegExp(`\\b(?:${REFUSAL})\\s+(?:(?:${BETWEEN})\\s+)*$`, "i");
const NEGATION_AFTER = /^\s+(?:is\s+|are\s+)?(?:not\s+(?:needed|required|necessary)|optional)\b/i;

/** `phrases`: how a value is written → the value. */
export function phraseMatcher<T>(phrases: ReadonlyMap<string, T>): PhraseMatcher<T> {
  const by_words = new Map([...phrases].map(([words, value]) => [words.toLowerCase(), value]));
  const alternatives = [...by_words.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((words) => words.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&").replaceAll(" ", "\\s+"));
  const pattern = new RegExp(`(?<![\\w-])(?:${alternatives.join("|")})(?![\\w])`, "gi");
  return (text) =>
    [...text.matchAll(pattern)].map((match) => ({
      value: by_words.get(match[0].toLowerCase().replaceAll(/\s+/g, " "))!,
      start: match.index,
      end: match.index + match[0].length,
      negated:
        NEGATION.test(text.slice(0, match.index)) ||
        NEGATION_AFTER.test(text.slice(match.index + match[0].length)),
    }));
}

/** The text with spans replaced by spaces, so that later readers do not see them again. */
export function blank(text: string, spans: readonly { start: number; end: number }[]): string {
  let result = text;
  for (const { start, end } of spans) {
    result = result.slice(0, start) + " ".repeat(end - start) + result.slice(end);
  }
  return result;
}
