// A column of numbers that grows: values in one typed array, outside the JavaScript heap.

/** What a column may be made of. */
export type Numbers =
  | Int8Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface Column<A extends Numbers> {
  /** Replaced when the column grows: do not keep it over a `reserve`. */
  values: A;
  /** Makes room for `rows` rows of `width` values each. */
  reserve(rows: number): void;
  /** Takes over whole rows that were kept elsewhere, in the place of all there are. */
  restore(values: A): void;
}

const ROWS_MIN = 256;

/** Grows by half, since a doubled column of millions of rows would mostly be air. */
export function createColumn<A extends Numbers>(
  make: (length: number) => A,
  width = 1,
  fill = 0,
): Column<A> {
  let rows_now = ROWS_MIN;
  const column: Column<A> = {
    values: filled(rows_now),
    reserve(rows) {
      if (rows <= rows_now) return;
      rows_now = Math.max(rows, Math.ceil(rows_now * 1.5));
      const wider = filled(rows_now);
      wider.set(column.values);
      column.values = wider;
    },
    restore(values) {
      column.values = values;
      rows_now = values.length / width;
    },
  };
  return column;

  function filled(rows: number): A {
    const values = make(rows * width);
    if (fill !== 0) values.fill(fill);
    return values;
  }
}

export const int8 = (length: number): Int8Array => new Int8Array(length);
export const uint8 = (length: number): Uint8Array => new Uint8Array(length);
export const uint16 = (length: number): Uint16Array => new Uint16Array(length);
export const uint32 = (length: number): Uint32Array => new Uint32Array(length);
export const int32 = (length: number): Int32Array => new Int32Array(length);
export const float32 = (length: number): Float32Array => new Float32Array(length);
export const float64 = (length: number): Float64Array => new Float64Array(length);
