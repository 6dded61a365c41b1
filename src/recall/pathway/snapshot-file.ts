// A file of named number arrays and a JSON head, checked by a CRC: written whole or not believed.
import { open, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { float64, int32, uint16, uint32, uint8, type Numbers } from "./growing-column.ts";

export interface Snapshot {
  readonly about: unknown;
  readonly arrays: Readonly<Record<string, Numbers>>;
}

interface Head {
  readonly about: unknown;
  readonly arrays: readonly { name: string; type: string; length: number }[];
}

/** "LHPS", version 1, in the byte order of the machine: another one does not read it. */
const MAGIC = Uint32Array.of(0x5350484c, 1);
const PREFIX_BYTES = 12;
const CRC_BYTES = 4;
const STEP_BYTES = 1024 * 1024;
const MAKERS: Record<string, (length: number) => Numbers> = {
  Uint8Array: uint8,
  Uint16Array: uint16,
  Uint32Array: uint32,
  Int32Array: int32,
  Float64Array: float64,
};

/**
 * Writes magic, length of the head, head, arrays and the CRC-32 of all before it. Arrays may be
 * written on meanwhile, where nobody reads them: each stretch is copied before it is summed.
 */
export async function writeSnapshot(path: string, { about, arrays }: Snapshot): Promise<void> {
  const file = await open(path, "w");
  let crc = 0;
  const put = async (bytes: Buffer) => {
    crc = crc32(bytes, crc);
    await file.appendFile(bytes);
  };
  try {
    const entries = Object.entries(arrays);
    const listed = entries.map(([name, { constructor, length }]) => ({
      name,
      type: constructor.name,
      length,
    }));
    const head = Buffer.from(JSON.stringify({ about, arrays: listed } satisfies Head));
    await put(Buffer.concat([bytesOf(MAGIC), bytesOf(Uint32Array.of(head.length)), head]));
    for (const [, values] of entries) {
      const bytes = bytesOf(values);
      for (let at = 0; at < bytes.length; at += STEP_BYTES) {
        await put(Buffer.from(bytes.subarray(at, at + STEP_BYTES)));
      }
    }
    await file.appendFile(bytesOf(Uint32Array.of(crc)));
  } finally {
    await file.close();
  }
}

/** What `writeSnapshot` wrote; undefined: it is not whole. Throws where it cannot be read. */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  const file = await open(path, "r");
  try {
    return await readWhole(file);
  } finally {
    await file.close();
  }
}

async function readWhole(file: FileHandle): Promise<Snapshot | undefined> {
  const { size } = await file.stat();
  let at = 0;
  let crc = 0;
  const fill = async (bytes: Buffer): Promise<boolean> => {
    if (at + bytes.length > size) return false;
    for (let from = 0; from < bytes.length;) {
      const step = Math.min(STEP_BYTES, bytes.length - from);
      const { bytesRead } = await file.read(bytes, from, step, at);
      if (bytesRead === 0) return false;
      crc = crc32(bytes.subarray(from, from + bytesRead), crc);
      from += bytesRead;
      at += bytesRead;
    }
    return true;
  };
  const prefix = new Uint32Array(PREFIX_BYTES / 4);
  if (!(await fill(bytesOf(prefix)))) return undefined;
  if (prefix[0] !== MAGIC[0] || prefix[1] !== MAGIC[1]) return undefined;
  // Never more is allocated than the file has.
  if (prefix[2]! > size) return undefined;
  const text = Buffer.alloc(prefix[2]!);
  if (!(await fill(text))) return undefined;
  const head = headOf(text);
  if (head === undefined) return undefined;
  const arrays: Record<string, Numbers> = {};
  for (const { name, type, length } of head.arrays) {
    const make = MAKERS[type];
    if (make === undefined || length > size) return undefined;
    const values = make(length);
    if (!(await fill(bytesOf(values)))) return undefined;
    arrays[name] = values;
  }
  const summed = crc;
  const told = new Uint32Array(1);
  if (at + CRC_BYTES !== size || !(await fill(bytesOf(told)))) return undefined;
  return told[0] === summed ? { about: head.about, arrays } : undefined;
}

/** The head is read before the sum is known: a damaged one may be anything. */
function headOf(text: Buffer): Head | undefined {
  try {
    const head = JSON.parse(text.toString("utf8")) as Head;
    return Array.isArray(head.arrays) ? head : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Numbers): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** CRC-32 of the first bytes of a file; undefined: it has less. */
export async function crcOfFile(path: string, length: number): Promise<number | undefined> {
  const file = await open(path, "r");
  try {
    const bytes = Buffer.allocUnsafe(STEP_BYTES);
    let crc = 0;
    for (let at = 0; at < length;) {
      const { bytesRead } = await file.read(bytes, 0, Math.min(STEP_BYTES, length - at), at);
      if (bytesRead === 0) return undefined;
      crc = crc32(bytes.subarray(0, bytesRead), crc);
      at += bytesRead;
    }
    return crc;
  } finally {
    await file.close();
  }
}
