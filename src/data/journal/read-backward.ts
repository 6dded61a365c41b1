// Reads the lines of a file from its end to its start, one block at a time.
import { open } from "node:fs/promises";

const BLOCK_BYTES = 64 * 1024;

/** Finished lines before `end` (which stands just after a newline), last first, without newline. */
export async function* readLinesBackward(path: string, end: number): AsyncGenerator<string> {
  if (end === 0) return;
  const file = await open(path, "r");
  try {
    // Pieces of the line whose beginning has not been met yet, last piece first.
    let pieces: Buffer[] = [];
    let position = end - 1;
    while (position > 0) {
      const start = Math.max(0, position - BLOCK_BYTES);
      const block = Buffer.alloc(position - start);
      await file.read(block, 0, block.length, start);
      let stop = block.length;
      for (let at = block.lastIndexOf(0x0a); at >= 0; at = previousNewline(block, at)) {
        pieces.push(block.subarray(at + 1, stop));
        yield Buffer.concat(pieces.toReversed()).toString("utf8");
        pieces = [];
        stop = at;
      }
      pieces.push(block.subarray(0, stop));
      position = start;
    }
    yield Buffer.concat(pieces.toReversed()).toString("utf8");
  } finally {
    await file.close();
  }
}

// A negative offset would count from the end of the block.
function previousNewline(block: Buffer, at: number): number {
  return at === 0 ? -1 : block.lastIndexOf(0x0a, at - 1);
}
