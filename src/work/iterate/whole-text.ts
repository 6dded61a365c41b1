// Whether what stands between two quotes, or without any, is one text: none that swallowed others.

/** Quotes that may close a text by what opened it; the first is the usual one. */
const CLOSERS: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "`": "`'’",
  "“": '”“"',
  "”": '”"',
  "‘": "’‘'",
  "’": "’'",
};

export function isQuote(char: string): boolean {
  return `"'\`“”‘’`.includes(char);
}

export function mayClose(open: string, quote: string): boolean {
  return quote === open || CLOSERS[open]!.includes(quote);
}

/** Where a text stands in its source, behind the quote `open`; `is_closed`: a quote follows. */
export interface QuotedText {
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly open: string;
  readonly is_closed: boolean;
}

/**
 * The offset of a quote inside the text that would have ended it: it opens nothing, and another
 * quote follows, or a field, or what is no word. undefined: its quotes are apostrophes, come in
 * pairs, or one is a sign of its own, as in `5" disk`.
 */
export function tornAt({ source, from, to, open, is_closed }: QuotedText): number | undefined {
  const closers = open === '"' ? open : CLOSERS[open]!;
  let at = nextQuote(source, from, closers);
  if (at < 0 || at >= to) return undefined;
  let torn: number | undefined;
  const opened: number[] = [];
  for (; at >= 0 && at < to; at = nextQuote(source, at + 1, closers)) {
    if (isEscaped(source, at)) continue;
    const side = sideOf(source, at);
    if (side === "apostrophe") continue;
    if (torn !== undefined) return torn;
    if (side === "opens") opened.push(at);
    else if (opened.pop() === undefined) torn = at;
  }
  const [alone, another] = opened;
  if (alone !== undefined && (another !== undefined || isBehindSign(source, from, alone))) {
    return alone;
  }
  if (torn === undefined || (is_closed && WORDS.test(source.slice(torn + 1, to)))) return undefined;
  return torn;
}

/** Offset of the next of these quotes, or -1. */
function nextQuote(source: string, from: number, quotes: string): number {
  if (quotes.length === 1) return source.indexOf(quotes, from);
  for (let at = from; at < source.length; at++) if (quotes.includes(source[at]!)) return at;
  return -1;
}

export function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

const WORD = /[\p{L}\p{N}]/u;
const BLANK = /\s/;
/** What ends a sentence, a member or a bracket: no text begins with it. */
const ENDING = ";:,.|)]}!?";
/** What a quote that opens may stand behind, beside white space. */
const OPENING = "([{<=-–—/:,;|";

/** What a quote inside a text does; where it could be both it closes. */
function sideOf(source: string, at: number): "opens" | "closes" | "apostrophe" {
  const quote = source[at]!;
  const before = source[at - 1]!;
  const after = source[at + 1] ?? " ";
  if ((quote === "'" || quote === "’") && WORD.test(before) && WORD.test(after)) {
    return "apostrophe";
  }
  if (BLANK.test(after) || ENDING.includes(after) || isQuote(after)) return "closes";
  return BLANK.test(before) || OPENING.includes(before) || isQuote(before) ? "opens" : "closes";
}

