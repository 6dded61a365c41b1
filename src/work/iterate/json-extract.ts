// Finds the first balanced JSON object in what a model said: fenced, bare, or inside prose.
import { answerSections } from "./answer-sections.ts";
import { beginsWithMember, endOfLooseObject, nextWholeStart, strictEnd } from "./loose-object.ts";

/**
 * The object, or undefined when there is none that can be read. Order: fenced blocks marked json,
 * fenced blocks without a mark, then the bare text. `<think>` blocks are no answer. An object that
 * is broken or cut off is never replaced by one of its parts: that would lose the rest silently.
 */
export function extractJson(text: string): Record<string, unknown> | undefined {
  for (const sections of answerSections(text)) {
    for (const section of sections) {
      const found = firstObject(section);
      if (found !== undefined) return found.is_part ? undefined : found.value;
    }
  }
  return undefined;
}

export interface FoundObject {
  readonly value: Record<string, unknown>;
  /** The text it was read from, and where that starts. */
  readonly source: string;
  readonly start: number;
  /** See `isPart`: it is no answer. */
  readonly is_part: boolean;
}

/** The first object of a section that is strict JSON. */
export function firstObject(text: string): FoundObject | undefined {
  for (let from = 0; ;) {
    const start = nextWholeStart(text, from);
    if (start < 0) return undefined;
    const end = strictEnd(text, start);
    if (end < 0) return undefined;
    const source = text.slice(start, end);
    const value = STRICT_START.test(source) ? strictObject(source) : undefined;
    if (value !== undefined) return { value, source, start, is_part: isPart(text, start, end) };
    // Braces may stand in single quotes: where the broken object ends is read loosely, so that
    // none of its parts is taken for the answer.
    const loose = endOfLooseObject(text, start);
    if (!loose.balanced) return undefined;
    from = Math.max(end, loose.end);
    // A stray quote of prose may have opened a string that ended amid the answer.
    const brace = text.indexOf("{", start + 1);
    if (brace >= 0 && brace < from && !beginsWithMember(text, start)) return undefined;
  }
}

/** What begins otherwise need not be tried: making the error of a failed try takes its time. */
const STRICT_START = /^\{\s*["}]/;

function strictObject(source: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(source) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** What stands before an object that is the value of a member. */
const MEMBER = /["']\s*:[\s[]*$/;
const SOME_MEMBER = /["']\s*:/;
const QUOTE_FIRST = /^\s*["']/;
/** A comma and something, or a member, also one whose name lost its first quote. */
const GOES_ON = /^(?:,(?!\s*[}\]])|["'`“‘]?[^"'`”’\n{}[\],:]{1,100}["'`”’]\s*:)/;
const CLOSING = /[\s}\]]/;
const NEAR = 400;

/**
 * It is only a part of another object, that lost its opening brace or was closed too early:
 * members stand beside it, and a brace closes behind them that nothing behind it opened.
 */
export function isPart(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - NEAR), start);
  const is_value = MEMBER.test(before);
  if (is_value && QUOTE_FIRST.test(text)) return true;
  let behind = end;
  while (behind < text.length && CLOSING.test(text[behind]!)) behind++;
  const goes_on = GOES_ON.test(text.slice(behind, behind + NEAR));
  const has_closings = text.slice(end, behind).trim() !== "";
  if (is_value || (SOME_MEMBER.test(before) && (goes_on || has_closings))) {
    return isClosedAgain(text, end);
  }
  // A closing bracket too many by itself takes nothing away.
  return goes_on && isClosedAgain(text, behind);
}

/** So many lists that the object stands in may end before the brace. */
const LISTS_MAX = 8;

function isClosedAgain(text: string, from: number): boolean {
  for (let at = from, lists = 0; lists <= LISTS_MAX; lists++) {
    const { balanced, end } = endOfLooseObject(`{${text.slice(at)}`, 0);
    if (!balanced) return false;
    at += end - 1;
    if (text[at - 1] === "}") return true;
  }
  return false;
}
