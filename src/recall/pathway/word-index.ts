// Words to texts within scopes: BM25 over posting lists of typed arrays, no word kept as text.
import { createColumn, float32, uint16, uint32 } from "./growing-column.ts";
import { mixBits, type WordReader } from "./index-words.ts";
import { createKeyTable, type Key } from "./key-table.ts";
import { createPostingLists, type PostingState } from "./posting-lists.ts";

export interface WordIndexOptions {
  readonly k1: number;
  readonly b: number;
  /** Postings read for one query at most, rarest words first. */
  readonly postings_max: number;
  /** Lists longer than this are read for docs that can still win only. */
  readonly common_min?: number;
}

export interface ScoredDoc {
  readonly doc: number;
  readonly score: number;
}

export interface WordIndex {
  /** Docs come in growing order, each once; they are never taken out. */
  add(scope: number, doc: number, text: string): void;
  /** The `n` docs of highest BM25 among those that `wanted` takes; of equal ones the newer. */
  best(scope: number, query: string, n: number, wanted: (doc: number) => boolean): ScoredDoc[];
  /** BM25 of a text of mean length that has each word of the query as often as the query. */
  ideal(scope: number, query: string): number;
  /** The index as it is now; arrays that only grow are not copied. */
  capture(): WordIndexState;
  restore(state: WordIndexState): void;
}

export interface WordIndexState {
  /** Words of the keys of all terms. */
  readonly terms: Uint32Array;
  readonly lists: PostingState;
  /** Words of each doc. */
  readonly lengths: Uint16Array;
  /** Of each scope: its number, docs and words. */
  readonly totals: readonly (readonly [scope: number, docs: number, length: number])[];
}

interface Term {
  readonly list: number;
  readonly weight: number;
}

const FREQUENCY_MAX = 255;
const LENGTH_MAX = 65_535;
const COMMON_MIN = 20_000;
/** Times as many docs as are wanted tell well what the last of them scores. */
const LOOKED_AT = 50;

/**
 * Scores by Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
 * (2009), inverse document frequency kept above zero as Lucene does. A word is 64 bits of hash
 * mixed with its scope: counts and lengths are those of the scope alone, and what is in one scope
 * does not move a score in another. Of a posting, 24 bits are the doc and 8 its frequency.
 */
export function createWordIndex(words: WordReader, options: WordIndexOptions): WordIndex {
  const { k1, b, common_min = COMMON_MIN } = options;
  const terms = createKeyTable();
  const lists = createPostingLists();
  const lengths = createColumn(uint16);
  const scores = createColumn(float32);
  const touched = createColumn(uint32);
  let touched_count = 0;
  let docs_end = 0;
  const totals = new Map<number, { docs: number; length: number }>();

  function termAt(key: Key): number {
    const found = terms.find(key)[0];
    if (found !== undefined) return found;
    lists.open();
    return terms.push(key);
  }

  function weightOf(scope: number, times: number, list: number | undefined): number {
    const docs = totals.get(scope)?.docs ?? 0;
    const holding = list === undefined ? 0 : lists.lengthOf(list);
    return times * Math.log(1 + (docs - holding + 0.5) / (holding + 0.5));
  }

  /** The scope's terms of a query, rarest first, with what each is worth. */
  function termsOf(scope: number, query: string): Term[] {
    const found: Term[] = [];
    for (const { key, times } of counted(scope, words.read(query))) {
      const list = terms.find(key)[0];
      if (list !== undefined) found.push({ list, weight: weightOf(scope, times, list) });
    }
    return found.toSorted((a, c) => lists.lengthOf(a.list) - lists.lengthOf(c.list));
  }

  /** `closed`: docs that no word before has touched are left out. */
  function addScores({ list, weight }: Term, mean: number, closed: boolean): void {
    const sums = scores.values;
    const docs = touched.values;
    const sizes = lengths.values;
    lists.each(list, (page, from, to) => {
      for (let at = from; at < to; at++) {
        const posting = page[at]!;
        const doc = posting >>> 8;
        const frequency = posting & FREQUENCY_MAX;
        if (sums[doc] === 0) {
          if (closed) continue;
          docs[touched_count++] = doc;
        }
        const norm = k1 * (1 - b + (b * sizes[doc]!) / mean);
        sums[doc]! += (weight * frequency * (k1 + 1)) / (frequency + norm);
      }
    });
  }

  /**
   * What the n-th best score so far is at least; 0 while there are fewer. Docs of the rarest words
   * were touched first: the n-th best of some of them is never above that of all.
   */
  function lowest(n: number, wanted: (doc: number) => boolean): number {
    const docs = touched.values.subarray(0, Math.min(touched_count, n * LOOKED_AT));
    return bestOf(docs, scores.values, n, wanted).lowest();
  }

  return {
    add(scope, doc, text) {
      docs_end = doc + 1;
      lengths.reserve(doc + 1);
      scores.reserve(doc + 1);
      touched.reserve(doc + 1);
      const hashes = words.read(text);
      const length = hashes.length / 2;
      for (const { key, times } of counted(scope, hashes)) {
        lists.push(termAt(key), ((doc << 8) | Math.min(times, FREQUENCY_MAX)) >>> 0);
      }
      lengths.values[doc] = Math.min(length, LENGTH_MAX);
      const total = totals.get(scope) ?? { docs: 0, length: 0 };
      totals.set(scope, { docs: total.docs + 1, length: total.length + length });
    },
    best(scope, query, n, wanted) {
      const total = totals.get(scope);
      if (total === undefined) return [];
      const mean = Math.max(total.length / total.docs, Number.EPSILON);
      const terms_asked = termsOf(scope, query);
      let open_weight = terms_asked.reduce((sum, term) => sum + term.weight, 0) * (k1 + 1);
      let closed = false;
      let read = 0;
      touched_count = 0;
      for (const term of terms_asked) {
        const length = lists.lengthOf(term.list);
        read += length;
        if (read > options.postings_max && touched_count > 0) break;
        // Who has none of the words so far cannot come among the best by what is left.
        if (!closed && length > common_min) closed = lowest(n, wanted) > open_weight;
        addScores(term, mean, closed);
        open_weight -= term.weight * (k1 + 1);
      }
      const best = bestOf(touched.values.subarray(0, touched_count), scores.values, n, wanted);
      for (let at = 0; at < touched_count; at++) scores.values[touched.values[at]!] = 0;
      return best.list();
    },
    ideal(scope, query) {
      let sum = 0;
      for (const { key, times } of counted(scope, words.read(query))) {
        sum += weightOf(scope, times, terms.find(key)[0]);
      }
      return sum;
    },
    capture: () => ({
      terms: terms.words(),
      lists: lists.capture(),
      lengths: lengths.values.subarray(0, docs_end),
      totals: [...totals].map(([scope, { docs, length }]) => [scope, docs, length] as const),
    }),
    restore(state) {
      terms.restore(state.terms);
      lists.restore(state.lists);
      lengths.restore(state.lengths);
      docs_end = state.lengths.length;
      scores.reserve(docs_end);
      touched.reserve(docs_end);
      totals.clear();
      for (const [scope, docs, length] of state.totals) totals.set(scope, { docs, length });
    },
  };
}