const SIGN_BEFORE = /[:;,|[{]\s*$/;
const NEAR = 16;

/** A quote that opens a member or an item, and closes nothing. */
function isBehindSign(source: string, from: number, at: number): boolean {
  return SIGN_BEFORE.test(source.slice(Math.max(from, at - NEAR), at));
}

/** Words behind a quote, up to the one that ends the text; no member and no list. */
const WORDS = /^\s*[\p{L}\p{N}][^:;|{}[\]]*(?<!\s)$/u;

/** Fields of other languages. */
const BEHIND_SEMICOLON = /;[^:]*:(?!\/\/)/;
/** A colon as it stands behind a field name, and none of an address, a time or a mark. */
const SPACED_COLON = /:(?:\s|$)/;
const NARROW_FIELD = /\s["'`]?[\p{L}_$][\p{L}\p{N}_$-]*["'`]?:(?!\/\/)/u;

/**
 * Whether a text without quotes seems to hold members. `is_narrow`: no space stands
 * before it, so that none need stand behind the colons of the others.
 */
export function holdsMembers(text: string, is_narrow: boolean): boolean {
  if (!text.includes(":")) return false;
  if (SPACED_COLON.test(text) || BEHIND_SEMICOLON.test(text)) return true;
  return is_narrow && NARROW_FIELD.test(text);
}

/** A semicolon behind what needs no quotes, or behind nothing. */
const ENDS_AT_ONCE = /^(?:-?\d[\d.e+-]*|true|false|null|none)?\s*;/i;
/** What other languages write for what JSON has no value for, and what stands for the rest. */
const NO_VALUE = /^[-+]?(?:nan|inf(?:inity)?|nil|undefined)$|^(?:\.{3}|…)$/i;
/** Signs that nobody sees. */
const UNSEEN = /^\p{Cf}|\p{Cf}$/u;

/** What has no quotes, and is hardly a text. `behind`: what follows it. */
export function isNoText(text: string, behind: string): boolean {
  if (text.endsWith(";") && !/^\s*[}\]]/.test(behind)) return true;
  if (isQuote(text.at(-1) ?? "-")) return true;
  return ENDS_AT_ONCE.test(text) || NO_VALUE.test(text) || UNSEEN.test(text);
}

/** One text, not even an address with what is put behind it. */
const ONE_TEXT = /^(?:\w+:\/\/)?[\p{L}\p{N}](?:[^,:;]*[^,:;\s])?$/u;
/** `5"` are inches. */
const MEASURE = /(?:^|\s)(?:[^\p{L}\s]\S*)?\p{N}$/u;
/** Where a value begins for sure: what stands before it is none that may go on. */
const BEGINS_VALUE = /(?:"\s*:|\[|["}\]]\s*,)\s*$/;
const ENDS_VALUE = /^"\s*[,}\]]/;
const NEAR_VALUE = 64;

/** A text that begins without a quote ends at the one at `to`. */
export function hasLostOpeningQuote(source: string, from: number, to: number): boolean {
  const text = source.slice(from, to);
  if (!ENDS_VALUE.test(source.slice(to, to + NEAR_VALUE))) return false;
  if (!ONE_TEXT.test(text) || MEASURE.test(text)) return false;
  return BEGINS_VALUE.test(source.slice(Math.max(0, from - NEAR_VALUE), from));
}

/** Members and items that need no quotes; what is added to the item before it may be both. */
const HIDDEN_MEMBER = /,\s*[\p{L}_$][\p{L}\p{N}_$-]*\s*:(?!\/\/)/u;
const HIDDEN_ITEM = /,\s*(?:(?:-?\d[\d.e+-]*|true|false|null|none)\s*(?:,|$)|[[{])/i;
/** The end of a value that has quotes before it, or of the list or object that holds it. */
const ENDS_MEMBER = /^\s*(?:,?\s*[}\]]|,\s*["'`“‘])/;
const ENDS_ITEM = /^\s*(?:,?\s*[}\]]|,\s*["'`“‘{])/;

/** A text that began with a quote ends at `to`, though no quote stands there. */
export function hasLostClosingQuote(
  source: string,
  from: number,
  to: number,
  in_list: boolean,
): boolean {
  const text = source.slice(from, to).trimEnd();
  if (text === "" || isQuote(text.at(-1)!) || closesMore(text)) return false;
  if (HIDDEN_MEMBER.test(text) || (in_list && HIDDEN_ITEM.test(text))) return false;
  return (in_list ? ENDS_ITEM : ENDS_MEMBER).test(source.slice(to, to + NEAR_VALUE));
}

/** A bracket closes in the text that does not open in it. */
function closesMore(text: string): boolean {
  let open = 0;
  for (const [bracket] of text.matchAll(/[{}[\]]/g)) {
    open += "{[".includes(bracket) ? 1 : -1;
    if (open < 0) return true;
  }
  return false;
}
