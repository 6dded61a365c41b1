// Vectors of contents: signs in memory to look through, bytes to measure with.
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { createColumn, float32, int8 } from "./growing-column.ts";
import { createKeyTable, type Key } from "./key-table.ts";
import { createSignTable, type SignTable } from "./sign-table.ts";

export interface VectorRows {
  readonly model: string;
  readonly dimension: number;
  readonly count: number;
  /** The row of a content hash; undefined: not embedded. */
  rowOf(hash: Key): number | undefined;
  /** Keeps vectors of length 1. Without fsync: what a power cut takes is embedded again. */
  put(hashes: readonly Key[], vectors: readonly Float32Array[]): Promise<void>;
  /** Which rows differ from a query in few signs. */
  readonly within: SignTable["within"];
  /** Cosine of each row to the query, from one byte for each dimension. */
  cosines(rows: readonly number[], query: Float32Array): Promise<number[]>;
  close(): Promise<void>;
}

const KEY_BYTES = 16;
const SCALE_BYTES = 4;
const READ_ROWS = 512;

/**
 * Opens `<dir>/vectors-<model>-<dimension>.i8`: rows of content hash, scale and one byte for each
 * dimension. It is a cache: unfinished last bytes are cut off, and the file may be deleted.
 */
export async function openVectorRows(
  dir: string,
  model: string,
  dimension: number,
  resident_bytes: number,
): Promise<VectorRows> {
  const name = `vectors-${model.replaceAll(/[^\w.-]/g, "_")}-${dimension}.i8`;
  const row_bytes = KEY_BYTES + SCALE_BYTES + dimension;
  const keys = createKeyTable();
  const signs = createSignTable(dimension);
  // Rows beyond what memory is given for are read from the file when they are measured with.
  const resident_rows = Math.floor(resident_bytes / dimension);
  const resident = createColumn(int8, dimension);
  const scales = createColumn(float32);
  const file = await open(join(dir, name), "a+");

  function note(bytes: Buffer): void {
    const key = new Uint32Array(4);
    for (let at = 0; at < 4; at++) key[at] = bytes.readUInt32LE(at * 4);
    const row = keys.push(key);
    const values = new Int8Array(
      bytes.buffer,
      bytes.byteOffset + KEY_BYTES + SCALE_BYTES,
      dimension,
    );
    signs.put(row, values);
    if (row >= resident_rows) return;
    resident.reserve(row + 1);
    scales.reserve(row + 1);
    resident.values.set(values, row * dimension);
    scales.values[row] = bytes.readFloatLE(KEY_BYTES);
  }

  try {
    await replay(file, row_bytes, note);
  } catch (error) {
    await file.close();
    throw error;
  }

  return {
    model,
    dimension,
    get count() {
      return keys.count;
    },
    rowOf: (hash) => keys.find(hash)[0],
    async put(hashes, vectors) {
      const bytes = Buffer.alloc(vectors.length * row_bytes);
      for (const [at, vector] of vectors.entries()) {
        writeRow(bytes.subarray(at * row_bytes, (at + 1) * row_bytes), hashes[at]!, vector);
      }
      await file.appendFile(bytes);
      for (let at = 0; at < vectors.length; at++) {
        note(bytes.subarray(at * row_bytes, (at + 1) * row_bytes));
      }
    },
    within: signs.within,
    cosines: (rows, query) =>
      Promise.all(
        rows.map(async (row) => {
          if (row < resident_rows) {
            const start = row * dimension;
            return (
              dot(resident.values.subarray(start, start + dimension), query) * scales.values[row]!
            );
          }
          const bytes = Buffer.allocUnsafeSlow(row_bytes - KEY_BYTES);
          const from = row * row_bytes + KEY_BYTES;
          const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
          if (bytesRead !== bytes.length) throw new Error(`${name} is shorter than it was`);
          const values = new Int8Array(bytes.buffer, bytes.byteOffset + SCALE_BYTES, dimension);
          return dot(values, query) * bytes.readFloatLE(0);
        }),
      ),
    close: () => file.close(),
  };
}

async function replay(file: FileHandle, row_bytes: number, note: (row: Buffer) => void) {
  const { size } = await file.stat();
  const whole = size - (size % row_bytes);
  // Appending goes on behind whole rows only.
  if (whole !== size) await file.truncate(whole);
  for (let at = 0; at < whole;) {
    const block = Buffer.alloc(Math.min(READ_ROWS * row_bytes, whole - at));
    const { bytesRead } = await file.read(block, 0, block.length, at);
    if (bytesRead !== block.length) throw new Error("the vectors shrank while they were read");
    for (let row = 0; row < block.length; row += row_bytes) {
      note(block.subarray(row, row + row_bytes));
    }
    at += block.length;
  }
}

function dot(values: Int8Array, query: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]! * query[at]!;
  return sum;
}

function writeRow(bytes: Buffer, hash: Key, vector: Float32Array): void {
  for (let at = 0; at < 4; at++) bytes.writeUInt32LE(hash[at]!, at * 4);
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const scale = largest / 127 || 1;
  bytes.writeFloatLE(scale, KEY_BYTES);
  for (const [at, value] of vector.entries()) {
    bytes.writeInt8(Math.round(value / scale), KEY_BYTES + SCALE_BYTES + at);
  }
}
