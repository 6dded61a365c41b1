// Finished answers in memory: bounded in bytes, the least lately used goes first.

/** An answer as it was sent: pieces of its body, and what stood beside them. */
export interface HeldAnswer {
  readonly pieces: readonly Uint8Array[];
  readonly row_count: number;
  readonly truncated: boolean;
}

export interface HeldAnswers {
  get(key: string): HeldAnswer | undefined;
  /** Larger ones than an entry may be are not held. */
  put(key: string, answer: HeldAnswer): void;
  figures(): Readonly<Record<string, number>>;
}

/** What an entry costs besides its bytes. */
const ENTRY_OVERHEAD_BYTES = 512;

export function createHeldAnswers(bytes_max: number, entry_bytes_max: number): HeldAnswers {
  const held = new Map<string, { answer: HeldAnswer; size: number }>();
  let bytes = 0;
  let hits = 0;
  let misses = 0;

  function drop(key: string): void {
    bytes -= held.get(key)?.size ?? 0;
    held.delete(key);
  }

  return {
    get(key) {
      const found = held.get(key);
      if (found === undefined) {
        misses++;
        return undefined;
      }
      hits++;
      held.delete(key);
      held.set(key, found);
      return found.answer;
    },
    put(key, answer) {
      const body = answer.pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
      const size = body + key.length * 2 + ENTRY_OVERHEAD_BYTES;
      if (body > entry_bytes_max || size > bytes_max) return;
      drop(key);
      held.set(key, { answer, size });
      bytes += size;
      for (const oldest of held.keys()) {
        if (bytes <= bytes_max) break;
        drop(oldest);
      }
    },
    figures: () => ({
      cache_hits: hits,
      cache_misses: misses,
      cache_entries: held.size,
      cache_bytes: bytes,
    }),
  };
}

/**
 * Hands pieces on and keeps them; `whole` is told once all have been handed on, unless they grew
 * over `bytes_max`.
 */
export async function* keeping(
  pieces: AsyncIterable<Uint8Array>,
  bytes_max: number,
  whole: (pieces: readonly Uint8Array[]) => void,
): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array[] | undefined = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.byteLength;
    if (bytes > bytes_max) kept = undefined;
    kept?.push(piece);
    yield piece;
  }
  if (kept !== undefined) whole(kept);
}
