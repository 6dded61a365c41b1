// Finds the first balanced JSON object in what a model said: fenced, bare, or inside prose.
import { endOfLooseObject } from "./loose-object.ts";

/** A fenced block whose info string is empty or json; others (echoed prompts, code) are skipped. */
const FENCE = /```[ \t]*(\w[\w-]*)?[^\n]*\n([\s\S]*?)```/g;

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

/** The places an answer may stand in, the likeliest first: json fences, bare fences, all text. */
export function answerSections(text: string): readonly (readonly string[])[] {
  const spoken = afterThinking(text);
  const fences = spoken.includes("```") ? fencesOf(spoken) : [];
  const marked = (mark: string | undefined) =>
    fences.filter((fence) => fence.mark === mark).map(({ body }) => body);
  return [marked("json"), marked(undefined), [withoutForeign(spoken, fences)]];
}

interface Fence {
  readonly start: number;
  readonly end: number;
  /** In lower case; undefined: none. */
  readonly mark: string | undefined;
  readonly body: string;
}

/** Fenced blocks but those of thoughts, which are no answer, and those in objects: data. */
function fencesOf(text: string): Fence[] {
  const fences: Fence[] = [];
  for (let from = 0; ;) {
    FENCE.lastIndex = from;
    const found = FENCE.exec(text);
    if (found === null) return fences;
    const start = found.index;
    const around = endAround(text, from, start);
    if (around > start) {
      from = around;
      continue;
    }
    from = FENCE.lastIndex;
    fences.push({ start, end: from, mark: found[1]?.toLowerCase(), body: found[2]! });
  }
}

/** Just after the thought or the object behind `from` that holds `at`; `at`: there is none. */
function endAround(text: string, from: number, at: number): number {
  for (let next = from; next < at;) {
    const think = text.indexOf("<think>", next);
    const start = nextObjectStart(text, next);
    if (think >= 0 && think < at && (start < 0 || think < start)) {
      const close = text.indexOf("</think>", think);
      next = close < 0 ? text.length : close + 8;
    } else if (start < 0 || start >= at) {
      return at;
    } else {
      const { end, balanced } = endOfLooseObject(text, start);
      // A brace in prose that nothing closes is no object; an answer that begins so is cut off.
      if (!balanced && text.slice(0, start).trim() !== "") return at;
      next = end;
    }
    if (next > at) return next;
  }
  return at;
}

/** Code and echoed prompts are left out, so that nothing in them is taken for the answer. */
function withoutForeign(text: string, fences: readonly Fence[]): string {
  let prose = "";
  let from = 0;
  for (const { start, end, mark } of fences) {
    if (mark === undefined || mark === "json") continue;
    prose += `${text.slice(from, start)} `;
    from = end;
  }
  return prose + text.slice(from);
}

/** Some servers cut the opening tag off: what stands before a lone closing tag is thinking too. */
function afterThinking(text: string): string {
  const close = text.indexOf("</think>");
  const open = text.indexOf("<think>");
  if (close < 0 || (open >= 0 && open < close)) return text;
  const before = text.slice(0, close);
  // A closing tag inside a JSON string is data.
  return firstObjectEnd(text) > close && before.includes("{") ? text : text.slice(close + 8);
}

export interface FoundObject {
  readonly value: Record<string, unknown>;
  /** The text it was read from. */
  readonly source: string;
}

/** The first object of a section that is strict JSON. */
export function firstObject(text: string): FoundObject | undefined {
  for (let from = 0; ;) {
    const start = nextObjectStart(text, from);
    if (start < 0) return undefined;
    const end = balancedEnd(text, start);
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

function firstObjectEnd(text: string): number {
  const start = nextObjectStart(text, 0);
  return start < 0 ? -1 : balancedEnd(text, start);
}

/** An opening brace that starts an object, also one in the loose spelling of JavaScript. */
const OBJECT_START = /\{\s*(?:["'“‘`}]|\\"|\/[/*]|#|,|[\p{L}_$][\p{L}\p{N}_$-]*["']?\s*:)/uy;

/** Offset of the next opening brace outside of `<think>` blocks that starts an object; or -1. */
export function nextObjectStart(text: string, from: number): number {
  let at = from;
  let think = text.indexOf("<think>", from);
  while (at < text.length) {
    const brace = text.indexOf("{", at);
    if (brace < 0) return -1;
    if (think >= 0 && think < brace) {
      const close = text.indexOf("</think>", think);
      if (close < 0) return -1;
      at = close + 8;
      think = text.indexOf("<think>", at);
      continue;
    }
    OBJECT_START.lastIndex = brace;
    if (OBJECT_START.test(text)) return brace;
    at = brace + 1;
  }
  return -1;
}

/** The offset just after the brace that closes the one at `start`; -1 when it is cut off. */
function balancedEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      for (at++; at < text.length && text.charCodeAt(at) !== 34; at++) {
        if (text.charCodeAt(at) === 92) at++;
      }
    } else if (code === 123) depth++;
    else if (code === 125 && --depth === 0) return at + 1;
  }
  return -1;
}
