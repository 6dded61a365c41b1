// The file of a saved index: the engine's own part, keys, rows, and a sealed end that proves it
// whole.
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync, writeSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";
import type { VectorIndexConfig } from "#ports/vector-index.ts";
import { createVectorRows, rowBytes, type VectorRows } from "./vector-rows.ts";

interface Seal {
  readonly format: 1;
  readonly dimension: number;
  readonly metric: string;
  readonly quantization: string;
  readonly count: number;
  /** Where the keys begin; the engine's own bytes stand before, the rows behind. */
  readonly keys_offset: number;
  readonly rows_offset: number;
  readonly end: number;
  readonly sha256: string;
}

const SEAL_BYTES = 512;
const PIECE_BYTES = 4 * 1024 * 1024;

/** Appends keys and rows to what the engine wrote. Blocks: the rows must not change meanwhile. */
export function appendRows(path: string, rows: VectorRows): { keys: number; rows: number } {
  const file = openSync(path, "a");
  try {
    const keys = rows.keys();
    const bytes = { keys: keys.byteLength, rows: 0 };
    writeAll(file, new Uint8Array(keys.buffer, keys.byteOffset, keys.byteLength));
    for (const piece of rows.bytes(keys)) {
      writeAll(file, piece);
      bytes.rows += piece.length;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** Hashes the file, appends the seal and makes all of it durable. */
export async function sealFile(
  path: string,
  config: VectorIndexConfig,
  bytes: { keys: number; rows: number },
): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size: end } = await file.stat();
    const seal: Seal = {
      format: 1,
      dimension: config.dimension,
      metric: config.metric,
      quantization: config.quantization,
      count: bytes.keys / 8,
      keys_offset: end - bytes.rows - bytes.keys,
      rows_offset: end - bytes.rows,
      end,
      sha256: await hashOf(path, end),
    };
    await file.write(Buffer.from(JSON.stringify(seal).padEnd(SEAL_BYTES)), 0, SEAL_BYTES, end);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Checks the whole file and reads its rows. Throws `unavailable` (`damaged_index`) when it is not
 * what `sealFile` left or when it belongs to another configuration.
 */
export async function readRows(path: string, config: VectorIndexConfig): Promise<VectorRows> {
  const file = await openSaved(path);
  try {
    const seal = await readSeal(file, path, config);
    if ((await hashOf(path, seal.end)) !== seal.sha256) throw damaged(path, "its hash is another");
    const keys = await readKeys(file, path, seal);
    const rows = createVectorRows(config);
    const width = rowBytes(config);
    const step = Math.max(1, Math.floor(PIECE_BYTES / width));
    for (let at = 0; at < seal.count; at += step) {
      const some = keys.subarray(at, at + step);
      const bytes = new Uint8Array(some.length * width);
      await fill(file, bytes, seal.rows_offset + at * width, path);
      rows.setBytes(some, bytes);
    }
    return rows;
  } finally {
    await file.close();
  }
}

/** How many vectors the file says it has; its contents are not looked at. */
export async function savedCount(path: string, config: VectorIndexConfig): Promise<number> {
  const file = await openSaved(path);
  try {
    return (await readSeal(file, path, config)).count;
  } finally {
    await file.close();
  }
}

/** A saved index that stays open, so that it may be moved or removed meanwhile. */
export interface SavedFile {
  readonly file: number;
  readonly count: number;
  /** Where the first key stands, and the first row behind the keys. */
  readonly keys_offset: number;
  readonly rows_offset: number;
}

/** Opens a file for `closeSync`; `checked` says that it was sealed just now and is as it was. */
export async function holdFile(
  path: string,
  config: VectorIndexConfig,
  checked: boolean,
): Promise<{ saved: SavedFile; keys: Float64Array }> {
  const file = await openSaved(path);
  try {
    const seal = await readSeal(file, path, config);
    if (!checked && (await hashOf(path, seal.end)) !== seal.sha256) {
      throw damaged(path, "its hash is another");
    }
    const { count, keys_offset, rows_offset } = seal;
    const keys = await readKeys(file, path, seal);
    return { saved: { file: openSync(path, "r"), count, keys_offset, rows_offset }, keys };
  } finally {
    await file.close();
  }
}

/** Reads exactly so many bytes; blocks. */
export function readExactly(file: number, into: Uint8Array, from: number): void {
  for (let done = 0; done < into.length;) {
    const read = readSync(file, into, done, into.length - done, from + done);
    if (read === 0) throw damaged("in use", "it ends too early");
    done += read;
  }
}

const openSaved = (path: string) =>
  open(path, "r").catch((cause: unknown) => {
    throw damaged(path, "it cannot be opened", cause);
  });

async function readKeys(file: FileHandle, path: string, seal: Seal): Promise<Float64Array> {
  const keys = new Float64Array(seal.count);
  await fill(file, new Uint8Array(keys.buffer), seal.keys_offset, path);
  return keys;
}

async function readSeal(file: FileHandle, path: string, config: VectorIndexConfig): Promise<Seal> {
  const { size } = await file.stat();
  if (size < SEAL_BYTES) throw damaged(path, "it is too short");
  const bytes = new Uint8Array(SEAL_BYTES);
  await fill(file, bytes, size - SEAL_BYTES, path);
  let seal: Seal;
  try {
    seal = JSON.parse(Buffer.from(bytes).toString("utf8")) as Seal;
  } catch (cause) {
    throw damaged(path, "its end is missing", cause);
  }
  const rows_offset = seal.keys_offset + seal.count * 8;
  const end = rows_offset + seal.count * rowBytes(config);
  const same =
    seal.format === 1 &&
    seal.dimension === config.dimension &&
    seal.metric === config.metric &&
    seal.quantization === config.quantization;
  if (!same) throw damaged(path, "it holds an index of another kind");
  const fits = seal.rows_offset === rows_offset && seal.end === end && end === size - SEAL_BYTES;
  if (!fits) throw damaged(path, "its size does not fit its contents");
  return seal;
}

async function hashOf(path: string, end: number): Promise<string> {
  const hash = createHash("sha256");
  if (end === 0) return hash.digest("hex");
  const source = createReadStream(path, { end: end - 1, highWaterMark: PIECE_BYTES });
  for await (const piece of source as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest("hex");
}

async function fill(file: FileHandle, into: Uint8Array, from: number, path: string): Promise<void> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, from + done);
    if (bytesRead === 0) throw damaged(path, "it ends too early");
    done += bytesRead;
  }
}

/** Blocks. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

function damaged(path: string, why: string, cause?: unknown): LakehouseError {
  return new LakehouseError("unavailable", `the saved index ${path} cannot be used: ${why}`, {
    reason: "damaged_index",
    cause,
  });
}
