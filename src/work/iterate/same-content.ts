// Whether strict JSON says what a loosely spelt source said: character by character, in order.
import { commentEnd } from "./loose-object.ts";
import {
  hasLostOpeningQuote,
  hasLostClosingQuote,
  holdsMembers,
  isNoText,
  isQuote,
  mayClose,
  tornAt,
} from "./whole-text.ts";

/** A walk along both texts; `result` is strict JSON. */
interface Walk {
  readonly source: string;
  readonly result: string;
  /** Brackets at the end may be missing. */
  readonly may_be_cut: boolean;
  s: number;
  r: number;
  in_string: boolean;
  /** What the present string began with in the source; empty: it has no quotes there. */
  quote: string;
  /** Where it starts in the source, behind its quote. */
  text_from: number;
  /** The value that was last taken had no quotes in the source. */
  bare_last: boolean;
  /** Open containers of the result. */
  readonly open: string[];
  /** The last character of the source that is neither space, comment nor comma. */
  last: string;
  /** The source ended in a comma: something was to follow. */
  comma_last: boolean;
  /** The comma before the present member is not in the source. */
  comma_added: boolean;
  /** Where the present string of the result starts, behind its quote. */
  string_from: number;
}

/**
 * undefined when the two differ in spelling only: kind of quotes, quotes left out, commas and
 * colons left out or too many, comments, space between tokens, raw line breaks in strings, Python's
 * literals, and closing brackets left out after a complete value. Never so that a value becomes a
 * name, or a name part of a value. Else the offset in the source at which content was dropped,
 * added or changed. Linear time. `is_balanced`: the source seemed to have all its brackets: where
 * one is missing nevertheless, it was cut in the wrong place.
 */
export function firstDifference(
  source: string,
  result: string,
  is_balanced: boolean,
): number | undefined {
  const walk: Walk = {
    source,
    result,
    may_be_cut: !is_balanced,
    s: 0,
    r: 0,
    in_string: false,
    quote: "",
    text_from: 0,
    bare_last: false,
    open: [],
    last: "",
    comma_last: false,
    comma_added: false,
    string_from: 0,
  };
  while (walk.r < result.length) {
    const fits = walk.in_string ? stepInString(walk) : stepOutside(walk);
    if (!fits) return walk.s;
  }
  skipBlank(walk);
  // A closing bracket too many takes nothing away.
  return /^[\s}\],]*$/.test(source.slice(walk.s)) ? undefined : walk.s;
}

/** Space and comments of the source. */
function skipBlank(walk: Walk): void {
  for (; walk.s < walk.source.length;) {
    const after = commentEnd(walk.source, walk.s, "");
    if (after > walk.s && isComment(walk)) walk.s = after;
    else if (isSpace(walk.source[walk.s]!)) walk.s++;
    else return;
  }
}

function isComment({ source, s }: Walk): boolean {
  return source[s] === "#" || source.startsWith("//", s) || source.startsWith("/*", s);
}

function stepOutside(walk: Walk): boolean {
  const wanted = walk.result[walk.r]!;
  if (isSpace(wanted)) {
    walk.r++;
    return true;
  }
  skipBlank(walk);
  const said = walk.source[walk.s];
  if ((said === "," || said === ";") && said !== wanted && signMayGo(walk, said, wanted)) {
    walk.s++;
    walk.comma_last = true;
    return true;
  }
  if (wanted === '"') return openString(walk, said);
  if (wanted === "," || wanted === ":") {
    if (said === wanted) take(walk, 1);
    else if (!mayBeAdded(walk, wanted)) return false;
    if (wanted === ",") walk.comma_added = said !== ",";
    walk.r++;
    walk.comma_last = said === ",";
    return true;
  }
  if (said === undefined) return (wanted === "}" || wanted === "]") && closeAtEnd(walk, wanted);
  if (said !== wanted) return literal(walk) || leadingZero(walk, wanted, said);
  follow(walk, wanted);
  take(walk, 1);
  walk.r++;
  return true;
}

/** A member without its colon and its comma is no member: it is the rest of the value before it. */
function mayBeAdded(walk: Walk, sign: string): boolean {
  const { source, result, s, r } = walk;
  if (sign === ":") return !walk.comma_added && isPlainName(result, r - 1);
  if (walk.open.at(-1) !== "[") return true;
  // Quotes side by side may be quotes within one text.
  if (isQuote(source[s] ?? "")) return !walk.bare_last && !isQuote(source[s - 1]!);
  // What words without quotes stand beside may belong to them.
  BEFORE_TEXT.lastIndex = r;
  return !walk.bare_last && !BEFORE_TEXT.test(result);
}

