// The bytes of an open file as a stream that closes the file, also when it is left unread.
import type { FileHandle } from "node:fs/promises";
import type { ByteStream } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";

const CHUNK_BYTES = 256 * 1024;
const DONE = { done: true, value: undefined } as const;

/**
 * Takes the handle over. What fits in one chunk is read at once, so that its handle is closed
 * before this resolves; of a longer body the caller reads to the end or calls `return()`.
 */
export async function openFileBody(
  file: FileHandle,
  start: number,
  length: number,
): Promise<ByteStream> {
  const body = readBody(file, start, length);
  if (length > CHUNK_BYTES) return { [Symbol.asyncIterator]: () => body };
  const first = await body.next();
  await body.return();
  return (async function* () {
    if (first.done !== true) yield first.value;
  })();
}

// Not a generator: `return()` of a generator that was never started would skip its `finally`.
function readBody(file: FileHandle, start: number, length: number) {
  let position = start;
  let left = length;
  let closed = false;

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await file.close();
  }

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (closed || left === 0) {
      await close();
      return DONE;
    }
    try {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new LakehouseError("unavailable", "the object ends too early");
      position += bytesRead;
      left -= bytesRead;
      return { done: false, value: buffer.subarray(0, bytesRead) };
    } catch (error) {
      await close();
      throw error;
    }
  }

  return {
    next,
    async return(): Promise<IteratorResult<Uint8Array, undefined>> {
      await close();
      return DONE;
    },
  };
}
