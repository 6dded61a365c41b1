// Bytes on their way in: to a file of ours, or only through the hash, with a bound and a count.
import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import type { ByteStream } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";

export interface Received {
  readonly content_sha256: string;
  readonly size_bytes: number;
}

/** Writes a body to a new file. Over `bytes_max`: `too_large`, and nothing is left. */
export async function receiveFile(
  body: ByteStream,
  path: string,
  options: {
    readonly bytes_max: number;
    readonly signal: AbortSignal;
    readonly onBytes: (size_bytes: number) => void;
    /** Resolves when so many bytes in all have room. */
    readonly makeRoom: (size_bytes: number) => Promise<void>;
  },
): Promise<Received> {
  const hash = createHash("sha256");
  let size_bytes = 0;
  const file = await open(path, "wx");
  try {
    for await (const chunk of body) {
      options.signal.throwIfAborted();
      size_bytes += chunk.length;
      if (size_bytes > options.bytes_max) throw tooLarge(options.bytes_max);
      hash.update(chunk);
      await options.makeRoom(size_bytes);
      await file.writeFile(chunk);
      options.onBytes(size_bytes);
    }
    await file.close();
    return { content_sha256: hash.digest("hex"), size_bytes };
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

/** The hash of a file that stays where it is. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<Received> {
  const hash = createHash("sha256");
  let size_bytes = 0;
  const file = await open(path);
  try {
    // One buffer again and again: a stream of fresh ones costs a third more of a busy core.
    const buffer = Buffer.allocUnsafe(HASH_CHUNK_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      size_bytes += bytesRead;
      hash.update(bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  return { content_sha256: hash.digest("hex"), size_bytes };
}

const HASH_CHUNK_BYTES = 1 << 20;

export function tooLarge(bytes_max: number): LakehouseError {
  return new LakehouseError("too_large", `a file is ${bytes_max} bytes at most`, {
    hint: "split it, or raise ingest.upload_mb_max",
  });
}
