// Tells apart what a model said: fenced blocks, thoughts, prose, and what only looks like them.
import type { FinishReason } from "#contracts/nouns.ts";
import { strictEnd } from "#ports/strict-end.ts";
import {
  beginsLine,
  type Closings,
  closingsIn,
  firstSpan,
  loneClosing,
  nameOfTag,
  OPENING_TAG,
  type Search,
  searchFrom,
  type Span,
  spokenInChannels,
  THINK,
} from "#ports/thought-tags.ts";
import { blockAt, fenceMarks, isStrict, isWhole, LOOSE_JSON, type Block } from "./fenced-blocks.ts";
import {
  beginsWithMember,
  endOfLooseObject,
  endsLine,
  nextMember,
  nextObjectStart,
  type LooseObject,
} from "./loose-object.ts";

/**
 * The places an answer may stand in, the likeliest first: json fences, bare fences, all text but
 * code, echoed prompts and thoughts, fences of other sorts of JSON, the only fence marked otherwise
 * if it is all that is said. Where backticks or tags may be part of a broken object, that object is
 * the only place: nothing in it or beside it is taken for the answer. Linear time.
 */
export function answerSections(
  text: string,
  finish_reason: FinishReason,
): readonly (readonly string[])[] {
  // Tags in it are data.
  if (IN_QUOTES.test(text) && isStrict(text)) return [[text]];
  const { spoken, torn } = afterThinking(spokenInChannels(text));
  if (torn !== undefined) return [[torn]];
  if (!spoken.includes("```") && !holdsThought(spoken)) return [[spoken]];
  const { blocks, prose, doubtful } = partsOf(spoken, true);
  if (doubtful !== undefined) return [[doubtful]];
  const marked = (word: string | undefined) =>
    blocks.filter((block) => block.word === word).map(bodyOf);
  const [only] = blocks;
  const is_answer = finish_reason !== "length" && blocks.length === 1 && isMismarked(only!);
  const others = is_answer && isAllSaid(prose, spoken.slice(only!.end)) ? [only!.body] : [];
  // Of several the first may be a form, or what was asked.
  const is_one = blocks.filter(({ is_value }) => is_value).length === 1;
  const loose = is_one ? marked(LOOSE_JSON) : [];
  const is_said = loose.length === 0 || mayAnswer(prose) || isSaidBefore(spoken, blocks);
  const [second, third] = is_said ? [[prose], loose] : [loose, [prose]];
  return [marked("json"), marked(undefined), second, third, others];
}

/** An object in it ends its line: one amid a sentence is an example. */
function mayAnswer(prose: string, isLast = endsLine): boolean {
  for (let at = nextObjectStart(prose, 0); at >= 0;) {
    const { end, balanced } = endOfLooseObject(prose, at);
    if (!balanced || isLast(prose, end)) return true;
    at = nextObjectStart(prose, end);
  }
  return false;
}

