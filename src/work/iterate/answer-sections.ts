// Tells apart what a model said: fenced blocks, thoughts, prose, and what only looks like them.
import { blockAt, fenceMarks, isStrict, isWhole, mayAnswer, type Block } from "./fenced-blocks.ts";
import {
  beginsWithMember,
  endOfLooseObject,
  nextObjectStart,
  type LooseObject,
} from "./loose-object.ts";

/**
 * The places an answer may stand in, the likeliest first: json fences, bare fences, all text but
 * code, echoed prompts and thoughts. Where backticks or tags may be part of a broken object, that
 * object is the only place: nothing in it or beside it is taken for the answer. Linear time.
 */
export function answerSections(text: string): readonly (readonly string[])[] {
  const { spoken, torn } = afterThinking(text);
  if (torn !== undefined) return [[torn]];
  if (!spoken.includes("```") && !spoken.includes(OPEN)) return [[spoken]];
  const { blocks, prose, doubtful } = partsOf(spoken, true);
  if (doubtful !== undefined) return [[doubtful]];
  const marked = (word: string | undefined) =>
    blocks.filter((block) => block.word === word).map(bodyOf);
  return [marked("json"), marked(undefined), [prose]];
}

const OPEN = "<think>";
const CLOSE = "</think>";

/** So many braces that nothing closes are looked at: each takes a walk to the end of the text. */
const UNCLOSED_MAX = 4;

/**
 * Some servers cut the opening tag off: what stands before a lone closing tag is thinking too.
 * `torn`: an object in a string of which the tag seems to stand, though it cannot be read.
 */
function afterThinking(text: string): { readonly spoken: string; readonly torn?: string } {
  const close = text.indexOf(CLOSE);
  const open = text.indexOf(OPEN);
  if (close < 0 || (open >= 0 && open < close)) return { spoken: text };
  const end = close + CLOSE.length;
  for (let from = 0, tries = 0; tries < UNCLOSED_MAX; tries++) {
    const around = objectOver(text, from, close);
    if (around === undefined) break;
    // A closing tag inside a string of an object is data.
    const source = text.slice(around.start, around.end);
    if (around.balanced && isWhole(source)) return { spoken: text };
    if (isInString(text, around.start, close) && STRING_ENDS.test(text.slice(end, end + NEAR))) {
      return { spoken: text, torn: source };
    }
    from = around.start + 1;
  }
  return { spoken: text.slice(end) };
}

