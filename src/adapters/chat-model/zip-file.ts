// One file out of a zip archive (a Python wheel), as a stream: memory does not grow with its size.
import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createInflateRaw } from "node:zlib";

/** PKWARE APPNOTE.TXT 6.3.10: §4.3.16, §4.3.12, §4.3.7. */
const END_MARK = 0x06054b50;
const ENTRY_MARK = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const COMMENT_MAX = 65_535;
/** Where zip64 would begin; no weights that are pulled in one piece are so large. */
const TOO_LARGE = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;

interface Entry {
  readonly method: number;
  readonly packed_bytes: number;
  readonly local_at: number;
}

/** The bytes of `name`. Errors: no such file, a broken archive, zip64. */
export async function* zipFile(archive: string, name: string): AsyncGenerator<Uint8Array> {
  const file = await open(archive, "r");
  let from: number;
  let entry: Entry;
  try {
    entry = await findEntry(file, archive, name);
    const local = await bytesAt(file, entry.local_at, LOCAL_BYTES);
    from = entry.local_at + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  } finally {
    await file.close();
  }
  if (entry.packed_bytes === 0) return;
  const packed = createReadStream(archive, { start: from, end: from + entry.packed_bytes - 1 });
  if (entry.method === STORED) return yield* packed as AsyncIterable<Buffer>;
  const inflate = createInflateRaw();
  // The reader meets whatever goes wrong.
  pipeline(packed, inflate, () => undefined);
  yield* inflate as AsyncIterable<Buffer>;
}

async function findEntry(file: FileHandle, archive: string, name: string): Promise<Entry> {
  const { size } = await file.stat();
  const tail_bytes = Math.min(size, END_BYTES + COMMENT_MAX);
  const tail = await bytesAt(file, size - tail_bytes, tail_bytes);
  let at = tail_bytes - END_BYTES;
  while (at >= 0 && tail.readUInt32LE(at) !== END_MARK) at--;
  if (at < 0) throw new Error(`${archive} is not a zip archive, or not a whole one`);
  const [length, offset] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  if (offset === TOO_LARGE || offset + length > size) throw new Error(`${archive} is broken`);
  const list = await bytesAt(file, offset, length);
  for (let next = 0; next + ENTRY_BYTES <= list.length;) {
    if (list.readUInt32LE(next) !== ENTRY_MARK) throw new Error(`${archive} is broken`);
    const name_bytes = list.readUInt16LE(next + 28);
    const found = list.toString("utf8", next + ENTRY_BYTES, next + ENTRY_BYTES + name_bytes);
    if (found === name) return entryAt(list, next, archive);
    next += ENTRY_BYTES + name_bytes + list.readUInt16LE(next + 30) + list.readUInt16LE(next + 32);
  }
  throw new Error(`${archive} has no file ${name}`);
}

function entryAt(list: Buffer, at: number, archive: string): Entry {
  const method = list.readUInt16LE(at + 10);
  const [packed_bytes, local_at] = [list.readUInt32LE(at + 20), list.readUInt32LE(at + 42)];
  const known = method === STORED || method === DEFLATED;
  if (!known || packed_bytes === TOO_LARGE || local_at === TOO_LARGE) {
    throw new Error(`${archive} is packed in a way that is not read here`);
  }
  return { method, packed_bytes, local_at };
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead < length) throw new Error("the archive ends within its own list");
  return buffer;
}
