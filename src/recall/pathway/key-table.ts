// Rows by keys of 128 bits: an open hash table of typed arrays, about 28 bytes for each row.
import { createColumn, uint32 } from "./growing-column.ts";

/** Four 32-bit words. */
export type Key = Uint32Array;

export interface KeyTable {
  readonly count: number;
  /** Appends a row; the same key may stand in several rows. Answers the row's number. */
  push(key: Key): number;
  /** Rows of this key, in no order. */
  find(key: Key): number[];
  keyAt(row: number): Key;
  /** All keys in the order of their rows, four words each. */
  words(): Uint32Array;
  /** Takes over what `words` gave, in the place of all there are. */
  restore(words: Uint32Array): void;
}

/** Keys are random or hashes, so their own bits place them. */
export function createKeyTable(): KeyTable {
  const keys = createColumn(uint32, 4);
  let places = new Uint32Array(1024);
  let count = 0;

  function placeAll(size: number): void {
    places = new Uint32Array(size);
    for (let row = 0; row < count; row++) place(row);
  }

  function place(row: number): void {
    const mask = places.length - 1;
    let at = (keys.values[row * 4 + 3]! ^ keys.values[row * 4 + 2]!) & mask;
    while (places[at] !== 0) at = (at + 1) & mask;
    places[at] = row + 1;
  }

  return {
    get count() {
      return count;
    },
    push(key) {
      keys.reserve(count + 1);
      keys.values.set(key, count * 4);
      const row = count++;
      if (count * 2 > places.length) placeAll(places.length * 2);
      else place(row);
      return row;
    },
    find(key) {
      const found: number[] = [];
      const mask = places.length - 1;
      const { values } = keys;
      for (let at = (key[3]! ^ key[2]!) & mask; places[at] !== 0; at = (at + 1) & mask) {
        const row = places[at]! - 1;
        const start = row * 4;
        if (
          values[start] === key[0] &&
          values[start + 1] === key[1] &&
          values[start + 2] === key[2] &&
          values[start + 3] === key[3]
        ) {
          found.push(row);
        }
      }
      return found;
    },
    keyAt: (row) => keys.values.slice(row * 4, row * 4 + 4),
    words: () => keys.values.subarray(0, count * 4),
    restore(words) {
      keys.restore(words);
      count = words.length / 4;
      let size = places.length;
      while (count * 2 > size) size *= 2;
      placeAll(size);
    },
  };
}

const HYPHEN = 45;
const UUID_LENGTH = 36;
const HEX_LENGTH = 32;

/** The key of a UUID or of 32 hex digits, in small letters; undefined for any other text. */
export function keyOf(text: string): Key | undefined {
  const { length } = text;
  if (length !== UUID_LENGTH && length !== HEX_LENGTH) return undefined;
  const key = new Uint32Array(4);
  let digits = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (length === UUID_LENGTH && (at === 8 || at === 13 || at === 18 || at === 23)) {
      if (code !== HYPHEN) return undefined;
      continue;
    }
    const value = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    if (value < 0) return undefined;
    key[digits >> 3] = (key[digits >> 3]! << 4) | value;
    digits++;
  }
  return key;
}

/** The UUID of a key. */
export function uuidOf(key: Key): string {
  const hex = Array.from(key, (word) => word.toString(16).padStart(8, "0")).join("");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join("-");
}
