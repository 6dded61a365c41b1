// Where in the ledger a time begins: by halving, since its lines stand in the order of time.
import { open, type FileHandle } from "node:fs/promises";

/** Lines are written within this of their order: clocks are set back by a little, batches wait. */
const DISORDER_MS = 3_600_000;
/** A line is longer than this never; where it is, reading starts earlier than it must. */
const BLOCK_BYTES = 64 * 1024;

/**
 * The byte offset of a line before which every line is older than the time; 0 when that is not
 * known. Reads about 20 blocks of a file of any size.
 */
export async function offsetOfTime(path: string, size: number, time_ms: number): Promise<number> {
  if (!Number.isFinite(time_ms) || size <= BLOCK_BYTES) return 0;
  const file = await open(path, "r");
  try {
    // Every line that begins before `low` is older; `low` is the start of a line, or 0.
    let low = 0;
    let high = size;
    while (high - low > BLOCK_BYTES) {
      const middle = Math.floor((low + high) / 2);
      const found = await lineAfter(file, middle);
      if (found === undefined || found.time_ms >= time_ms - DISORDER_MS) high = middle;
      else low = found.offset;
    }
    return low;
  } finally {
    await file.close();
  }
}

/** The first whole line that begins after the offset; undefined when none can be read there. */
async function lineAfter(file: FileHandle, from: number) {
  const block = Buffer.alloc(BLOCK_BYTES);
  const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, from);
  const bytes = block.subarray(0, bytesRead);
  const start = bytes.indexOf(0x0a) + 1;
  const end = bytes.indexOf(0x0a, start);
  if (start === 0 || end < 0) return undefined;
  const time_ms = timeOf(bytes.toString("utf8", start, end));
  return Number.isNaN(time_ms) ? undefined : { offset: from + start, time_ms };
}

function timeOf(line: string): number {
  try {
    return Date.parse((JSON.parse(line) as { time: string }).time);
  } catch {
    return Number.NaN;
  }
}
