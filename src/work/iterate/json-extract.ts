// Finds the first balanced JSON object in what a model said: fenced, bare, or inside prose.
import { strictEnd } from "#ports/strict-end.ts";
import { answerSections } from "./answer-sections.ts";
import { isStrict } from "./fenced-blocks.ts";
import {
  beginsWithMember,
  endOfLooseObject,
  isOddAnswer,
  membersIn,
  nextMember,
  standsAlone,
  wholeStarts,
} from "./loose-object.ts";

/**
 * The object, or undefined when there is none that can be read. Order: fenced blocks marked json,
 * fenced blocks without a mark, then the bare text. `<think>` blocks are no answer. An object that
 * is broken or cut off is never replaced by one of its parts: that would lose the rest silently.
 */
export function extractJson(text: string): Record<string, unknown> | undefined {
  for (const sections of answerSections(text, "stop")) {
    const found = sections.map(firstObject).filter((one) => one !== undefined);
    if (found.length > 0) return found.find(({ value }) => value !== undefined)?.value;
  }
  return undefined;
}

export interface FoundObject {
  /** undefined: it is no answer, see `isPart`, or it is not clear which object is. */
  readonly value: Record<string, unknown> | undefined;
  /** The text it was read from, and where that starts and ends. */
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** The first object of a section that is strict JSON. */
export function firstObject(text: string): FoundObject | undefined {
  const startFrom = wholeStarts(text);
  const memberFrom = membersIn(text);
  let has_passed = false;
  let alone_passed = false;
  let empty_passed = false;
  for (let from = 0; ;) {
    const start = startFrom(from);
    if (start < 0) return undefined;
    const end = strictEnd(text, start);
    if (end < 0) return undefined;
    const source = text.slice(start, end);
    const value = STRICT_START.test(source) ? strictObject(source) : undefined;
    const is_alone = standsAlone(text, start, end);
    if (value !== undefined) {
      // An example in a sentence; the answer is what comes behind it, or came before it.
      if (!is_alone && EMPTY.test(source) && memberFrom(end) < text.length) {
        from = end;
        empty_passed = true;
        continue;
      }
      if (!is_alone && alone_passed) return undefined;
      if (!is_alone && empty_passed) return { value: undefined, source, start, end };
      const is_part =
        isPart(text, start, end) || (has_passed && standsAmidMembers(text, start, end));
      return { value: is_part ? undefined : value, source, start, end };
    }
    // Braces may stand in single quotes: where the broken object ends is read loosely, so that
    // none of its parts is taken for the answer.
    const loose = endOfLooseObject(text, start);
    if (!loose.balanced || isOddAnswer(text, start, loose)) return undefined;
    from = Math.max(end, loose.end);
    const has_member = beginsWithMember(text, start);
    const goes_on = has_member && OBJECT_OR_MEMBER.test(text.slice(from, from + NEAR));
    const is_named = nameBefore(text, start) !== undefined;
    // It is the answer, though it is not strict, or what follows may be.
    if (is_named || goes_on || standsAmidMembers(text, start, from)) {
      const is_doubtful = has_passed || (is_named && nextMember(text, from) < text.length);
      return is_doubtful ? { value: undefined, source, start, end } : undefined;
    }
    has_passed ||= has_member;
    alone_passed ||= has_member && standsAlone(text, start, from);
    // A stray quote of prose may have opened a string that ended amid the answer.
    const brace = text.indexOf("{", start + 1);
    if (brace >= 0 && brace < from && !has_member) return undefined;
  }
}

/** What begins otherwise need not be tried: making the error of a failed try takes its time. */
const STRICT_START = /^\{\s*["}]/;

const EMPTY = /^\{\s*\}$/;
const EMPTY_HERE = /\{\s*\}/y;

/** Where the first whole object starts, but for an empty one in a sentence before others; or -1. */
export function firstStart(text: string): number {
  const startFrom = wholeStarts(text);
  const memberFrom = membersIn(text);
  for (let start = startFrom(0); ;) {
    EMPTY_HERE.lastIndex = Math.max(0, start);
    if (start < 0 || !EMPTY_HERE.test(text)) return start;
    const end = EMPTY_HERE.lastIndex;
    if (standsAlone(text, start, end) || memberFrom(end) === text.length) return start;
    start = startFrom(end);
  }
}

function strictObject(source: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(source) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const SOME_MEMBER = /["']\s*:/;
/** Behind a comma, and a comment: a quote, a bracket, a value or a name. */
const NEXT_ITEM = new RegExp(
  [
    String.raw`^,(?:[\s,;:]|\/\/[^\n]*\n|#[^\n]*\n)*`,
    "(?:[\"'`“”‘’[{\\d-]|(?:true|false|null)\\b",
    "|[\\w$-]+\\s*:|[\\w.$ -]{1,64}[\"'`”’]\\s*:)",
  ].join(""),
);
/** A name, also one that lost its first quote. */
const NEXT_NAME = /^["'`“‘]?[^"'`”’\n{}[\],:]{1,100}["'`”’]\s*:/;
const CLOSING = /[\s}\]]/;
const NEAR = 400;

/**
 * It is only a part of another object, that lost its opening brace or was closed too early:
 * members stand beside it, and a brace closes behind them that nothing behind it opened.
 */
export function isPart(text: string, start: number, end: number): boolean {
  const name = nameBefore(text, start);
  if (name !== undefined && isMember(text, name, end)) return true;
  const before = text.slice(Math.max(0, start - NEAR), start);
  let behind = end;
  while (behind < text.length && CLOSING.test(text[behind]!)) behind++;
  const next = text.slice(behind, behind + NEAR);
  const goes_on = NEXT_ITEM.test(next) || NEXT_NAME.test(next);
  const has_closings = text.slice(end, behind).trim() !== "";
  if (name !== undefined || (SOME_MEMBER.test(before) && (goes_on || has_closings))) {
    return isClosedAgain(text, end);
  }
  // A closing bracket too many by itself takes nothing away.
  return goes_on && isClosedAgain(text, behind);
}

const OBJECT_OR_MEMBER = /^\s*,\s*["'{]/;

/** A member stands somewhere before it, and another, or an object, follows it at once. */
function standsAmidMembers(text: string, start: number, end: number): boolean {
  if (!SOME_MEMBER.test(text.slice(Math.max(0, start - NEAR), start))) return false;
  return /^[\s\]]*(?:\}|,\s*["'{])/.test(text.slice(end, end + NEAR));
}

interface NameBefore {
  readonly start: number;
  /** With its quotes. */
  readonly name: string;
  /** What stands between the colon and the object. */
  readonly gap: string;
}

/** A quoted name and a colon, as before the value of a member. */
const NAME = /("[^"\n]{0,100}"|'[^'\n]{0,100}')\s*:([\s[]*)$/;

function nameBefore(text: string, start: number): NameBefore | undefined {
  const from = Math.max(0, start - NEAR);
  const found = NAME.exec(text.slice(from, start));
  if (found === null) return undefined;
  return { start: from + found.index, name: found[1]!, gap: found[2]! };
}

/** What may begin a line, a comment or a bracket; or a value and a comma. */
const BEGINS_MEMBER =
  /(?:(?:^|\n|[[({>]|\*\/)[ \t\-*>\d.)]*|["'}\]\d]\s*,\s*|\b(?:true|false|null)\s*,\s*)$/;
const NEXT_MEMBER = /^[\s\]]*,\s*["'][^"'\n]{1,100}["']\s*:/;

/**
 * The name before the object is none of prose, as in `The "order": {…}`: its place is one of a
 * member, or the object itself, or another one, comes further on, or the sentence goes on.
 */
function isMember(text: string, { start, name, gap }: NameBefore, end: number): boolean {
  if (gap.includes("[") || BEGINS_MEMBER.test(text.slice(Math.max(0, start - NEAR), start))) {
    return true;
  }
  const behind = text.slice(end, end + NEAR);
  if (NEXT_MEMBER.test(behind)) return true;
  if (gap.includes("\n")) return namesAgain(text.slice(end), name.slice(1, -1));
  return /^[ \t]+\p{L}/u.test(behind) || nextMember(text, end) < text.length;
}

/** The name stands there before a colon, in any quotes. */
function namesAgain(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const behind = text.slice(at + name.length, at + name.length + 16);
    if (/["'`]/.test(text[at - 1] ?? "") && /^["'`]\s*:/.test(behind)) return true;
  }
  return false;
}

/** So many lists that the object stands in may end before the brace. */
const LISTS_MAX = 8;
/** Words go on on the line of the bracket, and nothing of an object. */
const PROSE_BEHIND = /^[ \t]*(?:["'][.,;)]|["'(]?[\p{L}\p{N}])[^{}[\]":]*(?:\n|$)/u;
const PARAGRAPH = /\n[ \t\r]*\n[ \t\r]*$/;

/** A brace closes behind it that nothing behind it opened, and it is none of prose. */
export function isClosedAgain(text: string, from: number): boolean {
  for (let at = from, lists = 0; lists <= LISTS_MAX; lists++) {
    const { balanced, end } = endOfLooseObject(`{${text.slice(at)}`, 0);
    if (!balanced) return false;
    at += end - 1;
    if (text[at - 1] === "}") return isRest(text, from, at);
  }
  return false;
}

/** It is the rest of an object, and no prose with a brace in it. */
function isRest(text: string, from: number, end: number): boolean {
  const rest = text.slice(from, end).replace(/^[\s,]+/, "");
  if (isStrict(`{${rest}`) || isStrict(`{"":[${rest}`)) return true;
  if (PROSE_BEHIND.test(text.slice(end, end + NEAR))) return false;
  return !PARAGRAPH.test(text.slice(Math.max(0, from - NEAR), from)) || rest === "}";
}
