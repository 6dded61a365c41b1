// Which row holds the vector of a key: a flat table for dense keys, a map for the odd large one.

const TABLE_START = 1024;
/** Keys up to so many times the count stand in the table. */
const SPARSE_FACTOR = 4;
const TABLE_ALWAYS = 65_536;

export interface KeyRows {
  /** -1: the key is not there. */
  get(key: number): number;
  set(key: number, row: number): void;
  delete(key: number): void;
}

export function createKeyRows(): KeyRows {
  let table = new Int32Array(TABLE_START).fill(-1);
  const large = new Map<number, number>();
  let count = 0;

  function grow(key: number): boolean {
    if (key >= Math.max(TABLE_ALWAYS, count * SPARSE_FACTOR)) return false;
    let length = table.length;
    while (length <= key) length *= 2;
    const wider = new Int32Array(length).fill(-1);
    wider.set(table);
    table = wider;
    return true;
  }

  return {
    get(key) {
      const row = key < table.length ? table[key]! : -1;
      return row >= 0 || large.size === 0 ? row : (large.get(key) ?? -1);
    },
    set(key, row) {
      count++;
      large.delete(key);
      if (key < table.length || grow(key)) table[key] = row;
      else large.set(key, row);
    },
    delete(key) {
      count--;
      if (key < table.length) table[key] = -1;
      large.delete(key);
    },
  };
}
