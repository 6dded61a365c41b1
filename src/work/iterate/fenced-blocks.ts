// Finds the fenced blocks of what a model said: which backticks open one, and where it ends.
import { strictEnd } from "#ports/strict-end.ts";
import { firstSpan, OPENING_TAG } from "#ports/thought-tags.ts";
import { endOfLooseObject, isBlank } from "./loose-object.ts";
import { REPAIRED_CHARS_MAX, repairLosslessly } from "./lossless-repair.ts";

/** A run of three backticks or more that may open or close a block. */
export interface FenceMark {
  readonly start: number;
  readonly end: number;
  /** bare: opens or closes; marked: opens; closing: prose follows it on its line. */
  readonly kind: "bare" | "marked" | "closing";
  /** The word behind it in lower case; undefined: none. */
  readonly word: string | undefined;
  /** Where the body of the block starts if it opens one. */
  readonly body: number;
  /** The mark that closes it, blocks within blocks counted; undefined: none. */
  closed_by?: FenceMark;
}

const RUN_OR_LINE = /`{3,}|\n/g;

/** All marks in order. Code spans within a line, and backticks amid prose, are none. Linear. */
export function fenceMarks(text: string): FenceMark[] {
  const marks: FenceMark[] = [];
  let line_start = 0;
  // Backticks that prose follows: further ones on their line make the two a code span.
  let waiting: FenceMark | "prose" | undefined;
  const settle = (): void => {
    if (waiting !== undefined && waiting !== "prose") marks.push(waiting);
    waiting = undefined;
  };
  for (const { 0: found, index } of text.matchAll(RUN_OR_LINE)) {
    if (found === "\n") {
      settle();
      line_start = index + 1;
      continue;
    }
    const end = index + found.length;
    const begins_line = isLead(text, line_start, index);
    const mark = openingMark(text, index, end, begins_line);
    if (waiting !== undefined && mark?.kind !== "marked") {
      waiting = undefined;
    } else if (mark !== undefined) {
      settle();
      marks.push(mark);
    } else {
      const closing = { start: index, end, kind: "closing", word: undefined, body: end } as const;
      waiting = begins_line ? closing : "prose";
    }
  }
  settle();
  return withClosings(marks);
}

const LEAD_MAX = 16;

/** Only what may begin a line of a list or a quotation stands before it. */
function isLead(text: string, line_start: number, at: number): boolean {
  return at - line_start <= LEAD_MAX && /^[\s>*+\-\d.)]*$/.test(text.slice(line_start, at));
}

const BARE = /[ \t]*(?:\r?\n|$)/y;
const MARKED = /[ \t]*(\w[\w+#-]*)[ \t]*(?:\r?\n|$)/y;
/** Only at the beginning of a line: else it may be a word of prose. */
const WITH_ATTRIBUTES =
  /[ \t]*(?:(json)\b[^\n]*|(\w[\w+#-]*)(?:\{[^\n]*|(?:[ \t]+[\w-]+=\S{1,80}){1,8}\s*?))(?:\n|$)/iy;
/** The value begins on the line of the backticks. */
const WITH_VALUE = /[ \t]*(json)?[ \t]*(?=[{[])/iy;

function openingMark(
  text: string,
  start: number,
  end: number,
  begins_line: boolean,
): FenceMark | undefined {
  for (const pattern of [BARE, WITH_VALUE, MARKED, WITH_ATTRIBUTES]) {
    if (pattern === WITH_ATTRIBUTES && !begins_line) continue;
    pattern.lastIndex = end;
    const found = pattern.exec(text);
    if (found === null) continue;
    const word = (found[1] ?? found[2])?.toLowerCase().replace(JSON_WORDS, LOOSE_JSON);
    const kind = word === undefined ? "bare" : "marked";
    return { start, end, kind, word, body: pattern.lastIndex };
  }
  return undefined;
}

function withClosings(marks: FenceMark[]): FenceMark[] {
  const open: FenceMark[] = [];
  for (const mark of marks) {
    if (mark.kind === "marked") open.push(mark);
    else {
      const opened = open.pop();
      if (opened !== undefined) opened.closed_by = mark;
    }
  }
  return marks;
}

export interface Block {
  readonly start: number;
  readonly end: number;
  readonly word: string | undefined;
  readonly body: string;
  /** A mark stands behind it. */
  readonly is_closed: boolean;
  /** The body is one value from its beginning. */
  readonly is_value: boolean;
  /**
   * The body stops within a text, at backticks that may be part of it: closed: a closing mark,
   * doubtful: one that seems to open a block within.
   */
  readonly torn: "closed" | "doubtful" | undefined;
}

/** Comments and space, then a value. */
const VALUE = /^(?:\s|\/\/[^\n]*\n|#[^\n]*\n|\/\*[^*]*\*\/)*(?=[{[])/;

/** JSON with comments, or one object a line: often a form or data, and the answer elsewhere. */
const JSON_WORDS = /^(?:json5|jsonc|jsonl|ndjson|json-ld|jsonld)$/;
/** The word that stands for all of them. */
export const LOOSE_JSON = "jsonc";

/** What is marked with another word is code or an echoed prompt. */
function mayAnswer({ word }: { readonly word: string | undefined }): boolean {
  return word === undefined || word === "json" || word === LOOSE_JSON;
}

/** The block that the mark opens; undefined: it opens none. `next`: the mark behind it. */
export function blockAt(
  text: string,
  mark: FenceMark,
  next: FenceMark | undefined,
): Block | undefined {
  const lead = VALUE.exec(text.slice(mark.body, next?.start));
  if (lead !== null) {
    // Braces in comments before the value are none of it.
    const value = mark.body + lead[0].length;
    return valueBlock(text, { ...mark, body: value }, next, value);
  }
  if (mayAnswer(mark)) {
    if (next === undefined || (mark.word === undefined && next.kind === "marked")) return undefined;
    return block(text, mark, next, false);
  }
  return mark.closed_by && block(text, mark, mark.closed_by, false);
}

/** Backticks inside of the value are part of it; those behind it close the block. */
function valueBlock(
  text: string,
  mark: FenceMark,
  next: FenceMark | undefined,
  value: number,
): Block | undefined {
  const limit = next?.start ?? text.length;
  const strict_end = text[value] === "{" ? strictEnd(text, value, limit) : -1;
  if (strict_end >= 0) {
    const closed = closedAt(text, mark, next, strict_end);
    if (closed !== undefined) return closed;
  }
  const part = endOfLooseObject(text.slice(value, limit), 0);
  if (part.balanced) {
    const closed = closedAt(text, mark, next, value + part.end);
    if (closed !== undefined) return closed;
  }
  if (next === undefined) {
    const end = value + part.end;
    return mayAnswer(mark) ? block(text, mark, { start: end, end }, true) : undefined;
  }
  if (part.balanced) return block(text, mark, next, true);
  if (next.kind === "marked" && !mayAnswer(mark)) {
    return mark.closed_by && block(text, mark, mark.closed_by, false);
  }
  if (!part.in_string) return block(text, mark, next, true);
  const whole = endOfLooseObject(text.slice(value, value + REPAIRED_CHARS_MAX), 0);
  const end = value + whole.end;
  if (whole.balanced && isWhole(text.slice(value, end))) {
    return closedAt(text, mark, next, end) ?? block(text, mark, { start: end, end }, true);
  }
  const torn = next.kind === "marked" ? "doubtful" : "closed";
  return { ...block(text, mark, next, true), torn };
}

/** Closed by the backticks that follow the value at once. */
function closedAt(
  text: string,
  mark: FenceMark,
  next: FenceMark | undefined,
  value_end: number,
): Block | undefined {
  let start = value_end;
  while (start < text.length && (isBlank(text[start]!) || text[start] === ";")) start++;
  if (!text.startsWith("```", start)) return undefined;
  if (next?.start === start && next.kind === "marked") return undefined;
  let end = start + 3;
  while (text[end] === "`") end++;
  return block(text, mark, { start, end }, true);
}

function block(
  text: string,
  { start, word, body }: FenceMark,
  closing: { readonly start: number; readonly end: number; readonly kind?: FenceMark["kind"] },
  is_value: boolean,
): Block {
  const is_closed = closing.end > closing.start;
  // A mark that opens the next block ends this one, and is not part of it; so does a thought.
  const is_cut = closing.kind === "marked";
  const inside = text.slice(body, closing.start);
  const inside_end = is_cut ? firstSpan(inside, OPENING_TAG, 0).start : inside.length;
  return {
    start,
    end: is_cut ? body + inside_end : closing.end,
    word,
    body: inside.slice(0, inside_end),
    is_closed,
    is_value,
    torn: undefined,
  };
}

/** Strict JSON, or what can be mended without loss; it seems to have all its brackets. */
export function isWhole(source: string): boolean {
  return isStrict(source) || repairLosslessly(source, true).ok;
}

export function isStrict(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}