/** Words that one text tells apart by looking at each; longer texts use a map. */
const FEW_WORDS = 48;

/** Each distinct word of a scope, with how often it stands there. */
function counted(scope: number, hashes: Uint32Array): { key: Key; times: number }[] {
  const found: { key: Key; times: number }[] = [];
  const salt = mixBits(scope + 1);
  const at_of = hashes.length > FEW_WORDS * 2 ? new Map<number, number>() : undefined;
  for (let at = 0; at < hashes.length; at += 2) {
    const [a, b] = [hashes[at]!, hashes[at + 1]!];
    const known = at_of === undefined ? placeOf(found, a, b) : (at_of.get(pairOf(a, b)) ?? -1);
    if (known >= 0) {
      found[known]!.times++;
      continue;
    }
    at_of?.set(pairOf(a, b), found.length);
    // The scope stands in the key as it is; the last two words place it in the table.
    const key = new Uint32Array(4);
    key[0] = scope;
    key[1] = a;
    key[2] = b;
    key[3] = mixBits(a ^ b ^ salt);
    found.push({ key, times: 1 });
  }
  return found;
}

/** Both hashes as one number, exact in its 53 bits; what differs only beyond is one word. */
function pairOf(a: number, b: number): number {
  return a * 2 ** 21 + (b >>> 11);
}

function placeOf(found: readonly { key: Key }[], a: number, b: number): number {
  for (let at = 0; at < found.length; at++) {
    const { key } = found[at]!;
    if (key[1] === a && key[2]! >>> 11 === b >>> 11) return at;
  }
  return -1;
}

function bestOf(
  docs: Uint32Array,
  scores: Float32Array,
  n: number,
  wanted: (doc: number) => boolean,
) {
  const best = createBest(n);
  // Most docs are below the worst that is kept: they are passed over without a call.
  let bound = 0;
  for (let at = 0; at < docs.length; at++) {
    const doc = docs[at]!;
    const score = scores[doc]!;
    if (score < bound || !best.takes(doc, score) || !wanted(doc)) continue;
    best.put(doc, score);
    bound = best.lowest();
  }
  return best;
}

/** Keeps the n best; of equal scores the higher doc, which is the newer. */
export function createBest(n: number) {
  // From worst to best: n is small, and most docs fail against the first.
  const kept: ScoredDoc[] = [];
  const isWorse = (a: ScoredDoc, doc: number, score: number) =>
    a.score < score || (a.score === score && a.doc < doc);
  return {
    takes: (doc: number, score: number) => kept.length < n || isWorse(kept[0]!, doc, score),
    put(doc: number, score: number): void {
      let low = 0;
      let high = kept.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (isWorse(kept[middle]!, doc, score)) low = middle + 1;
        else high = middle;
      }
      kept.splice(low, 0, { doc, score });
      if (kept.length > n) kept.shift();
    },
    list: () => kept.toReversed(),
    /** The score of the worst kept; 0 while there is room. */
    lowest: () => (kept.length < n ? 0 : kept[0]!.score),
  };
}
