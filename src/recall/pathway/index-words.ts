// Texts to the hashes of their words: Unicode words in lower case, English ones by their stem.
import { stemmer } from "stemmer";
import { createWordStems } from "#ports/word-stems.ts";

const WORD = /[\p{L}\p{N}]+/gu;
const ASCII_WORD = /[a-z0-9]+/g;
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\0-\x7f]*$/;
const STEMS_MAX = 65_536;

export interface WordReader {
  /** Two 32-bit hashes for each word, one after the other; words in order, repeated as they are. */
  read(text: string): Uint32Array;
}

const SEED_A = 0x811c9dc5;
const SEED_B = 0x2545f491;

/**
 * Stems by Porter, "An algorithm for suffix stripping" (1980). No stop list: BM25 gives words that
 * stand everywhere next to no weight, and short texts lose meaning without "not" and "before".
 */
export function createWordReader(): WordReader {
  const stemOf = createWordStems(stemmer, STEMS_MAX);

  return {
    read(text) {
      const lower = text.toLowerCase();
      const plain = ASCII.test(lower);
      const words = (plain ? lower : lower.normalize("NFKC").toLowerCase()).match(
        plain ? ASCII_WORD : WORD,
      );
      const hashes = new Uint32Array((words?.length ?? 0) * 2);
      for (let at = 0; at < hashes.length; at += 2) {
        const stem = stemOf(words![at >> 1]!);
        hashes[at] = hash32(stem, SEED_A);
        hashes[at + 1] = hash32(stem, SEED_B);
      }
      return hashes;
    },
  };
}

/** FNV-1a over UTF-16 units, finished as MurmurHash3 does (both public domain). */
export function hash32(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return mixBits(hash);
}

/** Spreads every bit of a 32-bit number over all of them. */
export function mixBits(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
