// What a model says in plain words, without what it thinks aloud.
import {
  beginsLine,
  closingsIn,
  loneClosing,
  nameOfTag,
  OPENING_TAG,
  searchFrom,
  spokenInChannels,
  THINK,
} from "./thought-tags.ts";

/** Of an answer that holds no object. A thought that nothing closes reaches to its end. */
export function spokenWords(text: string): string {
  const words = withoutThoughts(spokenInChannels(text));
  // Some servers cut the opening tag off.
  return words.slice(loneClosing(words)?.end ?? 0).trim();
}

function withoutThoughts(text: string): string {
  const openingFrom = searchFrom(text, OPENING_TAG);
  const closings = closingsIn(text);
  let words = "";
  for (let from = 0, at = 0; ;) {
    const { start, end } = openingFrom(at);
    if (start === text.length) return words + text.slice(from);
    const name = nameOfTag(text.slice(start, end));
    const in_sentence = name !== THINK && !beginsLine(text, start);
    const own = closings(name, end);
    const is_own = own.start < text.length || in_sentence;
    const close = is_own ? own : closings(undefined, end);
    at = end;
    // Only mentioned.
    if (in_sentence && close.start === text.length) continue;
    words += text.slice(from, start);
    from = close.end;
    at = close.end;
  }
}
