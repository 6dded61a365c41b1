// The tags around what a model thinks before it answers, as models write them.
import { strictEnd } from "./strict-end.ts";

export interface Span {
  readonly start: number;
  readonly end: number;
}

const NAMES = "think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|seed:think";
/** The end of a tag; one that closes itself holds nothing. */
const TAG_END = String.raw`(?:\s[^<>\n]{0,64}(?<!\/))?>`;

/** Opening tags, and closing ones: `<think>`, `<Thinking >`, `[THINK]`. */
export const OPENING_TAG = new RegExp(String.raw`<(?:${NAMES})${TAG_END}|\[THINK\]`, "gi");
export const CLOSING_TAG = new RegExp(String.raw`<\/(?:${NAMES})${TAG_END}|\[\/THINK\]`, "gi");
const ANY_TAG = new RegExp(String.raw`<\/?(?:${NAMES})${TAG_END}|\[\/?THINK\]`, "gi");

export interface Tag extends Span {
  readonly name: string;
  readonly is_closing: boolean;
}

/** All of them, in their order. */
export function tagsIn(text: string): Tag[] {
  return [...text.matchAll(ANY_TAG)].map(({ 0: tag, index }) => {
    const is_closing = tag[1] === "/";
    return { start: index, end: index + tag.length, name: nameOfTag(tag), is_closing };
  });
}

/** The usual one: whatever stands behind it, and is not closed, is thinking. */
export const THINK = "<think";

/** `<think` of `<Think >` and `</think>`, `[think` of `[THINK]`. */
export function nameOfTag(tag: string): string {
  return /^[<[]\/?[a-z:]+/i.exec(tag)![0].replace("/", "").toLowerCase();
}

function closingOf(name: string): RegExp {
  if (name.startsWith("[")) return /\[\/THINK\]/gi;
  return new RegExp(String.raw`<\/${name.slice(1)}${TAG_END}`, "gi");
}

/** The first one from `from` on; where there is none, both ends are the text's length. */
export function firstSpan(text: string, wanted: RegExp, from: number): Span {
  wanted.lastIndex = from;
  const found = wanted.exec(text);
  if (found === null) return { start: text.length, end: text.length };
  return { start: found.index, end: wanted.lastIndex };
}

export type Search = (from: number) => Span;

/** The same from ever growing offsets on. Linear in all. */
export function searchFrom(text: string, wanted: RegExp): Search {
  let found: Span = { start: -1, end: -1 };
  return (from) => {
    if (found.start < from) found = firstSpan(text, wanted, from);
    return found;
  };
}

/** The next closing tag of a name, or of any. */
export type Closings = (name: string | undefined, from: number) => Span;

export function closingsIn(text: string): Closings {
  const searches = new Map<string, Search>();
  return (name = "", from) => {
    const search = searches.get(name) ?? searchFrom(text, name ? closingOf(name) : CLOSING_TAG);
    searches.set(name, search);
    return search(from);
  };
}

const LEAD_MAX = 16;

/** Nothing but what may begin a line stands before it on its line. */
export function beginsLine(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - LEAD_MAX), start);
  return /\n[ \t>*-]*$/.test(before) || (start <= LEAD_MAX && before.trim() === "");
}

export interface ClosingTag extends Span {
  readonly name: string;
  /** No closing tag stands before it. */
  readonly is_first: boolean;
}

/**
 * The first closing tag whose opening one was cut off, `</think>` before others: none of its name
 * stands before it, and it closes no thought that has another.
 */
export function loneClosing(text: string): ClosingTag | undefined {
  const tags = tagsIn(text);
  const first = tags.find(({ is_closing }) => is_closing)?.start;
  if (first === undefined) return undefined;
  const last_closing = new Map<string, number>();
  for (const { is_closing, name, start } of tags) if (is_closing) last_closing.set(name, start);
  const known = new Set<string>();
  /** What is open by its name, and whether it began a line. */
  const open = new Map<string, boolean>();
  let lone: ClosingTag | undefined;
  for (const { is_closing, ...tag } of tags) {
    const { name, start } = tag;
    if (!is_closing) {
      known.add(name);
      open.set(name, open.get(name) === true || beginsLine(text, start));
      continue;
    }
    open.delete(name);
    if (known.has(name) || (name !== THINK && known.size > 0)) continue;
    const holds = ([other, began_line]: [string, boolean]) =>
      began_line || (last_closing.get(other) ?? -1) > start;
    if ([...open].some(holds)) continue;
    const found = { ...tag, is_first: start === first };
    if (name === THINK) return found;
    lone ??= found;
  }
  return lone;
}

const CHANNELS = /^\s*<\|(?:channel|start)\|>/;
const CONTROL = /<\|(start|channel|constrain|message|end|call|return)\|>/g;

interface Message {
  channel: string;
  said: string;
}

/** Servers that leave the control words out glue the names of channels to what is said in them. */
const GLUED = /^\s*analysis(?=[^\s:{])/;
const GLUED_FINAL = /assistant(?:final|commentary(?: to=[\w.]+)?(?: ?json)?)\s*(?=\{)/g;

/** Of what is said in channels the last final message with an object, else all but thoughts. */
export function spokenInChannels(text: string): string {
  if (GLUED.test(text)) {
    const last = [...text.matchAll(GLUED_FINAL)].at(-1);
    if (last !== undefined) return text.slice(last.index + last[0].length);
  }
  if (!CHANNELS.test(text)) return text;
  const messages = messagesOf(text).filter(({ channel }) => channel !== "analysis");
  const last = messages.findLast(({ channel, said }) => channel === "final" && said.includes("{"));
  return last?.said ?? messages.map(({ said }) => said).join("\n");
}

function messagesOf(text: string): Message[] {
  const messages: Message[] = [];
  let message: Message = { channel: "", said: "" };
  let is_unclosed = false;
  for (let at = 0; at < text.length;) {
    const value: number = message.channel === "analysis" || is_unclosed ? -1 : valueAt(text, at);
    // Control words within an object are data.
    const value_end: number = value < 0 ? at : strictEnd(text, value);
    is_unclosed ||= value_end < 0;
    CONTROL.lastIndex = Math.max(at, value_end);
    const found = CONTROL.exec(text);
    message.said += text.slice(at, found?.index);
    if (found === null) break;
    at = CONTROL.lastIndex;
    const [, word] = found;
    if (word === "message") message.said = "";
    else if (word !== "constrain") {
      messages.push(message);
      message = { channel: "", said: "" };
    }
    if (word === "channel" || word === "start") {
      const name = wordAt(text, at);
      if (word === "channel") message.channel = name.trim();
      at += name.length;
    }
  }
  return [...messages, message];
}

/** Where a brace stands at `at`, behind white space; or -1. */
function valueAt(text: string, at: number): number {
  let start = at;
  while (start < text.length && /\s/.test(text[start]!)) start++;
  return text[start] === "{" ? start : -1;
}

const WORD = /\s*[\w.]*/y;

function wordAt(text: string, at: number): string {
  WORD.lastIndex = at;
  return WORD.exec(text)![0];
}
