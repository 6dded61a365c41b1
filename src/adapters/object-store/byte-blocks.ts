// A stream of any chunks as blocks of one size, with a bound on the whole.
import { open } from "node:fs/promises";
import type { ByteStream } from "#kernel/contract.ts";
import { tooLarge } from "./object-conditions.ts";

/** Blocks of exactly `block_bytes`, the last one shorter; none for an empty stream. */
export async function* blocksOf(
  key: string,
  body: ByteStream,
  block_bytes: number,
  bytes_max: number,
): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let held_bytes = 0;
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytes_max) throw tooLarge(key, bytes_max);
    let rest: Uint8Array = chunk;
    while (held_bytes + rest.length >= block_bytes) {
      const cut = block_bytes - held_bytes;
      yield Buffer.concat([...held, rest.subarray(0, cut)]);
      held = [];
      held_bytes = 0;
      rest = rest.subarray(cut);
    }
    if (rest.length > 0) {
      // Copied: the sender may use its buffer again once it is asked for the next chunk.
      held.push(Buffer.from(rest));
      held_bytes += rest.length;
    }
  }
  if (held_bytes > 0) yield Buffer.concat(held);
}

/** Blocks of a file. */
export async function* fileBlocks(path: string, block_bytes: number): AsyncGenerator<Buffer> {
  const file = await open(path, "r");
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafeSlow(block_bytes);
      let filled = 0;
      while (filled < block_bytes) {
        const { bytesRead } = await file.read(buffer, filled, block_bytes - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled > 0) yield buffer.subarray(0, filled);
      if (filled < block_bytes) return;
    }
  } finally {
    await file.close();
  }
}
