// Many texts in few large byte blocks, outside the JavaScript heap or in a file; only appended.

/** A block; a longer text gets one of its own. */
const BLOCK_BYTES = 4 * 1024 * 1024;
/** Read at once from a file: texts that are asked one after the other stand side by side. */
const WINDOW_BYTES = 16 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** Bytes that lie in a file; `read` blocks, and the file stays open until `close`. */
export interface TextFile {
  readonly size_bytes: number;
  read(from: number, into: Uint8Array): void;
  close(): void;
}

interface Block {
  readonly size_bytes: number;
  used: number;
  /** Good until the next call. */
  slice(from: number, to: number): Buffer;
  write(text: string, at: number, bytes: number): void;
}

export interface TextArena {
  readonly count: number;
  /** Appends the next text; null is kept as such. */
  push(text: string | null): void;
  get(at: number): string | null;
  /** Lengths in bytes of the first `count` texts; -1: null. */
  lengths(count: number): Int32Array;
  /** The bytes of the first `count` texts, in order. */
  bytes(count: number): Generator<Uint8Array>;
  /** Takes over what `lengths` and `bytes` gave, as one block. */
  load(lengths: Int32Array, bytes: Buffer | TextFile): void;
  /** Lets go of the files. */
  close(): void;
}

export function createTextArena(): TextArena {
  const blocks: Block[] = [];
  const files: TextFile[] = [];
  let block_of = new Uint32Array(1024);
  let offsets = new Float64Array(1024);
  let sizes = new Int32Array(1024);
  let count = 0;

  function reserve(wanted: number): void {
    if (wanted <= sizes.length) return;
    let length = sizes.length;
    while (length < wanted) length *= 2;
    const widen = <A extends Uint32Array | Int32Array | Float64Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    block_of = widen(block_of, new Uint32Array(length));
    offsets = widen(offsets, new Float64Array(length));
    sizes = widen(sizes, new Int32Array(length));
  }

  function blockFor(bytes: number): number {
    const last = blocks.at(-1);
    if (last !== undefined && last.used + bytes <= last.size_bytes) return blocks.length - 1;
    blocks.push(memoryBlock(Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes)), 0));
    return blocks.length - 1;
  }

  return {
    get count() {
      return count;
    },
    push(text) {
      reserve(count + 1);
      const bytes = text === null ? 0 : Buffer.byteLength(text);
      const at = blockFor(bytes);
      const block = blocks[at]!;
      if (bytes > 0) block.write(text!, block.used, bytes);
      block_of[count] = at;
      offsets[count] = block.used;
      sizes[count] = text === null ? -1 : bytes;
      block.used += bytes;
      count++;
    },
    get(at) {
      const size = sizes[at]!;
      if (size < 0) return null;
      const start = offsets[at]!;
      return blocks[block_of[at]!]!.slice(start, start + size).toString("utf8");
    },
    lengths: (wanted) => sizes.slice(0, wanted),
    *bytes(wanted) {
      // Texts of one block stand side by side, so each block goes out in one piece.
      for (let at = 0; at < wanted;) {
        const block = block_of[at]!;
        const start = offsets[at]!;
        let end = start;
        for (; at < wanted && block_of[at] === block; at++) end += Math.max(0, sizes[at]!);
        for (let from = start; from < end; from += PIECE_BYTES) {
          // Copied, because whoever writes it may wait meanwhile.
          yield Buffer.from(blocks[block]!.slice(from, Math.min(end, from + PIECE_BYTES)));
        }
      }
    },
    load(lengths, bytes) {
      reserve(count + lengths.length);
      if ("close" in bytes) {
        files.push(bytes);
        blocks.push(fileBlock(bytes));
      } else blocks.push(memoryBlock(bytes, bytes.length));
      let offset = 0;
      for (const size of lengths) {
        block_of[count] = blocks.length - 1;
        offsets[count] = offset;
        sizes[count++] = size;
        offset += Math.max(0, size);
      }
    },
    close() {
      for (const file of files.splice(0)) file.close();
    },
  };
}

function memoryBlock(buffer: Buffer, used: number): Block {
  return {
    size_bytes: buffer.length,
    used,
    slice: (from, to) => buffer.subarray(from, to),
    write: (text, at, bytes) => void buffer.write(text, at, bytes, "utf8"),
  };
}

/** Full from the start, so that nothing is written to it. */
function fileBlock(file: TextFile): Block {
  let window = Buffer.alloc(0);
  let begin = 0;
  return {
    size_bytes: file.size_bytes,
    used: file.size_bytes,
    slice(from, to) {
      if (from < begin || to > begin + window.length) {
        const length = Math.min(Math.max(to - from, WINDOW_BYTES), file.size_bytes - from);
        // Not seen before it is whole: a read that fails leaves no wrong text behind.
        const next = Buffer.allocUnsafeSlow(length);
        file.read(from, next);
        [window, begin] = [next, from];
      }
      return window.subarray(from - begin, to - begin);
    },
    write() {
      throw new Error("a file of texts is not written to");
    },
  };
}
