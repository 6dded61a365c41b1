// Many growing lists of 32-bit numbers in few large pages: linked blocks that double in size.
import { createColumn, uint32 } from "./growing-column.ts";

const PAGE_WORDS = 1 << 18;
const BLOCK_WORDS_MIN = 4;
const BLOCK_WORDS_MAX = 1024;

export interface PostingLists {
  readonly count: number;
  /** A new, empty list. */
  open(): number;
  push(list: number, value: number): void;
  lengthOf(list: number): number;
  /** Calls `visit` with stretches of the list in order: words from `from` to before `to`. */
  each(list: number, visit: (words: Uint32Array, from: number, to: number) => void): void;
  /**
   * The lists as they are now: pages that are written on, and copies of what changes in its place.
   * What is pushed later stands behind the ends that were copied.
   */
  capture(): PostingState;
  restore(state: PostingState): void;
}

export interface PostingState {
  readonly pages: readonly Uint32Array[];
  /** First address that is not given away. */
  readonly free: number;
  /** Four columns of one word for each list. */
  readonly heads: Uint32Array;
  readonly writes: Uint32Array;
  readonly ends: Uint32Array;
  readonly lengths: Uint32Array;
}

/** The first word of a block is the address of the next one; addresses begin at 1. */
export function createPostingLists(): PostingLists {
  const pages: Uint32Array[] = [];
  const heads = createColumn(uint32);
  const writes = createColumn(uint32);
  const ends = createColumn(uint32);
  const lengths = createColumn(uint32);
  let count = 0;
  let free = 1;

  /** Blocks never lie across two pages. */
  function allocate(words: number): number {
    const left = PAGE_WORDS - (free % PAGE_WORDS);
    if (left < words) free += left;
    while (pages.length * PAGE_WORDS < free + words) pages.push(new Uint32Array(PAGE_WORDS));
    const address = free;
    free += words;
    return address;
  }

  function grow(list: number): void {
    const length = lengths.values[list]!;
    const words = nextBlockWords(length);
    const block = allocate(words);
    if (length === 0) heads.values[list] = block;
    else {
      // The link stands in the block that is full: its first word, found from its end.
      const tail = ends.values[list]! - blockWords(length);
      pages[Math.floor(tail / PAGE_WORDS)]![tail % PAGE_WORDS] = block;
    }
    writes.values[list] = block + 1;
    ends.values[list] = block + words;
  }

  return {
    get count() {
      return count;
    },
    open() {
      for (const column of [heads, writes, ends, lengths]) column.reserve(count + 1);
      return count++;
    },
    push(list, value) {
      if (writes.values[list] === ends.values[list]) grow(list);
      const at = writes.values[list]!++;
      pages[Math.floor(at / PAGE_WORDS)]![at % PAGE_WORDS] = value;
      lengths.values[list]!++;
    },
    lengthOf: (list) => lengths.values[list]!,
    each(list, visit) {
      let left = lengths.values[list]!;
      let before = 0;
      for (let block = heads.values[list]!; left > 0;) {
        const page = pages[Math.floor(block / PAGE_WORDS)]!;
        const start = block % PAGE_WORDS;
        const size = nextBlockWords(before) - 1;
        const taken = Math.min(left, size);
        visit(page, start + 1, start + 1 + taken);
        left -= taken;
        before += taken;
        block = page[start]!;
      }
    },
    capture() {
      const copy = ({ values }: { values: Uint32Array }) => values.slice(0, count);
      return {
        pages: [...pages],
        free,
        heads: copy(heads),
        writes: copy(writes),
        ends: copy(ends),
        lengths: copy(lengths),
      };
    },
    restore(state) {
      pages.splice(0, pages.length, ...state.pages);
      free = state.free;
      count = state.lengths.length;
      heads.restore(state.heads);
      writes.restore(state.writes);
      ends.restore(state.ends);
      lengths.restore(state.lengths);
    },
  };
}

/** Words of the block that is begun when the list holds `length` values. */
function nextBlockWords(length: number): number {
  return Math.min(BLOCK_WORDS_MAX, Math.max(BLOCK_WORDS_MIN, powerOfTwo(length)));
}

/** Words of the last block of a list whose blocks are all full and hold `length` values. */
function blockWords(length: number): number {
  let held = 0;
  let words = 0;
  while (held < length) {
    words = nextBlockWords(held);
    held += words - 1;
    if (words === BLOCK_WORDS_MAX) break;
  }
  return words;
}

/** The largest power of two that is not above `value`; 1 for 0. */
function powerOfTwo(value: number): number {
  return value < 1 ? 1 : 2 ** (31 - Math.clz32(value));
}
