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
      if (found !== undefined) return found.value;
    }
  }
  return undefined;
}

export interface FoundObject {
  readonly value: Record<string, unknown>;
  /** The text it was read from. */
  readonly source: string;
}

/** The first object of a section that is strict JSON. */
export function firstObject(text: string): FoundObject | undefined {
  for (let from = 0; ;) {
    const start = nextWholeStart(text, from);
    if (start < 0) return undefined;
    const end = strictEnd(text, start);
    if (end < 0) return undefined;
    if (isMember(text, start, end)) return undefined;
    const source = text.slice(start, end);
    const value = STRICT_START.test(source) ? strictObject(source) : undefined;
    if (value !== undefined) return { value, source };
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
const GOES_ON = /^[\s\]]*(?:\}|,\s*["'{])/;
const NEAR = 400;

/** The object around it has lost its opening brace: this one is only one of its parts. */
export function isMember(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - NEAR), start);
  if (MEMBER.test(before)) return true;
  return SOME_MEMBER.test(before) && GOES_ON.test(text.slice(end, end + NEAR));
}