/** "The answer is {…}." before a block, which then is a form. */
function isSaidBefore(spoken: string, blocks: readonly Block[]): boolean {
  const before = spoken.slice(0, blocks.find(({ word }) => word === LOOSE_JSON)!.start);
  return mayAnswer(before, (text, end) => endsLine(text, text[end] === "." ? end + 1 : end));
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

/** Brackets, a further fence, or words for what is none of the answer. */
const SAYS_MORE =
  /[{}[\]]|```|\b(?:inputs?|examples?|formats?|schemas?|given|templates?|samples?|questions?)\b/i;
const SAID_MAX = 160;
const SAID_BEHIND_MAX = 16;
const COURTESY = /^(?:I hope|hope this|(?:please )?let me know|feel free|is there anything|thank)/i;

/** Beside the block few words are said, and hardly any behind it: it is the answer. */
function isAllSaid(prose: string, behind: string): boolean {
  const said = prose.trim();
  if (said.length > SAID_MAX || SAYS_MORE.test(said)) return false;
  const last = behind.trim();
  return last.length <= SAID_BEHIND_MAX || COURTESY.test(last);
}

const IN_QUOTES = /^\s*"/;

/** So many braces that nothing closes are looked at: each takes a walk to the end of the text. */
const UNCLOSED_MAX = 4;

/**
 * Some servers cut the opening tag off: what stands before a lone closing tag is thinking too.
 * `torn`: an object in a string of which the tag seems to stand, though it cannot be read.
 */
function afterThinking(text: string): { readonly spoken: string; readonly torn?: string } {
  const lone = loneClosing(text);
  if (lone === undefined) return { spoken: text };
  const { start: close, end, name, is_first } = lone;
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
  // Behind an answer it is a stray one; a first `</think>` may stand before an empty answer.
  const may_be_stray = (name !== THINK || !is_first) && ONLY_MARKS.test(text.slice(end));
  if (may_be_stray && ENDS_OBJECT.test(text.slice(Math.max(0, close - NEAR), close))) {
    return afterThinking(text.slice(0, close));
  }
  return { spoken: text.slice(end) };
}

const NEAR = 400;
/** What ends an answer, and what may stand behind it and says nothing. */
const ENDS_OBJECT = /(?:[}\]`]|<\/\w+>)\s*$/;
const ONLY_MARKS = /^(?:\s|<\/?\w+>|```)*$/;
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
  const closings = closingsIn(text);
  const answerFrom = searchFrom(text, ANSWER_MARK);
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
      ? thoughtAt(text, think, closings, answerFrom)
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
    const is_mention = "is_mention" in found && found.is_mention;
    if (belongs === "no" || is_mention) left_out.push(...leftOutFor(text, found));
  }
}

/** A json or a bare fence that turns out to hold no object is read as prose. */
function leftOutFor(text: string, found: Block | Thought): readonly Span[] {
  if ("body" in found) return found.word === undefined || found.word === "json" ? [] : [found];
  if (!found.is_mention) return [found];
  return found.is_think ? [{ start: found.start, end: text.length }] : [];
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
  readonly is_think: boolean;
  /** A tag that nothing closes, amid a sentence or before an answer; its end is that of the tag. */
  readonly is_mention: boolean;
}

/** No thought begins with them. */
const BEGINS_ANSWER = /\s*(?:\{|```)/y;
/** What an answer begins with for sure, though a thought before it is not closed. */
const ANSWER_MARK =
  /^[ \t]*(?:<(?:(?:final_)?answer|output|response|result|json)>|```json\b)|```json[ \t]*\r?\n/gim;

function thoughtAt(text: string, tag: Span, closings: Closings, answerFrom: Search): Thought {
  const { start, end: after } = tag;
  const name = nameOfTag(text.slice(start, after));
  const is_think = name === THINK;
  const in_sentence = is_think ? isThinkInSentence(text, tag) : !beginsLine(text, start);
  const own = closings(name, after);
  const is_own = own.start < text.length || in_sentence;
  const close = is_own ? own : closings(undefined, after);
  const is_closed =
    close.start < text.length &&
    (is_own || !STRING_ENDS.test(text.slice(close.end, close.end + NEAR)));
  BEGINS_ANSWER.lastIndex = after;
  const begins_answer = !is_closed && !is_think && BEGINS_ANSWER.test(text);
  const is_mention = in_sentence && (!is_closed || isOfAnother(text, after, close.start));
  if (is_mention || begins_answer) return { start, end: after, is_think, is_mention: true };
  if (is_closed) return { start, end: close.end, is_think, is_mention: false };
  const marked = is_think ? text.length : answerFrom(after).start;
  const end = is_think || marked < text.length ? marked : lastObject(text, after);
  return { start, end, is_think, is_mention: false };
}

/** Where the only object from `from` on begins if it begins a line and ends the text. */
function lastObject(text: string, from: number): number {
  const start = nextMember(text, from);
  const end = beginsLine(text, start) ? strictEnd(text, start) : -1;
  return end >= 0 && text.slice(end).trim() === "" ? start : text.length;
}

function isThinkInSentence(text: string, { start, end }: Span): boolean {
  const before = text.slice(Math.max(0, start - NEAR), start);
  const is_alone =
    /\n[ \t]*$/.test(before) && /^[ \t\r]*(?:\n|$)/.test(text.slice(end, end + NEAR));
  return !is_alone && (before.trim() !== "" || start > NEAR);
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
