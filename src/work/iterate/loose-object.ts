// Reads where an object in the loose spelling of models starts and ends, and where a cut-off one
// stops.
import { isEscaped } from "./whole-text.ts";

export interface LooseObject {
  /** Just after the closing brace; the text's length when it is cut off. */
  readonly end: number;
  readonly balanced: boolean;
  /** The text ended within a string or a comment. */
  readonly in_string: boolean;
  /** Dot path of what was being written when the text ended, e.g. `fills.1.name`. */
  readonly path: string;
}

interface Level {
  readonly list: boolean;
  key: string;
  index: number;
}

/** Quotes that open a string beside the double one, and what closes them. */
const CLOSING: Readonly<Record<string, string>> = { "“": "”", "‘": "’", "„": "“" };

/** An opening brace that starts an object, also one in the loose spelling of JavaScript. */
const OBJECT_START = /\{\s*(?:["'“‘`}]|\\"|\/[/*]|#|,|[\p{L}_$][\p{L}\p{N}_$-]*["']?\s*:)/uy;

/** Offset of the next opening brace that starts an object, before `limit`; or -1. */
export function nextObjectStart(text: string, from: number, limit = text.length): number {
  for (let at = text.indexOf("{", from); at >= 0 && at < limit; at = text.indexOf("{", at + 1)) {
    if (isAt(OBJECT_START, text, at)) return at;
  }
  return -1;
}

/** A brace before a name that is no plain word, and a colon. */
const ODD_START = /\{\s*[^{}:\n]{1,100}:/y;

/**
 * Offset of the next object that is no part of another, from ever growing offsets on; or -1. Linear
 * in all. Where one that starts oddly, `{order id:`, has others in it, or looks like an answer, it
 * is that one; else it is prose: `{as you said: {now}}`.
 */
export function wholeStarts(text: string): (from: number) => number {
  const memberFrom = membersIn(text);
  return (from) => {
    for (let at = text.indexOf("{", from); at >= 0; at = text.indexOf("{", at + 1)) {
      if (isAt(OBJECT_START, text, at)) return at;
      if (!isAt(ODD_START, text, at)) continue;
      const odd = endOfLooseObject(text, at);
      // What another bracket seems to close is not known to end there.
      const end = text[odd.end - 1] === "}" ? odd.end : text.length;
      if (memberFrom(at + 1) < end || isOddAnswer(text, at, odd)) return at;
      at = end - 1;
    }
    return -1;
  };
}

/** Names of several words, with a colon behind each. */
const ODD_MEMBERS = /\{\s*[\p{L}\p{N}_$ .-]{1,64}:[^{}]{0,200},\s*[\p{L}\p{N}_$ .-]{1,64}:/uy;

/** It starts oddly, has fields, and nothing stands beside it on its lines. */
export function isOddAnswer(text: string, at: number, { balanced, end }: LooseObject): boolean {
  if (!balanced || !isAt(ODD_MEMBERS, text, at) || isAt(OBJECT_START, text, at)) return false;
  return standsAlone(text, at, end);
}

/** Nothing stands beside it on the lines where it starts and ends. */
export function standsAlone(text: string, start: number, end: number): boolean {
  return endsLine(text, end) && LINE_START.test(text.slice(Math.max(0, start - 16), start));
}

export function endsLine(text: string, end: number): boolean {
  return isAt(LINE_END, text, end);
}

const LINE_START = /(?:^|\n)[ \t>]*$/;
const LINE_END = /[ \t]*(?:[\r\n]|$)/y;

function isAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** Where the next object with a field begins; the text's length: nowhere. */
export function nextMember(text: string, from: number): number {
  for (let at = text.indexOf("{", from); at >= 0; at = text.indexOf("{", at + 1)) {
    if (beginsWithMember(text, at)) return at;
  }
  return text.length;
}

/** The same from ever growing offsets on, linear in all. */
export function membersIn(text: string): (from: number) => number {
  let member = -1;
  return (from) => {
    if (member < from) member = nextMember(text, from);
    return member;
  };
}

/** What may stand between the brace and the first field name; a comment ends with its line. */
const LEAD = String.raw`\{(?:[\s,]|\/\/[^\n]*\n|#[^\n]*\n|\/\*[^*]*\*\/)*`;
/** A field name, quoted or not, also one whose quotes are escaped. */
const NAME = [
  String.raw`"(?:[^"\\\n]|\\.){0,999}"`,
  String.raw`'(?:[^'\\\n]|\\.){0,999}'`,
  String.raw`\\"[^"\\\n]{0,999}\\"`,
  "`[^`\\n]{0,999}`",
  String.raw`“[^”\n]{0,999}”|‘[^’\n]{0,999}’`,
  String.raw`[\p{L}_$][\p{L}\p{N}_$-]*["']?`,
].join("|");
const MEMBER_START = new RegExp(String.raw`^${LEAD}(?:${NAME})\s*:`, "u");
/** So far is looked for the colon: hostile texts have braces without end. */
const MEMBER_START_MAX = 2_000;

/** The brace at `start` is followed by a whole field name and a colon: it is none of prose. */
export function beginsWithMember(text: string, start: number): boolean {
  return MEMBER_START.test(text.slice(start, start + MEMBER_START_MAX));
}

/** `start` is the offset of the opening bracket. Linear time; never throws. */
export function endOfLooseObject(text: string, start: number): LooseObject {
  const levels: Level[] = [];
  let token_from = start;
  let token_to = start;
  let before = "";
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (isBlank(char)) continue;
    if (char === "/" || char === "#") {
      const comment = commentEnd(text, at, before);
      if (comment > at) {
        if (comment === text.length) return cutOff(text, levels, true);
        at = comment - 1;
        continue;
      }
    }
    if (opensString(char, before, text, at)) {
      const end = stringEnd(text, at);
      if (end < 0) return cutOff(text, levels, true);
      token_from = at + 1;
      token_to = end;
      at = end;
      before = '"';
      continue;
    }
    if (!isStructure(char)) {
      if (before === "" || isStructure(before)) token_from = at;
      token_to = at + 1;
      before = char;
      continue;
    }
    const is_quoted = before === '"';
    before = char;
    if (char === "{" || char === "[") levels.push({ list: char === "[", key: "", index: 0 });
    else if (char === "}" || char === "]") {
      levels.pop();
      if (levels.length === 0) {
        return { end: at + 1, balanced: true, in_string: false, path: "" };
      }
    } else {
      const level = levels.at(-1)!;
      if (char === "," && level.list) level.index++;
      else if (!level.list && char === ",") level.key = "";
      // A colon in a value without quotes names nothing.
      else if (!level.list && (level.key === "" || is_quoted)) {
        level.key = text.slice(token_from, token_to);
      }
    }
  }
  return cutOff(text, levels, false);
}

function cutOff(text: string, levels: readonly Level[], in_string: boolean): LooseObject {
  return { end: text.length, balanced: false, in_string, path: pathOf(levels) };
}

export function isBlank(char: string): boolean {
  return char === " " || char === "\n" || char === "\r" || char === "\t" || char === "\u00a0";
}

function isStructure(char: string): boolean {
  switch (char) {
    case "{":
    case "}":
    case "[":
    case "]":
    case ",":
    case ":":
      return true;
    default:
      return false;
  }
}

function pathOf(levels: readonly Level[]): string {
  return levels
    .map((level) => (level.list ? String(level.index) : level.key))
    .filter((step) => step !== "")
    .join(".");
}

/**
 * Other quotes than the double one open a string only where a key or a value may begin, also one
 * whose comma is missing. `before`: what stands before it, white space left aside.
 */
export function opensString(char: string, before: string, text: string, at: number): boolean {
  if (char === '"') return true;
  if (char !== "'" && char !== "`" && char !== "“" && char !== "‘") return false;
  return "{[,:+".includes(before) || (before === '"' && isBlank(text[at - 1]!));
}

/** What may follow the quote that really ends a string; within one a quote is followed by words. */
const AFTER_STRING = /\s*(?:[,:}\]+]|\/[/*]|#|$|\n\s*["'\w$]+\s*:)|\s+["“{[]/y;

/**
 * Offset of the quote that ends the string opened at `start`; -1 when it is cut off. Looks at most
 * a bounded way ahead of each quote, so that it stays linear.
 */
export function stringEnd(text: string, start: number): number {
  const open = text[start]!;
  const close = CLOSING[open] ?? open;
  for (let at = text.indexOf(close, start + 1); at >= 0; at = text.indexOf(close, at + 1)) {
    if (!isEscaped(text, at) && mayEndString(text, at + 1, open)) return at;
  }
  return -1;
}

const LOOK_AHEAD = 64;

function mayEndString(text: string, after: number, open: string): boolean {
  const next = text[after];
  if (next === "," || next === ":" || next === "}" || next === "]") return true;
  const ahead = text.slice(after, after + LOOK_AHEAD);
  AFTER_STRING.lastIndex = 0;
  if (AFTER_STRING.test(ahead)) return true;
  const rest = ahead.trimStart();
  return rest === "" || (rest[0] === open && rest.length < ahead.length);
}

/** Offset after a comment that starts at `at`; `at` itself when none does. `before`: see caller. */
export function commentEnd(text: string, at: number, before: string): number {
  if (text[at] !== "/" && text[at] !== "#") return at;
  const two = text.slice(at, at + 2);
  if (two === "/*") {
    const end = text.indexOf("*/", at + 2);
    return end < 0 ? text.length : end + 2;
  }
  // After a letter it is part of an unquoted word, after a colon of an address.
  const starts = before === "" || '{}[],"'.includes(before) || /\s/.test(text[at - 1] ?? "");
  if (!starts || (two !== "//" && text[at] !== "#")) return at;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
