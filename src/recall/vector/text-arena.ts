// Many texts in few large byte blocks outside the JavaScript heap; appended, never changed.

/** A block; a longer text gets one of its own. */
const BLOCK_BYTES = 4 * 1024 * 1024;

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
  load(lengths: Int32Array, bytes: Buffer): void;
}

export function createTextArena(): TextArena {
  const blocks: { readonly buffer: Buffer; used: number }[] = [];
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
    if (last !== undefined && last.used + bytes <= last.buffer.length) return blocks.length - 1;
    blocks.push({ buffer: Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes)), used: 0 });
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
      if (text !== null) block.buffer.write(text, block.used, bytes, "utf8");
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
      return blocks[block_of[at]!]!.buffer.toString("utf8", start, start + size);
    },
    lengths: (wanted) => sizes.slice(0, wanted),
    *bytes(wanted) {
      // Texts of one block stand side by side, so each block goes out in one piece.
      for (let at = 0; at < wanted;) {
        const block = block_of[at]!;
        const start = offsets[at]!;
        let end = start;
        for (; at < wanted && block_of[at] === block; at++) end += Math.max(0, sizes[at]!);
        if (end > start) yield blocks[block]!.buffer.subarray(start, end);
      }
    },
    load(lengths, bytes) {
      reserve(count + lengths.length);
      blocks.push({ buffer: bytes, used: bytes.length });
      let offset = 0;
      for (const size of lengths) {
        block_of[count] = blocks.length - 1;
        offsets[count] = offset;
        sizes[count++] = size;
        offset += Math.max(0, size);
      }
    },
  };
}
