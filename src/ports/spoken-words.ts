// What a model says in plain words, without what it thinks aloud.
import {
  CLOSING_TAG,
  closingsIn,
  loneClosing,
  type Span,
  spokenInChannels,
  type Tag,
  tagsIn,
  THINK,
} from "./thought-tags.ts";

/** Of an answer that holds no object. A thought that nothing closes reaches to its end. */
export function spokenWords(text: string): string {
  const spoken = spokenInChannels(text);
  const thoughts = thoughtsIn(spoken);
  // Some servers cut the opening tag off.
  const own = spoken.slice(0, thoughts[0]?.start).replaceAll(MENTIONED, blanked);
  let from = loneClosing(own)?.end ?? 0;
  let words = "";
  for (const { start, end } of thoughts) {
    words += spoken.slice(from, start);
    from = end;
  }
  return (words + spoken.slice(from)).trim();
}

/**
 * Closing tags as sentences speak of them: in the midst of one, or behind a quotation mark or a
 * bracket, with words behind them on their line, or none at all to the end. Those that stand
 * between two such marks are spoken of wherever the line ends.
 */
const MENTIONED = new RegExp(
  String.raw`(?<=[^\s.!?:][ \t]|["'\x60(*])` +
    `(?:${CLOSING_TAG.source})` +
    String.raw`(?=[^\n\p{L}\p{N}]*[\p{L}\p{N}]|[^\p{L}\p{N}]*$)` +
    String.raw`|(?<=["'\x60(*])(?:${CLOSING_TAG.source})(?=["'\x60)*])`,
  "giu",
);

function blanked(tag: string): string {
  return " ".repeat(tag.length);
}

function thoughtsIn(text: string): Span[] {
  const tags = tagsIn(text);
  const closingOf = closingsOf(text, tags);
  const thoughts: Span[] = [];
  let is_fenced = false;
  let at = 0;
  for (const tag of tags) {
    const { start, end } = tag;
    if (tag.is_closing || start < at) continue;
    is_fenced = is_fenced !== passesFence(text.slice(at, start));
    // Behind a thought that was left out a line begins anew.
    const line_from = Math.max(thoughts.at(-1)?.end ?? 0, start - LEAD_MAX);
    const begins_line = LINE_BEGUN.test(text.slice(line_from, start));
    const closing = closingOf(tag);
    at = end;
    if (!opens(text, tag, closing, begins_line, is_fenced)) continue;
    at = closing.end;
    thoughts.push({ start, end: closing.end });
  }
  return thoughts;
}

interface Closing {
  /** The text's where nothing closes. */
  readonly end: number;
  /** Closed by a tag of its name, by any. */
  readonly by: "own" | "other" | "none";
}

/** Where the thought of an opening tag ends: tags of a name are paired from inside. */
function closingsOf(text: string, tags: readonly Tag[]): (opening: Tag) => Closing {
  const pairs = new Map<number, Span>();
  const open = new Map<string, Tag[]>();
  for (const tag of tags) {
    const same = open.get(tag.name) ?? [];
    open.set(tag.name, same);
    const opening = tag.is_closing ? same.pop() : undefined;
    if (opening !== undefined) pairs.set(opening.start, tag);
    else if (!tag.is_closing) same.push(tag);
  }
  const next = closingsIn(text);
  return ({ start, end, name }) => {
    const own = pairs.get(start) ?? next(name, end);
    if (own.start < text.length) return { end: own.end, by: "own" };
    const other = next(undefined, end);
    return { end: other.end, by: other.start < text.length ? "other" : "none" };
  };
}

/** Whether a thought begins with the tag; else it is only mentioned. */
function opens(
  text: string,
  { name, end }: Tag,
  { by }: Closing,
  begins_line: boolean,
  is_fenced: boolean,
): boolean {
  if (name === THINK) return true;
  if (name.includes("think")) return begins_line || by === "own";
  // Reasoning, thoughts and the like are names of fields too.
  THOUGHT_BEGUN.lastIndex = end;
  return begins_line && !is_fenced && (by !== "none" || THOUGHT_BEGUN.test(text));
}

const LEAD_MAX = 16;
const LINE_BEGUN = /(?:^|\n)[ \t]*$/;
/** A sentence about a tag has a blank behind it. */
const THOUGHT_BEGUN = /\p{L}|[ \t]*(?:\r?\n|$)/uy;
const FENCE = /^[ \t]*```/gm;

/** Whether what a fence opens in the text stays open, or one that was open is closed. */
function passesFence(text: string): boolean {
  return (text.match(FENCE)?.length ?? 0) % 2 === 1;
}
