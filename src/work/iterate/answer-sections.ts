// Tells apart what a model said: fenced blocks, thoughts, prose, and what only looks like them.
import { blockAt, fenceMarks, isStrict, isWhole, mayAnswer, type Block } from "./fenced-blocks.ts";
import {
  beginsWithMember,
  endOfLooseObject,
  nextObjectStart,
  type LooseObject,
} from "./loose-object.ts";
import {
  CLOSING_TAG,
  closingOf,
  finalChannel,
  firstSpan,
  nameOfTag,
  OPENING_TAG,
  type Search,
  searchFrom,
  type Span,
} from "./thought-tags.ts";

/**
 * The places an answer may stand in, the likeliest first: json fences, bare fences, all text but
 * code, echoed prompts and thoughts, the only fence marked otherwise that holds a value. Where
 * backticks or tags may be part of a broken object, that object is the only place: nothing in it or
 * beside it is taken for the answer. Linear time.
 */
export function answerSections(text: string): readonly (readonly string[])[] {
  const { spoken, torn } = afterThinking(finalChannel(text));
  if (torn !== undefined) return [[torn]];
  if (!spoken.includes("```") && !holdsThought(spoken)) return [[spoken]];
  const { blocks, prose, doubtful } = partsOf(spoken, true);
  if (doubtful !== undefined) return [[doubtful]];
  const marked = (word: string | undefined) =>
    blocks.filter((block) => block.word === word).map(bodyOf);
  const others = blocks.filter(isMismarked).map((block) => block.body);
  return [marked("json"), marked(undefined), [prose], others.length === 1 ? others : []];
}

/** What models mark a block with that should be marked json. */
const OTHER_WORDS =
  /^(?:javascript|js|typescript|ts|python|py|text|plaintext|txt|output|answer|xml|ya?ml)$/;

/** Nothing stands in it but one value: no code and no echoed prompt. */
function isMismarked({ word, body, is_value }: Block): boolean {
  if (!is_value || word === undefined || !OTHER_WORDS.test(word)) return false;
  const value = body.trim();
  return endOfLooseObject(value, 0).end === value.length;
}

/** So many braces that nothing closes are looked at: each takes a walk to the end of the text. */
const UNCLOSED_MAX = 4;

/**
 * Some servers cut the opening tag off: what stands before a lone closing tag is thinking too.
 * `torn`: an object in a string of which the tag seems to stand, though it cannot be read.
 */
function afterThinking(text: string): { readonly spoken: string; readonly torn?: string } {
  const { start: close, end } = firstSpan(text, CLOSING_TAG, 0);
  if (close === text.length || firstSpan(text, OPENING_TAG, 0).start < close) {
    return { spoken: text };
  }
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

function holdsThought(text: string): boolean {
  return firstSpan(text, OPENING_TAG, 0).start < text.length;
}

/** A thought in a block that is not a value from its beginning is none of the answer. */
function bodyOf({ body, is_value }: Block): string {
  if (is_value || !holdsThought(body)) return body;
  const { prose, doubtful } = partsOf(body, false);
  return doubtful ?? prose;
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
  const thinkFrom = searchFrom(text, OPENING_TAG);
  const closings = new Map<string, Search>();
  const braceFrom = searchFrom(text, /\{/g);
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
    const is_thought = think.start < (mark?.start ?? text.length);
    if (!is_thought && mark === undefined) return done();
    const { start } = is_thought ? think : mark!;
    const found = is_thought
      ? thoughtAt(text, think, closings)
      : blockAt(text, mark!, marks[next + 1]);
    if (found === undefined) {
      next++;
      continue;
    }
    const over = braceFrom(at).start < start ? objectOver(text, at, start) : undefined;
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

function thoughtAt(text: string, tag: Span, closings: Map<string, Search>): Thought {
  const { start, end: after } = tag;
  const before = text.slice(Math.max(0, start - NEAR), start);
  const is_alone =
    /\n[ \t]*$/.test(before) && /^[ \t\r]*(?:\n|$)/.test(text.slice(after, after + NEAR));
  const in_sentence = !is_alone && (before.trim() !== "" || start > NEAR);
  const close = closingFrom(text, tag, closings);
  if (in_sentence && (close.start === text.length || isOfAnother(text, after, close.start))) {
    return { start, end: after, is_mention: true };
  }
  return { start, end: close.end, is_mention: false };
}

function closingFrom(text: string, tag: Span, closings: Map<string, Search>): Span {
  const name = nameOfTag(text.slice(tag.start, tag.end));
  const search = closings.get(name) ?? searchFrom(text, closingOf(name));
  closings.set(name, search);
  return search(tag.end);
}

/** The closing tag at `close` is that of a later opening tag, or data in a string of an object. */
function isOfAnother(text: string, from: number, close: number): boolean {
  if (firstSpan(text, OPENING_TAG, from).start < close) return true;
  const around = objectOver(text, from, close);
  return around?.balanced === true && isWhole(text.slice(around.start, around.end));
}

type ObjectOver = LooseObject & Span;

/** The first object from `from` on that has begun but not ended at `at`. */
function objectOver(text: string, from: number, at: number): ObjectOver | undefined {
  for (let start = nextObjectStart(text, from, at); start >= 0;) {
    // A brace of prose is followed by no field.
    if (!beginsWithMember(text, start)) {
      start = nextObjectStart(text, start + 1, at);
      continue;
    }
    const object = endOfLooseObject(text, start);
    // What another bracket seems to close is not known to end there.
    const balanced = object.balanced && text[object.end - 1] === "}";
    if (!balanced || object.end > at) return { ...object, balanced, start };
    start = nextObjectStart(text, object.end, at);
  }
  return undefined;
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
