// Rows of stored numbers in fixed-size chunks: growing copies nothing, freed rows are used again.
/// <reference lib="esnext.float16" />
import type { VectorIndexConfig } from "#ports/vector-index.ts";
import { distanceOf, type StoredNumbers } from "./vector-distance.ts";

/** A chunk holds about so many numbers. */
const CHUNK_NUMBERS = 1 << 20;

/** Numbers of rows by value. */
export type RowNumbers = Float32Array | Float16Array;

interface Chunk {
  readonly numbers: RowNumbers;
  /** The same memory as distances are worked out on it. */
  readonly stored: StoredNumbers;
}

export interface RowStore {
  /** Rows in use and freed ones. */
  readonly rows: number;
  /** Rows in use. */
  readonly used: number;
  allocate(): number;
  release(row: number): void;
  write(row: number, values: RowNumbers): void;
  read(row: number): RowNumbers;
  distance(query: Float32Array, row: number): number;
  /** An array that holds `rows` rows as they are stored, over `bytes` or new. */
  array(rows: number, bytes?: Uint8Array): RowNumbers;
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
  const chunks: Chunk[] = [];
  const free: number[] = [];
  let rows = 0;

  const offsetOf = (row: number) => (row & (chunk_rows - 1)) * dimension;

  function array(count: number, bytes?: Uint8Array): RowNumbers {
    const length = count * dimension;
    if (bytes === undefined) return half ? new Float16Array(length) : new Float32Array(length);
    return half
      ? new Float16Array(bytes.buffer, bytes.byteOffset, length)
      : new Float32Array(bytes.buffer, bytes.byteOffset, length);
  }

  function newChunk(): Chunk {
    const numbers = array(chunk_rows);
    return { numbers, stored: half ? new Uint16Array(numbers.buffer) : (numbers as Float32Array) };
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
      if (row >> shift >= chunks.length) chunks.push(newChunk());
      return row;
    },
    release: (row) => void free.push(row),
    write: (row, values) => chunks[row >> shift]!.numbers.set(values, offsetOf(row)),
    read(row) {
      const offset = offsetOf(row);
      return chunks[row >> shift]!.numbers.subarray(offset, offset + dimension);
    },
    distance: (query, row) => distance(query, chunks[row >> shift]!.stored, offsetOf(row)),
    array,
  };
}
