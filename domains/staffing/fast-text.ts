// Small pieces that the generators share: CSV cells, skewed choice, batches of lines.
import type { Random } from "#pack.ts";

/** A CSV cell; empty text is a missing value. */
export function cell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export interface RowRandom extends Random {
  /** Starts the numbers of one row; the same row always has the same numbers. */
  at(row: number): void;
}

/** Random numbers by row (mulberry32, Ettinger), so that any row can be made without the others. */
export function rowRandom(seed: number): RowRandom {
  let state = 0;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  const int = (below: number) => Math.floor(next() * below);
  return {
    next,
    int,
    pick: (list) => list[int(list.length)]!,
    shuffle(list) {
      const copy = [...list];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = int(i + 1);
        [copy[i], copy[j]] = [copy[j]!, copy[i]!];
      }
      return copy;
    },
    at(row) {
      // Neighbouring rows start far apart in the sequence.
      state = Math.imul(row ^ seed, 0x9e3779b1) ^ Math.imul(row + 1, 0x85ebca6b);
      next();
    },
  };
}

const TABLE_SIZE = 4096;

/** Picks indexes below `size` by 1 / (rank + shift): a Zipf-like skew, one table look-up each. */
export function skewed(size: number, shift: number): (random: Random) => number {
  const weights = Array.from({ length: size }, (_, rank) => 1 / (rank + shift));
  return weighted(weights);
}

/** Picks indexes by weight. */
export function weighted(weights: readonly number[]): (random: Random) => number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const table = new Uint16Array(TABLE_SIZE);
  let at = 0;
  let reached = 0;
  for (const [index, weight] of weights.entries()) {
    reached += weight / sum;
    const end = index === weights.length - 1 ? TABLE_SIZE : Math.round(reached * TABLE_SIZE);
    table.fill(index, at, end);
    at = end;
  }
  return (random) => table[random.int(TABLE_SIZE)]!;
}

const BATCH_ROWS = 2_000;

/** Lines in batches of text, so that millions of rows are never held at once. */
export function* batches(rows: number, line: (index: number) => string): Generator<string> {
  for (let start = 0; start < rows; start += BATCH_ROWS) {
    const end = Math.min(rows, start + BATCH_ROWS);
    let text = "";
    for (let index = start; index < end; index++) text += line(index);
    yield text;
  }
}

/** W-000123: letter, dash, at least six digits. */
export function idOf(letter: string, index: number): string {
  return `${letter}-${String(index + 1).padStart(6, "0")}`;
}
