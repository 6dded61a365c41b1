// A query as words: one reading that merging, the lexical score and every gate share.
import { stemmer } from "stemmer";
import { spelledSigns } from "./spelled-signs.ts";

/** One word or number of a query. */
export interface QueryWord {
  /** As written. */
  readonly text: string;
  /** Lower case, contractions resolved ("won't" is "wo" + "not"). */
  readonly word: string;
  /** Porter stem of `word`. */
  readonly stem: string;
  /** Starts with a capital and does not open a sentence. */
  readonly capital: boolean;
  /** Written in capitals throughout, two letters or more. */
  readonly acronym: boolean;
  /** Stands in double quotes: a value, letter by letter. */
  readonly quoted: boolean;
  /** A comma, full stop or other break stands before it. */
  readonly opens_clause: boolean;
}

/**
 * Joined digits and letters ("3pm", "W-1234", "10,000.5") are one word; other hyphens split.
 * A clock time "3:30" is one word, and so are "3/4" and "4/3".
 */
const WORD = new RegExp(
  [
    /\p{L}+-\d[\p{L}\d]*/u,
    /\d+:\d\d(?:\p{L}+)?/u,
    /\d+(?:\/\d+)+/u,
    /\d+(?:[.,]\d+)*\p{L}*/u,
    /\p{L}[\p{L}\p{M}\d]*(?:'\p{L}+)*[+#]*/u,
  ]
    .map((form) => form.source)
    .join("|"),
  "gu",
);

/**
 * Longer queries are compared verbatim only: nobody asks the same at such length in other words,
 * and reading both word by word for each candidate would hold everything else up.
 */
export const COMPARED_WORDS_MAX = 400;

const SENTENCE_BREAK = /[.!?:;]["')\]]*\s|\n/u;
const CLAUSE_BREAK = /[,.;:!?()\n]/u;

/**
 * Queries that differ in case, spacing or closing punctuation only are one query. Capitals behind a
 * number stay ("5 mV" is not "5 MV"), and so does what is no more than signs.
 */
export function normaliseQuery(text: string): string {
  const plain = text
    .normalize("NFC")
    .replace(/’/gu, "'")
    .replace(/\s+/gu, " ")
    .trim()
    .replace(CASED, (all: string, unit: string | undefined) => unit ?? all.toLowerCase());
  const said = plain.replace(/[\s.?]+$/u, "").replace(/(?<=\p{L})[\s.!?]+$/u, "");
  return /[\p{L}\p{N}]/u.test(said) ? said : plain;
}

/** A short word behind a number as a group of its own, any other as it is. */
const CASED = /(?<=\d ?)(\p{L}{1,4})(?!\p{L})|\p{Lu}+/gu;

const QUOTED = /["“][^"“”]{1,200}["”]/gu;

/** The words of a query, in order. */
export function readWords(text: string): QueryWord[] {
  const normal = spelledSigns(text).replace(/(\d) ?: ?(?=\d\d\b)/gu, "$1:");
  const quotes = [...normal.matchAll(QUOTED)].map((it) => [it.index, it.index + it[0].length]);
  const shouted = isAllCapitals(normal) || isTitleCase(normal);
  const words: QueryWord[] = [];
  let end = 0;
  for (const match of normal.matchAll(WORD)) {
    const gap = normal.slice(end, match.index);
    // The rest of a contraction that was split: "it 's".
    if (gap.endsWith("'") && /^(?:s|m|re|ve|ll|d)$/iu.test(match[0])) {
      end = match.index + match[0].length;
      continue;
    }
    const first = words.length === 0 || SENTENCE_BREAK.test(gap);
    const opens_clause = words.length === 0 || CLAUSE_BREAK.test(gap);
    end = match.index + match[0].length;
    const acronym = !shouted && /^\p{Lu}[\p{Lu}\d&]+$/u.test(match[0]);
    const capital = !shouted && (acronym || (!first && /^\p{Lu}/u.test(match[0])));
    const previous = words.at(-1)?.word ?? "";
    const quoted = quotes.some(([from, to]) => match.index > from! && end <= to!);
    for (const [index, part] of resolveContraction(match[0], previous).entries()) {
      words.push({
        text: match[0],
        word: part,
        stem: stemOf(part),
        capital: capital && index === 0 && part !== "i",
        acronym: acronym && index === 0,
        quoted,
        opens_clause: opens_clause && index === 0,
      });
    }
  }
  return words;
}

/** Porter stem; words with digits stay as they are. */
export function stemOf(word: string): string {
  return /\d/u.test(word) ? word : stemmer(word);
}

/** Also of text whose contractions were split by a tokeniser: "do n't", "don 't", "i 'm". */
function resolveContraction(text: string, previous: string): string[] {
  const word = text.toLowerCase();
  if (word === "n't" || word === "nt") return ["not"];
  if (word === "t" && SPLIT_NOT.has(previous)) return ["not"];
  if (word === "cannot") return ["can", "not"];
  if (NOT_FORMS.has(word)) return [word.replace(/'?n'?t$/u, ""), "not"];
  const at = word.indexOf("'");
  if (at <= 0) return [word];
  const head = word.slice(0, at);
  return /^'(?:s|m|re|ll|ve|d)$/u.test(word.slice(at)) ? [head] : [word.replaceAll("'", "")];
}

const SPLIT_NOT = new Set(
  "don doesn didn isn aren wasn weren hasn haven hadn wouldn couldn shouldn can won".split(" "),
);

const NOT_FORMS = new Set(
  ["do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "would", "could"]
    .concat(["should", "ca", "wo", "need", "must", "ai", "might"])
    .flatMap((verb) => [`${verb}n't`, `${verb}nt`])
    .filter((form) => form !== "wont" && form !== "cant")
    .concat(["can't", "cant", "won't", "wont"]),
);

function isAllCapitals(text: string): boolean {
  const letters = text.match(/\p{L}/gu) ?? [];
  return letters.length > 6 && letters.every((letter) => letter === letter.toUpperCase());
}

/** Many longer words and each starts with a capital: then capitals say nothing about names. */
function isTitleCase(text: string): boolean {
  const words = text.match(/\p{L}{4,}/gu) ?? [];
  return words.length > 5 && words.every((word) => /^\p{Lu}/u.test(word));
}
