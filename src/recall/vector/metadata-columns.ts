// Metadata by column: each field a dictionary of its values and one code for each item.
import type { Metadata } from "#contracts/nouns.ts";

export type MetadataValue = Metadata[string];

export interface MetadataColumn {
  /** Value of each code; code 0 is "the item has no such field". */
  readonly values: (MetadataValue | undefined)[];
  readonly code_of: Map<MetadataValue, number>;
  codes: Int32Array;
}

export interface MetadataColumns {
  /** Items so far. */
  readonly count: number;
  push(metadata: Metadata): void;
  get(slot: number): Metadata;
  column(field: string): MetadataColumn | undefined;
  fields(): IterableIterator<[string, MetadataColumn]>;
  /** Takes over columns as `fields` gave them; each has `count` codes. */
  load(count: number, columns: Iterable<readonly [string, MetadataValue[], Int32Array]>): void;
}

export function createMetadataColumns(): MetadataColumns {
  const columns = new Map<string, MetadataColumn>();
  let count = 0;
  let capacity = 1024;

  function columnFor(field: string): MetadataColumn {
    let column = columns.get(field);
    if (column === undefined) {
      column = { values: [undefined], code_of: new Map(), codes: new Int32Array(capacity) };
      columns.set(field, column);
    }
    return column;
  }

  function reserve(wanted: number): void {
    if (wanted <= capacity) return;
    while (capacity < wanted) capacity *= 2;
    for (const column of columns.values()) {
      const wider = new Int32Array(capacity);
      wider.set(column.codes);
      column.codes = wider;
    }
  }

  return {
    get count() {
      return count;
    },
    push(metadata) {
      reserve(count + 1);
      for (const [field, value] of Object.entries(metadata)) {
        const column = columnFor(field);
        column.codes[count] = codeFor(column, value);
      }
      count++;
    },
    get(slot) {
      const entries: [string, MetadataValue][] = [];
      for (const [field, { values, codes }] of columns) {
        const code = codes[slot]!;
        if (code !== 0) entries.push([field, values[code]!]);
      }
      // Object.fromEntries defines own properties, so that a field may have any name.
      return Object.fromEntries(entries);
    },
    column: (field) => columns.get(field),
    fields: () => columns.entries(),
    load(loaded_count, loaded) {
      count = loaded_count;
      reserve(count);
      for (const [field, values, codes] of loaded) {
        const column = columnFor(field);
        for (const value of values) codeFor(column, value);
        column.codes.set(codes);
      }
    },
  };
}

function codeFor(column: MetadataColumn, value: MetadataValue): number {
  let code = column.code_of.get(value);
  if (code === undefined) {
    code = column.values.length;
    column.values.push(value);
    column.code_of.set(value, code);
  }
  return code;
}
