// Whether strict JSON says what a loosely spelt source said: character by character, in order.
import { commentEnd } from "./loose-object.ts";

/** A walk along both texts; `result` is strict JSON. */
interface Walk {
  readonly source: string;
  readonly result: string;
  s: number;
  r: number;
  in_string: boolean;
  /** The string began without a quote in the source. */
  is_bare: boolean;
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
 * added or changed. Linear time.
 */
export function firstDifference(source: string, result: string): number | undefined {
  const walk: Walk = {
    source,
    result,
    s: 0,
    r: 0,
    in_string: false,
    is_bare: false,
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
  if (wanted !== "," && walk.source[walk.s] === "," && commaMayGo(walk, wanted)) {
    walk.s++;
    walk.comma_last = true;
    return true;
  }
  const said = walk.source[walk.s];
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
  const { source, s } = walk;
  if (sign === ":") return !walk.comma_added && isPlainName(walk.result, walk.r - 1);
  // Quotes side by side may be quotes within one text.
  const is_torn = walk.open.at(-1) === "[" && isQuote(source[s] ?? "") && isQuote(source[s - 1]!);
  return !is_torn;
}

/** A comma before a closing bracket, or one of several between members, holds nothing. */
function commaMayGo(walk: Walk, wanted: string): boolean {
  return wanted === "}" || wanted === "]" || walk.open.at(-1) === "{";
}

function take(walk: Walk, length: number): void {
  walk.s += length;
  walk.last = walk.source[walk.s - 1]!;
  walk.comma_last = false;
}

function follow(walk: Walk, bracket: string): void {
  if (bracket === "{" || bracket === "[") {
    walk.open.push(bracket);
    walk.comma_added = false;
  } else if (bracket === "}" || bracket === "]") walk.open.pop();
}

/** Brackets that are missing at the end are added only after a value that is surely whole. */
function closeAtEnd(walk: Walk, bracket: string): boolean {
  if (walk.comma_last || !/["'”’`}\]]/.test(walk.last)) return false;
  follow(walk, bracket);
  walk.r++;
  return true;
}

function openString(walk: Walk, said: string | undefined): boolean {
  if (said === undefined) return false;
  walk.is_bare = !isQuote(said);
  // In some languages three quotes open a text; here the first two would be an empty one.
  if (!walk.is_bare && walk.source.startsWith(said.repeat(3), walk.s)) return false;
  walk.in_string = true;
  walk.r++;
  walk.string_from = walk.r;
  if (!walk.is_bare) take(walk, 1);
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
  if (!JOIN.test(walk.source)) return false;
  walk.s = JOIN.lastIndex;
  return true;
}

const COMMENT_NEXT = /^[ \t\u00a0]*(?:#|\/[/*])/;
const NEAR = 64;

/** A closing quote that is missing is added before the next token, never at the end. */
function closeString(walk: Walk, said: string | undefined): boolean {
  JOIN.lastIndex = walk.s;
  if (said === undefined) return false;
  const is_name = walk.result[walk.r + 1] === ":";
  if (walk.is_bare && !is_name && holdsMore(walk)) return false;
  if (isQuote(said)) take(walk, 1);
  else {
    // "dock #5" without quotes is no word with a comment.
    if (walk.is_bare && COMMENT_NEXT.test(walk.source.slice(walk.s, walk.s + NEAR))) return false;
    let at = walk.s;
    while (isSpace(walk.source[at] ?? "x")) at++;
    const next = walk.source[at];
    if (next === undefined) return false;
    if (isQuote(next) && at > walk.s) return false;
    if (is_name && !(walk.is_bare || next === ":")) return false;
    if (is_name && !isPlainName(walk.result, walk.r)) return false;
    walk.last = walk.source[walk.s - 1]!;
    walk.comma_last = false;
  }
  walk.in_string = false;
  walk.r++;
  return true;
}

const PLAIN_NAME = /^[\p{L}\p{N}_$-]+$/u;

/** Field names that lack a quote or a colon are words; else they may be prose behind a quote. */
function isPlainName(result: string, end: number): boolean {
  return PLAIN_NAME.test(result.slice(result.lastIndexOf('"', end - 1) + 1, end));
}

/** What ends a member in other languages, and a colon that is none of a time or an address. */
const MORE = /;|(?<!\d):(?!\/\/)|:(?!\/\/|\d)/;
const ADDRESS = /^\w+:\/\/\S*[^\s;]$/;

/** A text without quotes may have swallowed the members behind it. */
function holdsMore({ result, string_from, r }: Walk): boolean {
  const text = result.slice(string_from, r);
  return MORE.test(text) && !ADDRESS.test(text);
}

const LITERALS: readonly (readonly [string, string])[] = [
  ["true", "True"],
  ["false", "False"],
  ["null", "None"],
];

function literal(walk: Walk): boolean {
  for (const [strict, python] of LITERALS) {
    if (!walk.result.startsWith(strict, walk.r) || !walk.source.startsWith(python, walk.s))
      continue;
    take(walk, python.length);
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

function isQuote(char: string): boolean {
  return `"'\`“”‘’`.includes(char);
}

function isSpace(char: string): boolean {
  return char === " " || char === "\n" || char === "\r" || char === "\t" || char === "\u00a0";
}
