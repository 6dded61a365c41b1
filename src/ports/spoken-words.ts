// What a model says in plain words, without what it thinks aloud.
import {
  CLOSING_TAG,
  closingsIn,
  loneClosing,
  nameOfTag,
  OPENING_TAG,
  searchFrom,
  type Span,
  spokenInChannels,
  THINK,
} from "./thought-tags.ts";

/** Of an answer that holds no object. A thought that nothing closes reaches to its end. */
export function spokenWords(text: string): string {
  const { words, first } = withoutThoughts(spokenInChannels(text));
  const own = words.slice(0, first).replaceAll(MENTIONED, (tag) => " ".repeat(tag.length));
  // Some servers cut the opening tag off.
  return words.slice(loneClosing(own)?.end ?? 0).trim();
}

/** Closing tags as sentences speak of them: behind a blank, a quotation mark, a bracket. */
const MENTIONED = new RegExp(String.raw`(?<=\S[ \t]|["'\`(*])(?:${CLOSING_TAG.source})`, "gi");

interface Words {
  readonly words: string;
  /** Where in them the first thought was left out, unless it held another of its name. */
  readonly first: number;
}

function withoutThoughts(text: string): Words {
  const openingFrom = searchFrom(text, OPENING_TAG);
  const closings = closingsIn(text);
  let words = "";
  let first: number | undefined;
  let is_fenced = false;
  for (let from = 0, at = 0; ;) {
    const tag = openingFrom(at);
    const { start, end } = tag;
    if (start === text.length) {
      words += text.slice(from);
      return { words, first: first ?? words.length };
    }
    is_fenced = is_fenced !== passesFence(text.slice(at, start));
    const name = nameOfTag(text.slice(start, end));
    const own = closings(name, end);
    const is_own = own.start < text.length;
    const close = is_own ? own : closings(undefined, end);
    at = end;
    if (!opens(text, { ...tag, name, is_own, is_fenced, closed: close.end > close.start }))
      continue;
    words += text.slice(from, start);
    const inner = openingFrom(end);
    const is_nested =
      inner.start < close.start && nameOfTag(text.slice(inner.start, inner.end)) === name;
    if (!is_nested) first ??= words.length;
    from = close.end;
    at = close.end;
  }
}

interface Opening extends Span {
  readonly name: string;
  /** Closed by any tag, and by one of its name. */
  readonly closed: boolean;
  readonly is_own: boolean;
  readonly is_fenced: boolean;
}

/** Whether a thought begins with the tag; else it is only mentioned. */
function opens(text: string, { start, end, name, closed, is_own, is_fenced }: Opening): boolean {
  if (name === THINK) return true;
  const begins_line = LINE_BEGUN.test(text.slice(Math.max(0, start - LEAD_MAX), start));
  if (name.includes("think")) return begins_line || is_own;
  // Reasoning, thoughts and the like are names of fields too.
  REST_OF_LINE.lastIndex = end;
  return begins_line && !is_fenced && (closed || REST_OF_LINE.test(text));
}

const LEAD_MAX = 16;
const LINE_BEGUN = /(?:^|\n)[ \t]*$/;
const REST_OF_LINE = /[ \t]*(?:\r?\n|$)/y;
const FENCE = /^[ \t]*```/gm;

/** Whether what a fence opens in the text stays open, or one that was open is closed. */
function passesFence(text: string): boolean {
  return (text.match(FENCE)?.length ?? 0) % 2 === 1;
}
