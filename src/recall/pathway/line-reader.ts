// Lines of the log by where they start; one descriptor, reads of what is likely a whole line.
import { open } from "node:fs/promises";

const GUESS_BYTES = 2048;
const NEARBY_BYTES = 256 * 1024;

export interface LineReader {
  /** The line that starts at this byte, without its end. Throws when the file ends before. */
  line(offset: number): Promise<string>;
  /** Lines of growing offsets, read in large pieces. */
  lines(offsets: Iterable<number>): AsyncGenerator<string>;
  close(): Promise<void>;
}

export async function openLineReader(path: string): Promise<LineReader> {
  const file = await open(path, "r");

  async function bytesFrom(offset: number, guess: number): Promise<Buffer> {
    for (let size = guess; ; size *= 4) {
      const bytes = Buffer.allocUnsafe(size);
      const { bytesRead } = await file.read(bytes, 0, size, offset);
      const read = bytes.subarray(0, bytesRead);
      if (read.includes(0x0a)) return read;
      if (bytesRead < size) throw new Error(`the log has no whole line at byte ${offset}`);
    }
  }

  return {
    async line(offset) {
      const bytes = await bytesFrom(offset, GUESS_BYTES);
      return bytes.toString("utf8", 0, bytes.indexOf(0x0a));
    },
    async *lines(offsets) {
      let piece: Buffer = Buffer.alloc(0);
      let start = 0;
      for (const offset of offsets) {
        let from = offset - start;
        let end = from < 0 || from >= piece.length ? -1 : piece.indexOf(0x0a, from);
        if (end < 0) {
          piece = await bytesFrom(offset, NEARBY_BYTES);
          start = offset;
          from = 0;
          end = piece.indexOf(0x0a);
        }
        yield piece.toString("utf8", from, end);
      }
    },
    close: () => file.close(),
  };
}