const NEAR = 400;
/** The rest of a string, and how an object goes on behind it. */
const STRING_ENDS = /^[^{}]*?["'`”’]\s*(?:[,:\]}]|$)/;
/** How an object goes on behind a string, at once. */
const GOES_ON = /^\s*(?:["'`”’]\s*[,:\]}]|[,\]}])/;

function isInString(text: string, start: number, at: number): boolean {
  return endOfLooseObject(text.slice(start, at), 0).in_string;
}

/** A thought in a block that is not a value from its beginning is none of the answer. */
function bodyOf({ body, is_value }: Block): string {
  if (is_value || !body.includes(OPEN)) return body;
  const { prose, doubtful } = partsOf(body, false);
  return doubtful ?? prose;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Parts {
  readonly blocks: readonly Block[];
  readonly prose: string;
  /** The object for which it cannot be told what belongs to it. */
  readonly doubtful: string | undefined;
}

function partsOf(text: string, with_blocks: boolean): Parts {
  const marks = with_blocks ? fenceMarks(text) : [];
  const blocks: Block[] = [];
  const left_out: Span[] = [];
  const thinkFrom = searchFrom(text, OPEN);
  const closeFrom = searchFrom(text, CLOSE);
  const braceFrom = searchFrom(text, "{");
  const done = (doubtful?: string): Parts => {
    return { blocks, prose: proseOf(text, left_out), doubtful };
  };
  let unclosed = 0;
  // From mark to mark and thought to thought: is it part of an object, and if not, what is it?
  for (let at = 0, next = 0; ;) {
    while (next < marks.length && (marks[next]!.start < at || marks[next]!.kind === "closing")) {
      next++;
    }
    const think = thinkFrom(at);
    const mark = marks[next];
    const is_thought = think < (mark?.start ?? text.length);
    if (!is_thought && mark === undefined) return done();
    const start = is_thought ? think : mark!.start;
    const over = braceFrom(at) < start ? objectOver(text, at, start) : undefined;
    const found = is_thought
      ? thoughtAt(text, think, closeFrom)
      : blockAt(text, mark!, marks[next + 1]);
    if (found === undefined) {
      next++;
      continue;
    }
    const belongs = over === undefined ? "no" : belongsTo(text, over, found);
    if (belongs === "yes") {
      at = over!.end;
      continue;
    }
    const is_torn = "torn" in found && found.torn !== undefined;
    if (belongs === "cut off" || is_torn) unclosed++;
    const too_many = unclosed === UNCLOSED_MAX;
    if (over !== undefined && (belongs === "doubtful" || (belongs === "cut off" && too_many))) {
      return done(text.slice(over.start, over.end));
    }
    if (is_torn && (too_many || found.torn === "doubtful")) return done(text.slice(found.start));
    at = found.end;
    if ("body" in found) blocks.push(found);
    if ("is_mention" in found && found.is_mention) {
      left_out.push({ start: found.start, end: text.length });
    } else if (belongs === "no" && !("body" in found && mayAnswer(found))) {
      left_out.push(found);
    }
  }
}

/**
 * Whether a block or a thought that stands in the braces of an object is part of it. cut off: the
 * object never ends, and is none; what stands in it is not taken out of it.
 */
function belongsTo(
  text: string,
  over: ObjectOver,
  found: Block | Thought,
): "yes" | "no" | "doubtful" | "cut off" {
  if (!over.balanced) return isInString(text, over.start, found.start) ? "doubtful" : "cut off";
  const source = text.slice(over.start, over.end);
  if (isStrict(source)) return "yes";
  const after = text.slice(found.end, found.end + NEAR);
  const is_inside = over.end > found.end || GOES_ON.test(after);
  const is_closed = !("is_closed" in found) || found.is_closed;
  if ((is_inside || !is_closed) && isWhole(source)) return "yes";
  return is_inside ? "doubtful" : "no";
}

interface Thought extends Span {
  /** A tag amid a sentence that nothing closes; its end is that of the tag. */
  readonly is_mention: boolean;
}

function thoughtAt(text: string, start: number, closeFrom: Search): Thought {
  const after = start + OPEN.length;
  const before = text.slice(Math.max(0, start - NEAR), start);
  const is_alone =
    /\n[ \t]*$/.test(before) && /^[ \t\r]*(?:\n|$)/.test(text.slice(after, after + NEAR));
  const in_sentence = !is_alone && (before.trim() !== "" || start > NEAR);
  const close = closeFrom(after);
  if (in_sentence && (close === text.length || isOfAnother(text, after, close))) {
    return { start, end: after, is_mention: true };
  }
  return { start, end: Math.min(close + CLOSE.length, text.length), is_mention: false };
}

/** The closing tag at `close` is that of a later opening tag, or data in a string of an object. */
function isOfAnother(text: string, from: number, close: number): boolean {
  const next = text.indexOf(OPEN, from);
  if (next >= 0 && next < close) return true;
  const around = objectOver(text, from, close);
  return around?.balanced === true && isWhole(text.slice(around.start, around.end));
}

type ObjectOver = LooseObject & Span;

/** The first object from `from` on that has begun but not ended at `at`. */
function objectOver(text: string, from: number, at: number): ObjectOver | undefined {
  for (let start = nextObjectStart(text, from); start >= 0 && start < at;) {
    // A brace of prose is followed by no field.
    if (!beginsWithMember(text, start)) {
      start = nextObjectStart(text, start + 1);
      continue;
    }
    const object = endOfLooseObject(text, start);
    // What another bracket seems to close is not known to end there.
    const balanced = object.balanced && text[object.end - 1] === "}";
    if (!balanced || object.end > at) return { ...object, balanced, start };
    start = nextObjectStart(text, object.end);
  }
  return undefined;
}

type Search = (from: number) => number;

/** Offset of the next one from ever growing offsets on; the text's length: none. Linear in all. */
function searchFrom(text: string, wanted: string): Search {
  let found = -1;
  return (from) => {
    if (found < from) found = text.indexOf(wanted, from);
    if (found < 0) found = text.length;
    return found;
  };
}

function proseOf(text: string, left_out: readonly Span[]): string {
  let prose = "";
  let from = 0;
  for (const { start, end } of left_out) {
    if (start < from) continue;
    prose += `${text.slice(from, start)} `;
    from = end;
  }
  return prose + text.slice(from);
}