const BEFORE_TEXT = /,\s*"/y;

/** A comma or semicolon before a closing bracket, or one of several commas, holds nothing. */
function signMayGo({ open }: Walk, sign: "," | ";", wanted: string): boolean {
  return wanted === "}" || wanted === "]" || (sign === "," && open.at(-1) === "{");
}

function take(walk: Walk, length: number): void {
  walk.s += length;
  walk.last = walk.source[walk.s - 1]!;
  walk.comma_last = false;
  walk.bare_last = false;
}

function follow(walk: Walk, bracket: string): void {
  if (bracket === "{" || bracket === "[") {
    walk.open.push(bracket);
    walk.comma_added = false;
  } else if (bracket === "}" || bracket === "]") walk.open.pop();
}

/** Brackets that are missing at the end are added only after a value that is surely whole. */
function closeAtEnd(walk: Walk, bracket: string): boolean {
  if (!walk.may_be_cut || walk.comma_last || !/["'”’`}\]]/.test(walk.last)) return false;
  follow(walk, bracket);
  walk.r++;
  return true;
}

function openString(walk: Walk, said: string | undefined): boolean {
  if (said === undefined) return false;
  walk.quote = isQuote(said) ? said : "";
  // In some languages three quotes open a text; here the first two would be an empty one.
  if (walk.quote !== "" && walk.source.startsWith(said.repeat(3), walk.s)) return false;
  walk.in_string = true;
  walk.r++;
  walk.string_from = walk.r;
  if (walk.quote !== "") take(walk, 1);
  walk.text_from = walk.s;
  return true;
}

const ESCAPED: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t" };

function stepInString(walk: Walk): boolean {
  takeSame(walk);
  const { source, result } = walk;
  const wanted = result[walk.r];
  const said = source[walk.s];
  if (wanted === undefined) return true;
  if (wanted === '"') return closeString(walk, said);
  if (said === undefined) return false;
  if (wanted === "\\") return escapeInString(walk, said);
  // \' and \` are only spelt otherwise; any other backslash that is gone was content.
  const bare = said === "\\" && (wanted === "'" || wanted === "`") && source[walk.s + 1] === wanted;
  if (!bare && said !== wanted) return joined(walk);
  take(walk, bare ? 2 : 1);
  walk.r++;
  return true;
}

/** The run of characters that stand in both and mean themselves. */
function takeSame(walk: Walk): void {
  const { source, result, r: from } = walk;
  let { s, r } = walk;
  for (; r < result.length; r++, s++) {
    const code = result.charCodeAt(r);
    if (code === 34 || code === 92 || code !== source.charCodeAt(s)) break;
  }
  if (r === from) return;
  walk.r = r;
  walk.s = s - 1;
  take(walk, 1);
}

function escapeInString(walk: Walk, said: string): boolean {
  const { source, result } = walk;
  const escape = result[walk.r + 1]!;
  if (said === "\\" && source[walk.s + 1] === escape) take(walk, 2);
  else if (ESCAPED[said] === escape || (said === '"' && escape === '"')) take(walk, 1);
  else return joined(walk);
  walk.r += 2;
  return true;
}

/** `"one" + "two"` is one string. */
const JOIN = /["'`]\s*\+\s*["'`]/y;

function joined(walk: Walk): boolean {
  JOIN.lastIndex = walk.s;
  if (walk.quote !== walk.source[walk.s] || !JOIN.test(walk.source)) return false;
  if (isTorn(walk, true)) return false;
  walk.s = JOIN.lastIndex;
  walk.quote = walk.source[walk.s - 1]!;
  walk.text_from = walk.s;
  return true;
}

const COMMENT_NEXT = /^[ \t\u00a0]*(?:#|\/[/*])/;
const NEAR = 64;

/** Behind the quote at `at` a colon follows; a line break may stand between. */
function endsName(result: string, at: number): boolean {
  let next = at + 1;
  while (isSpace(result[next] ?? ":")) next++;
  return result[next] === ":";
}

/** A closing quote that is missing is added before the next token, never at the end. */
function closeString(walk: Walk, said: string | undefined): boolean {
  if (said === undefined) return false;
  const is_name = endsName(walk.result, walk.r);
  const is_bare = walk.quote === "";
  if (is_bare && !is_name && holdsMore(walk)) return false;
  if (isQuote(said) ? !closesAt(walk, said, is_name) : !closesWithout(walk, is_name)) return false;
  walk.bare_last = is_bare;
  walk.in_string = false;
  walk.r++;
  return true;
}

/** The quote at the source's place ends the string, that began with one of its kind. */
function closesAt(walk: Walk, said: string, is_name: boolean): boolean {
  if (walk.quote !== "") {
    if (!mayClose(walk.quote, said) || isTorn(walk, true)) return false;
  } else if (is_name) {
    const goes_on = !COLON_NEXT.test(walk.source.slice(walk.s + 1, walk.s + NEAR));
    if (goes_on || !isPlainName(walk.result, walk.r)) return false;
  } else if (!hasLostOpeningQuote(walk.source, walk.text_from, walk.s)) return false;
  take(walk, 1);
  return true;
}

const COLON_NEXT = /^\s*:/;

/** The string ends at the source's place without a quote, as far as that can be told. */
function closesWithout(walk: Walk, is_name: boolean): boolean {
  const is_bare = walk.quote === "";
  // "dock #5" without quotes is no word with a comment.
  if (is_bare && COMMENT_NEXT.test(walk.source.slice(walk.s, walk.s + NEAR))) return false;
  let at = walk.s;
  while (isSpace(walk.source[at] ?? "x")) at++;
  const next = walk.source[at];
  if (next === undefined) return false;
  if (isQuote(next) && at > walk.s) return false;
  if (is_name && !(is_bare || next === ":")) return false;
  if (is_name && !isPlainName(walk.result, walk.r)) return false;
  if (!is_bare && (isTorn(walk, false) || !mayLackQuote(walk, is_name))) return false;
  walk.last = walk.source[walk.s - 1]!;
  walk.comma_last = false;
  return true;
}

function mayLackQuote({ source, text_from, s, open }: Walk, is_name: boolean): boolean {
  return is_name || hasLostClosingQuote(source, text_from, s, open.at(-1) === "[");
}

/** The text up to the source's place holds a quote that ended it: what follows was swallowed. */
function isTorn(walk: Walk, is_closed: boolean): boolean {
  const { source, text_from: from, s: to, quote: open } = walk;
  const torn = tornAt({ source, from, to, open, is_closed });
  if (torn !== undefined) walk.s = torn;
  return torn !== undefined;
}

const PLAIN_NAME = /^[\p{L}\p{N}_$-]+$/u;

/** Field names that lack a quote or a colon are words; else they may be prose behind a quote. */
function isPlainName(result: string, end: number): boolean {
  return PLAIN_NAME.test(result.slice(result.lastIndexOf('"', end - 1) + 1, end));
}

/** Three digits behind a comma are the rest of a number, `1,050`. */
const GROUP = /^0\d\d$/;
const GROUPED = /(?:^|[^\d.])[1-9]\d{0,2},$/;

/** A text without quotes may have swallowed the members, or the items, behind it. */
function holdsMore({ source, text_from, result, string_from, r, s, open }: Walk): boolean {
  const text = result.slice(string_from, r);
  if (open.at(-1) === "[" && text.includes(";")) return true;
  if (isNoText(text, source.slice(s, s + NEAR))) return true;
  if (GROUP.test(text) && GROUPED.test(source.slice(Math.max(0, text_from - 5), text_from)))
    return true;
  return holdsMembers(text, !isSpace(source[text_from - 1] ?? ""));
}

/** As Python and SQL write them. */
export const LITERALS: ReadonlyMap<string, string> = new Map([
  ["True", "true"],
  ["False", "false"],
  ["None", "null"],
  ["TRUE", "true"],
  ["FALSE", "false"],
  ["NULL", "null"],
]);

function literal(walk: Walk): boolean {
  for (const [said, strict] of LITERALS) {
    if (!walk.result.startsWith(strict, walk.r) || !walk.source.startsWith(said, walk.s)) continue;
    take(walk, said.length);
    walk.r += strict.length;
    return true;
  }
  return false;
}

/** .5 is 0.5 */
function leadingZero(walk: Walk, wanted: string, said: string): boolean {
  if (wanted !== "0" || said !== "." || walk.result[walk.r + 1] !== ".") return false;
  walk.r++;
  return true;
}

function isSpace(char: string): boolean {
  return char === " " || char === "\n" || char === "\r" || char === "\t" || char === "\u00a0";
}
