// The signs of vectors, one bit for each dimension, and which of them are close to a query's.
import { signScanModule, type ScanExports } from "./sign-scan-module.ts";

/** Rows looked through with one call at most. */
export const SCAN_ROWS_MAX = 4096;

export interface SignTable {
  /** Keeps the signs of a vector at a row; rows may come in any order. */
  put(row: number, vector: Float32Array | Int8Array): void;
  /**
   * Which of up to 4,096 rows differ from the query's `signsOf` in at most `bound` bits: pairs of
   * place in `rows` and differing bits, written to `found` (two numbers for each row at most), in
   * order. Negative row numbers are passed over. Answers the number of pairs.
   */
  within(
    rows: Int32Array,
    count: number,
    query: Uint32Array,
    bound: number,
    found: Int32Array,
  ): number;
}

/** `plain`: without WebAssembly, as on runtimes that have no 128-bit instructions of it. */
export function createSignTable(dimension: number, plain = false): SignTable {
  const module = plain ? undefined : signScanModule();
  const row_words = rowWords(dimension);
  return module === undefined ? plainTable(row_words) : scannedTable(row_words, module);
}

/** One bit for each dimension: whether it is above zero. */
export function signsOf(vector: Float32Array): Uint32Array {
  const signs = new Uint32Array(rowWords(vector.length));
  writeSigns(vector, signs, 0);
  return signs;
}

/** Rows are whole stretches of 128 bits, the last one filled with zeros. */
function rowWords(dimension: number): number {
  return Math.ceil(dimension / 128) * 4;
}

function writeSigns(vector: Float32Array | Int8Array, words: Uint32Array, from: number): void {
  for (let at = 0; at < vector.length; at += 32) {
    const end = Math.min(32, vector.length - at);
    let word = 0;
    for (let bit = 0; bit < end; bit++) if (vector[at + bit]! > 0) word |= 1 << bit;
    words[from + (at >> 5)] = word;
  }
}

const PAGE_BYTES = 65_536;

/** Its memory: row numbers, pairs found and the query in whole pages, then the table. */
function scannedTable(row_words: number, module: WebAssembly.Module): SignTable {
  const { memory, scan } = new WebAssembly.Instance(module).exports as unknown as ScanExports;
  const found_at = SCAN_ROWS_MAX * 4;
  const query_at = found_at * 3;
  const row_bytes = row_words * 4;
  const table_at = Math.ceil((query_at + row_bytes) / PAGE_BYTES) * PAGE_BYTES;
  // Views end when the memory grows.
  let words = new Uint32Array(memory.buffer);
  let pairs = new Int32Array(memory.buffer);

  function reserve(bytes: number): void {
    if (bytes <= memory.buffer.byteLength) return;
    const now = memory.buffer.byteLength / PAGE_BYTES;
    // Pages that were never written take no memory: there is no need to be frugal.
    memory.grow(Math.max(Math.ceil(bytes / PAGE_BYTES) - now, Math.ceil(now / 4)));
    words = new Uint32Array(memory.buffer);
    pairs = new Int32Array(memory.buffer);
  }

  reserve(table_at);
  return {
    put(row, vector) {
      reserve(table_at + (row + 1) * row_bytes);
      writeSigns(vector, words, table_at / 4 + row * row_words);
    },
    within(rows, count, query, bound, found) {
      pairs.set(rows.subarray(0, count));
      words.set(query, query_at / 4);
      const kept = scan(0, count, table_at, row_bytes, query_at, bound, found_at);
      found.set(pairs.subarray(found_at / 4, found_at / 4 + kept * 2));
      return kept;
    },
  };
}

function plainTable(row_words: number): SignTable {
  let table = new Uint32Array(256 * row_words);
  return {
    put(row, vector) {
      if ((row + 1) * row_words > table.length) {
        const wider = new Uint32Array(Math.ceil((row + 1) * 1.5) * row_words);
        wider.set(table);
        table = wider;
      }
      writeSigns(vector, table, row * row_words);
    },
    within(rows, count, query, bound, found) {
      let kept = 0;
      for (let at = 0; at < count; at++) {
        if (rows[at]! < 0) continue;
        let differing = 0;
        const from = rows[at]! * row_words;
        for (let word = 0; word < row_words; word++)
          differing += ones(table[from + word]! ^ query[word]!);
        if (differing > bound) continue;
        found[kept * 2] = at;
        found[kept++ * 2 + 1] = differing;
      }
      return kept;
    },
  };
}

/** Warren, "Hacker's Delight", 5–1. */
function ones(value: number): number {
  const pairs = value - ((value >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
