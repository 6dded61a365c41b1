// One file out of a gzipped tar archive, as a stream: memory does not grow with its size.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

const BLOCK_BYTES = 512;

/** The bytes of `name` (POSIX ustar, IEEE 1003.1). Errors: no such file, a broken archive. */
export async function* archiveFile(archive: string, name: string): AsyncGenerator<Uint8Array> {
  const bytes = createReaderOf(archive);
  try {
    for (;;) {
      const header = await bytes.take(BLOCK_BYTES);
      if (header === undefined || header.every((byte) => byte === 0)) break;
      const size = parseInt(text(header, 124, 12), 8);
      if (!(size >= 0)) throw new Error(`${archive} is not a tar archive`);
      const prefix = text(header, 345, 155);
      const path = `${prefix === "" ? "" : `${prefix}/`}${text(header, 0, 100)}`;
      if (path === name) return yield* bytes.stream(size);
      const padded = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
      for await (const _ of bytes.stream(padded)) void _;
    }
    throw new Error(`${archive} has no file ${name}`);
  } finally {
    bytes.close();
  }
}

function createReaderOf(archive: string) {
  const gunzip = createGunzip();
  // The reader meets whatever goes wrong.
  pipeline(createReadStream(archive), gunzip, () => undefined);
  const chunks = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);

  /** Up to `size` bytes; none at the end. */
  async function some(size: number): Promise<Buffer | undefined> {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done) return undefined;
      rest = next.value;
    }
    const part = rest.subarray(0, size);
    rest = rest.subarray(part.length);
    return part;
  }

  async function* stream(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0;) {
      const part = await some(left);
      if (part === undefined) throw new Error(`${archive} ends within a file`);
      left -= part.length;
      yield part;
    }
  }

  return {
    stream,
    async take(size: number): Promise<Buffer | undefined> {
      const first = await some(size);
      if (first === undefined || first.length === size) return first;
      const parts = [first];
      for await (const part of stream(size - first.length)) parts.push(part);
      return Buffer.concat(parts);
    },
    close: () => void gunzip.destroy(),
  };
}

function text(header: Buffer, from: number, length: number): string {
  return header
    .toString("utf8", from, from + length)
    .replace(/\0.*$/s, "")
    .trim();
}
