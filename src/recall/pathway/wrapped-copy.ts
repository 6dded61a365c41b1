// Whether a text is a known one with nothing but wrapping around it.
import {
  ARTICLES,
  EMPTY_PHRASES,
  FUNCTION_WORDS,
  JOINING_WORDS,
  NEWS_WORDS,
  SAYING_WORDS,
} from "./wrapping-words.ts";

interface Token {
  readonly word: string;
  readonly is_capital: boolean;
  /** It begins a sentence, or what looks like one. */
  readonly opens: boolean;
  /** Punctuation stands before it. */
  readonly apart: boolean;
  /** A recalled text has it. */
  matched: boolean;
}

const WORD = /[\p{L}\p{N}]+/gu;
const OPENING = /[.!?:;\n()[\]"“”„«»*#>|–—-]/u;
const PUNCTUATION = /[^\s'’]/u;
/** Words of another matter that wrapping may have, if the text it wraps has as many. */
const FOREIGN_MAX = 6;
/** As many as that where no word tells that something is remembered or told. */
const FOREIGN_UNTOLD_MAX = 2;
const SAYING_MAX = 12;

/** The words of a text as it is looked for in others. */
export function wordsToFind(text: string): string[] {
  const found = text.normalize("NFKC").toLowerCase().match(WORD) ?? [];
  return found.filter((word) => !ARTICLES.has(word));
}

/**
 * The places in `known` of the texts that stand in `text` as a whole, their words in order, when
 * what remains says nothing of its own: no number, no name inside a sentence, no denial or change,
 * no clause joined to it, and few words of another matter. Empty: the text is news, or has none of
 * them.
 */
export function wrappedIn(text: string, known: readonly (readonly string[])[]): number[] {
  const tokens = tokensOf(text);
  const there = new Set(tokens.map(({ word }) => word));
  const longest_first = [...known.keys()]
    .filter((at) => known[at]!.length > 0 && known[at]!.every((word) => there.has(word)))
    .toSorted((a, b) => known[b]!.length - known[a]!.length);
  const found = longest_first.filter((at) => take(tokens, known[at]!));
  const own = found.flatMap((at) => known[at]!).filter((word) => !FUNCTION_WORDS.has(word));
  if (own.length === 0) return [];
  return saysMore(tokens, Math.min(own.length, FOREIGN_MAX)) ? [] : found;
}

function tokensOf(text: string): Token[] {
  const normal = text.normalize("NFKC");
  const tokens: Token[] = [];
  let end = 0;
  for (const { 0: raw, index } of normal.matchAll(WORD)) {
    const between = normal.slice(end, index);
    tokens.push({
      word: raw.toLowerCase(),
      is_capital: /^\p{Lu}/u.test(raw),
      opens: end === 0 || OPENING.test(between),
      apart: PUNCTUATION.test(between),
      matched: false,
    });
    end = index + raw.length;
  }
  return tokens;
}

/** Marks the words of a known text, in order; false, and nothing marked, when one is missing. */
function take(tokens: readonly Token[], known: readonly string[]): boolean {
  const places: number[] = [];
  let at = 0;
  for (const word of known) {
    while (at < tokens.length && (tokens[at]!.matched || tokens[at]!.word !== word)) at++;
    if (at === tokens.length) return false;
    places.push(at++);
  }
  for (const place of places) tokens[place]!.matched = true;
  return true;
}

function saysMore(tokens: readonly Token[], foreign_max: number): boolean {
  const rest = tokens.filter(({ matched }) => !matched);
  if (rest.some(isFigureOrName)) return true;
  const plain = rest
    .map(({ word }) => word)
    .join(" ")
    .replaceAll(EMPTY_PHRASES, " ")
    .split(" ");
  if (plain.some((word) => NEWS_WORDS.has(word))) return true;
  const foreign = rest.filter(isForeign).length;
  const saying = rest.filter(({ word }) => SAYING_WORDS.has(word)).length;
  const bound = saying === 0 ? Math.min(foreign_max, FOREIGN_UNTOLD_MAX) : foreign_max;
  if (foreign > bound || saying > SAYING_MAX) return true;
  if (foreign > 0 && plain.some((word) => JOINING_WORDS.has(word))) return true;
  return runsOf(tokens).some(goesOn);
}

function isFigureOrName({ word, is_capital, opens }: Token): boolean {
  if (/\p{N}/u.test(word)) return true;
  return is_capital && !opens && isForeign({ word });
}

function isForeign({ word }: Pick<Token, "word">): boolean {
  const known = [FUNCTION_WORDS, SAYING_WORDS, JOINING_WORDS, NEWS_WORDS];
  return word !== "" && !known.some((set) => set.has(word));
}

interface Run {
  readonly words: Token[];
  /** Nothing but a space parts it from a known text. */
  attached: boolean;
}

/** Words beside the known ones that belong together. */
function runsOf(tokens: readonly Token[]): Run[] {
  const runs: Run[] = [];
  let open: Run | undefined;
  for (const [at, token] of tokens.entries()) {
    if (token.matched) {
      if (open !== undefined && !token.apart) open.attached = true;
      open = undefined;
      continue;
    }
    if (open === undefined || token.apart) {
      const attached = at > 0 && tokens[at - 1]!.matched && !token.apart;
      open = { words: [], attached };
      runs.push(open);
    }
    open.words.push(token);
  }
  return runs;
}

/** Whether a run goes on with what the known text says, instead of telling where it is from. */
function goesOn({ words, attached }: Run): boolean {
  return attached && words.some(isForeign) && !words.some(({ word }) => SAYING_WORDS.has(word));
}
