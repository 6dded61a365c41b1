// Rows of stored numbers in fixed-size chunks: growing copies nothing, freed rows are used again.
/// <reference lib="esnext.float16" />
import type { VectorIndexConfig } from "#ports/vector-index.ts";
import { distanceOf, type StoredNumbers } from "./vector-distance.ts";

/** A chunk holds about so many numbers. */
const CHUNK_NUMBERS = 1 << 20;

export interface RowStore {
  /** Rows in use and freed ones. */
  readonly rows: number;
  /** Rows in use. */
  readonly used: number;
  allocate(): number;
  release(row: number): void;
  write(row: number, values: StoredNumbers): void;
  read(row: number): StoredNumbers;
  distance(query: Float32Array, row: number): number;
  /** An array that holds `rows` rows as they are stored, over `bytes` or new. */
  array(rows: number, bytes?: Uint8Array): StoredNumbers;
}

/**
 * Numbers are kept as f32 when the index is f32, else as f16: half the memory, error under 1e-3.
 */
export function createRowStore(config: VectorIndexConfig): RowStore {
  const { dimension } = config;
  const half = config.quantization !== "f32";
  const distance = distanceOf(config.metric, half);
  const shift = Math.max(0, Math.floor(Math.log2(CHUNK_NUMBERS / dimension)));
  const chunk_rows = 2 ** shift;
  const chunks: StoredNumbers[] = [];
  const free: number[] = [];
  let rows = 0;

  const offsetOf = (row: number) => (row & (chunk_rows - 1)) * dimension;

  function array(count: number, bytes?: Uint8Array): StoredNumbers {
    const length = count * dimension;
    if (bytes === undefined) return half ? new Float16Array(length) : new Float32Array(length);
    return half
      ? new Float16Array(bytes.buffer, bytes.byteOffset, length)
      : new Float32Array(bytes.buffer, bytes.byteOffset, length);
  }

  return {
    get rows() {
      return rows;
    },
    get used() {
      return rows - free.length;
    },
    allocate() {
      const row = free.pop() ?? rows++;
      if (row >> shift >= chunks.length) chunks.push(array(chunk_rows));
      return row;
    },
    release: (row) => void free.push(row),
    write: (row, values) => chunks[row >> shift]!.set(values, offsetOf(row)),
    read(row) {
      const offset = offsetOf(row);
      return chunks[row >> shift]!.subarray(offset, offset + dimension);
    },
    distance: (query, row) => distance(query, chunks[row >> shift]!, offsetOf(row)),
    array,
  };
}
