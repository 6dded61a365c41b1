// The tags around what a model thinks before it answers, as models write them.

export interface Span {
  readonly start: number;
  readonly end: number;
}

const NAMES = "think(?:ing)?|thought|reasoning";

/** Opening tags, and closing ones: `<think>`, `<Thinking >`, `[THINK]`. */
export const OPENING_TAG = tagOf("", NAMES);
export const CLOSING_TAG = tagOf("/", NAMES);

/** `think` of `<Think >`: a thought is closed by a tag of the same name. */
export function nameOfTag(tag: string): string {
  return /[a-z]+/i.exec(tag)![0].toLowerCase();
}

export function closingOf(name: string): RegExp {
  return tagOf("/", name);
}

function tagOf(slash: string, names: string): RegExp {
  return new RegExp(String.raw`<${slash}(?:${names})(?:\s[^<>\n]{0,64})?>|\[${slash}THINK\]`, "gi");
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

const CHANNELS = /^\s*<\|(?:channel|start)\|>/;
const FINAL_CHANNEL = /<\|channel\|>final\b[^{}\n]{0,64}<\|message\|>/g;

/** Of what is said in channels only the last that is final; where none is, all is thinking. */
export function finalChannel(text: string): string {
  if (!CHANNELS.test(text)) return text;
  const last = [...text.matchAll(FINAL_CHANNEL)].at(-1);
  return last === undefined ? "" : text.slice(last.index + last[0].length);
}
