// Remembers what search handed out, so that it does not come back as new evidence.
import { hash32, mixBits } from "./index-words.ts";
import { wordsToFind, wrappedIn } from "./wrapped-copy.ts";

export interface RecallGuard {
  /** Notes a text that a search of this trace handed out. */
  handedOut(scope: number, trace_id: string, pathway_id: string, text: string): void;
  /** The trace whose text this is, wholly or for the most part; undefined: it is new. */
  sourceOf(scope: number, trace_id: string, text: string): Recalled | undefined;
}

export interface Recalled {
  readonly pathway_id: string;
  /** Whether it was handed out in the very trace that brings it back. */
  readonly same_trace: boolean;
}

interface Kept extends Pick<Recalled, "pathway_id"> {
  readonly scope: number;
  readonly trace_id: string;
  readonly at_ms: number;
  readonly shingles: Uint32Array;
  /** As it is looked for in a wrapping; empty: it is so long that its shingles tell. */
  readonly words: readonly string[];
}

/** Words of a shingle: shorter runs are common to texts that have nothing to do with another. */
const SHINGLE_WORDS = 4;
const SHINGLES_MAX = 2_000;
/** Share of a text that recalled texts, each there as a whole, fill in a dressed-up copy. */
const COPIED_MIN = 0.6;
/** A text of so many words fills most of a text that has some words more. */
const WRAPPED_WORDS_MAX = 100;
const WORD = /[\p{L}\p{N}]+/gu;

/** Keeps the last `kept_max` texts, and none for longer than `window_ms`. */
export function createRecallGuard(
  kept_max: number,
  window_ms: number,
  now: () => number,
): RecallGuard {
  const kept = new Map<string, Kept>();
  const by_shingle = new Map<number, Set<Kept>>();

  function forget(key: string, one: Kept): void {
    kept.delete(key);
    for (const shingle of one.shingles) {
      const holders = by_shingle.get(shingle);
      holders?.delete(one);
      if (holders?.size === 0) by_shingle.delete(shingle);
    }
  }

  /** A text that this very trace was handed, with nothing but wrapping around it. */
  function wrapped(scope: number, trace_id: string, text: string): Kept | undefined {
    const mine = [...kept.values()].filter(
      (one) => one.scope === scope && one.trace_id === trace_id && one.words.length > 0,
    );
    if (mine.length === 0) return undefined;
    const words = mine.map((one) => one.words);
    return mine[wrappedIn(text, words)[0] ?? -1];
  }

  function forgetOld(): void {
    for (const [key, one] of kept) {
      if (kept.size <= kept_max && one.at_ms > now() - window_ms) return;
      forget(key, one);
    }
  }

  return {
    handedOut(scope, trace_id, pathway_id, text) {
      const key = `${trace_id} ${pathway_id}`;
      const before = kept.get(key);
      if (before !== undefined) forget(key, before);
      const shingles = shinglesOf(scope, text);
      const found = wordsToFind(text);
      const words = found.length > WRAPPED_WORDS_MAX ? [] : found;
      const one: Kept = { scope, trace_id, pathway_id, at_ms: now(), shingles, words };
      kept.set(key, one);
      for (const shingle of shingles) {
        const holders = by_shingle.get(shingle) ?? new Set();
        by_shingle.set(shingle, holders.add(one));
      }
      forgetOld();
    },
    sourceOf(scope, trace_id, text) {
      forgetOld();
      const inside = wrapped(scope, trace_id, text);
      if (inside !== undefined) return { pathway_id: inside.pathway_id, same_trace: true };
      const shingles = shinglesOf(scope, text);
      if (shingles.length === 0) return undefined;
      const counts = new Map<Kept, number>();
      let copied = 0;
      for (const shingle of shingles) {
        const holders = by_shingle.get(shingle);
        if (holders !== undefined) copied++;
        for (const one of holders ?? []) counts.set(one, (counts.get(one) ?? 0) + 1);
      }
      // A piece of what was recalled, or recalled text as a whole with some words around it. Where
      // a value has changed, neither holds: that is news.
      const whole = new Set(
        [...counts.keys()].filter((one) => counts.get(one) === one.shingles.length),
      );
      if (copied < shingles.length) {
        const inside = (shingle: number) =>
          [...(by_shingle.get(shingle) ?? [])].some((one) => whole.has(one));
        if (shingles.filter(inside).length < COPIED_MIN * shingles.length) return undefined;
      }
      const origins = copied < shingles.length ? [...whole] : [...counts.keys()];
      const rank = (one: Kept) => Number(one.trace_id === trace_id) * 1e9 + counts.get(one)!;
      const best = origins.toSorted((a, c) => rank(c) - rank(a))[0]!;
      return { pathway_id: best.pathway_id, same_trace: best.trace_id === trace_id };
    },
  };
}

/** Hashes of all runs of four words of a text in its scope; of a shorter one, of it as a whole. */
function shinglesOf(scope: number, text: string): Uint32Array {
  const words = text.normalize("NFKC").toLowerCase().match(WORD) ?? [];
  if (words.length === 0) return new Uint32Array(0);
  const salt = mixBits(scope + 1);
  const size = Math.min(SHINGLE_WORDS, words.length);
  const found = new Set<number>();
  for (let at = 0; at + size <= words.length && found.size < SHINGLES_MAX; at++) {
    // The length is in it: a short text is no part of a longer one just for being short.
    found.add(hash32(words.slice(at, at + size).join(" "), salt ^ size));
  }
  return Uint32Array.from(found);
}
