// The newest events in memory: a full ring drops its oldest, and never refuses.
import type { Event } from "#contracts/observe.ts";

export interface EventRing {
  /** Events as lines of JSON, each with its line feed, oldest first. */
  push(lines: readonly string[]): void;
  size(): number;
  /** Newest first. Nothing may be pushed while it is read. */
  newestFirst(): Iterable<Event>;
}

/** Lines as bytes in memory that is used again: what lives for a moment is no work for the heap. */
interface Block {
  readonly room: Buffer;
  length: number;
  count: number;
}

const BLOCK_BYTES = 64 * 1024;

export function createRing(capacity: number): EventRing {
  /** Oldest first. The oldest block may hold lines that are over the capacity. */
  const blocks: Block[] = [];
  let spare: Buffer | undefined;
  let held = 0;
  const size = () => Math.min(held, capacity);

  function blockFor(bytes: number): Block {
    const newest = blocks.at(-1);
    if (newest !== undefined && newest.room.length - newest.length >= bytes) return newest;
    const fits = spare !== undefined && spare.length >= bytes;
    const room = fits ? spare! : Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES));
    if (fits) spare = undefined;
    const block: Block = { room, length: 0, count: 0 };
    blocks.push(block);
    return block;
  }

  function dropOver(): void {
    while (held - blocks[0]!.count >= capacity) {
      const { room, count } = blocks.shift()!;
      held -= count;
      if (room.length === BLOCK_BYTES) spare = room;
    }
  }

  return {
    push(lines) {
      for (const line of lines) {
        const block = blockFor(Buffer.byteLength(line));
        block.length += block.room.write(line, block.length);
        block.count++;
        held++;
        dropOver();
      }
    },
    size,
    *newestFirst() {
      let left = size();
      for (const { room, length } of blocks.toReversed()) {
        const lines = room.toString("utf8", 0, length).split("\n");
        // What stands behind the last line feed is no line.
        for (let at = lines.length - 2; at >= 0 && left > 0; at--, left--) {
          yield JSON.parse(lines[at]!) as Event;
        }
      }
    },
  };
}
