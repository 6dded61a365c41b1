// Two texts laid beside each other: which word of one is which word of the other.
import { FUNCTION_WORDS } from "./function-words.ts";
import type { QueryWord } from "./query-words.ts";

/** A text as lists of equal length, one place for each word. */
export interface PairText {
  readonly words: readonly string[];
  readonly stems: readonly string[];
  readonly is_content: readonly boolean[];
  /** Begins with a capital or a digit. */
  readonly is_name: readonly boolean[];
  readonly opens_clause: readonly boolean[];
  /** Stems of the content words, in order. */
  readonly content: readonly string[];
}

export function pairText(read: readonly QueryWord[]): PairText {
  // What a tokeniser leaves of a possessive ("the team 's") is no word.
  const kept = read.filter((it) => it.word !== "s");
  const is_content = kept.map((it) => !FUNCTION_WORDS.has(it.word));
  const stems = kept.map((it) => it.stem);
  return {
    words: kept.map((it) => it.word),
    stems,
    is_content,
    is_name: kept.map((it) => /^[\p{Lu}\d]/u.test(it.text)),
    opens_clause: kept.map((it) => it.opens_clause),
    content: stems.filter((_, at) => is_content[at]),
  };
}

/**
 * Place in `a` → place in `b` of the same stem, one to one. Of several the one with the same
 * neighbours is taken, then the one that stands most nearly as far along.
 */
export function alignTexts(a: PairText, b: PairText): Map<number, number> {
  const places = new Map<string, number[]>();
  for (const [at, stem] of b.stems.entries()) {
    places.set(stem, [...(places.get(stem) ?? []), at]);
  }
  const candidates = a.stems.flatMap((stem, left) =>
    (places.get(stem) ?? []).map((right) => ({
      left,
      right,
      alike: sameNeighbours(a, b, left, right),
      apart: Math.abs(left / a.stems.length - right / b.stems.length),
    })),
  );
  candidates.sort(
    (x, y) => y.alike - x.alike || x.apart - y.apart || x.left - y.left || x.right - y.right,
  );
  const taken = new Set<number>();
  const found = new Map<number, number>();
  for (const { left, right } of candidates) {
    if (found.has(left) || taken.has(right)) continue;
    found.set(left, right);
    taken.add(right);
  }
  return new Map([...found].toSorted((x, y) => x[0] - y[0]));
}

function sameNeighbours(a: PairText, b: PairText, left: number, right: number): number {
  const before = left > 0 && right > 0 && a.stems[left - 1] === b.stems[right - 1];
  const next = a.stems[left + 1];
  return Number(before) + Number(next !== undefined && next === b.stems[right + 1]);
}

/** The nearest content stem before (-1) or behind (1) a place; "" at the end of the text. */
export function contentNeighbour(text: PairText, at: number, step: 1 | -1): string {
  for (let place = at + step; place >= 0 && place < text.stems.length; place += step) {
    if (text.is_content[place]) return text.stems[place]!;
  }
  return "";
}
