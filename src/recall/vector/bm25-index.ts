// Words to items: an inverted index with BM25 scores; additions and removals as they come.
import type { Tokenizer } from "./word-tokens.ts";

export interface Bm25Options {
  readonly k1: number;
  readonly b: number;
}

export interface Bm25Index {
  /** Slots are given in growing order and never twice. */
  add(slot: number, text: string): void;
  /** `text` as it was added. */
  remove(slot: number, text: string): void;
  /**
   * BM25 of every item that shares a word with the query: scores by slot, and the slots that have
   * one. Both are scratch space of the index, good until the next call.
   */
  score(query: string): { scores: Float64Array; slots: Uint32Array };
  readonly words: number;
}

interface Postings {
  /** Pairs of slot and frequency in slot order; those of removed items stay until a rebuild. */
  pairs: Uint32Array;
  length: number;
  /** Items alive that have the word. */
  alive: number;
}

/**
 * Scores by Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
 * (2009), with the inverse document frequency kept above zero as Lucene does:
 * sum over words of ln(1 + (N - n + .5) / (n + .5)) × f (k1 + 1) / (f + k1 (1 - b + b l / L)).
 * A word that stands twice in the query counts twice.
 */
export function createBm25Index(tokenize: Tokenizer, options: Bm25Options): Bm25Index {
  const { k1, b } = options;
  const postings = new Map<string, Postings>();
  let lengths = new Int32Array(1024).fill(-1);
  let scores = new Float64Array(1024);
  let touched = new Uint32Array(1024);
  let touched_count = 0;
  let items = 0;
  let total_length = 0;

  function grow(slot: number): void {
    if (slot < lengths.length) return;
    let size = lengths.length;
    while (size <= slot) size *= 2;
    const wider = new Int32Array(size).fill(-1);
    wider.set(lengths);
    lengths = wider;
    scores = new Float64Array(size);
    touched = new Uint32Array(size);
    touched_count = 0;
  }

  /** Gone items keep their pairs; a length of -1 says so. */
  function addScores(found: Postings, weight: number, mean_length: number): void {
    const { pairs, length } = found;
    for (let at = 0; at < length; at += 2) {
      const slot = pairs[at]!;
      const item_length = lengths[slot]!;
      if (item_length < 0) continue;
      const frequency = pairs[at + 1]!;
      if (scores[slot] === 0) touched[touched_count++] = slot;
      const norm = k1 * (1 - b + (b * item_length) / mean_length);
      scores[slot]! += (weight * frequency * (k1 + 1)) / (frequency + norm);
    }
  }

  return {
    get words() {
      return postings.size;
    },
    add(slot, text) {
      grow(slot);
      const tokens = tokenize(text);
      for (const [word, frequency] of countWords(tokens)) {
        let list = postings.get(word);
        if (list === undefined) {
          list = { pairs: new Uint32Array(2), length: 0, alive: 0 };
          postings.set(word, list);
        }
        append(list, slot, frequency);
      }
      lengths[slot] = tokens.length;
      items++;
      total_length += tokens.length;
    },
    remove(slot, text) {
      if (slot >= lengths.length || lengths[slot]! < 0) return;
      total_length -= lengths[slot]!;
      lengths[slot] = -1;
      items--;
      for (const word of new Set(tokenize(text))) {
        const list = postings.get(word);
        if (list !== undefined && --list.alive === 0) postings.delete(word);
      }
    },
    score(query) {
      for (let at = 0; at < touched_count; at++) scores[touched[at]!] = 0;
      touched_count = 0;
      const mean_length = items === 0 ? 1 : Math.max(total_length / items, Number.EPSILON);
      for (const [word, times] of countWords(tokenize(query))) {
        const found = postings.get(word);
        if (found === undefined) continue;
        const idf = Math.log(1 + (items - found.alive + 0.5) / (found.alive + 0.5));
        addScores(found, idf * times, mean_length);
      }
      return { scores, slots: touched.subarray(0, touched_count) };
    },
  };
}

function append(list: Postings, slot: number, frequency: number): void {
  if (list.length === list.pairs.length) {
    const wider = new Uint32Array(list.length * 2);
    wider.set(list.pairs);
    list.pairs = wider;
  }
  list.pairs[list.length] = slot;
  list.pairs[list.length + 1] = frequency;
  list.length += 2;
  list.alive++;
}

function countWords(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
