// Vectors that were computed before, least recently used first to go, bounded in bytes.

export interface CachedVector {
  readonly vector: Float32Array;
  readonly tokens: number;
  readonly pooled: boolean;
}

export interface VectorCache {
  /** Counts as a hit or a miss. */
  get(key: string): CachedVector | undefined;
  set(key: string, entry: CachedVector): void;
  figures(): { entries: number; bytes: number; hits: number; misses: number };
}

/** What an entry costs beside its numbers: key, map slot, object, array header. */
const ENTRY_OVERHEAD_BYTES = 320;

export function createVectorCache(bytes_max: number): VectorCache {
  // A Map keeps the order of insertion: the first key is the one that was used longest ago.
  const entries = new Map<string, CachedVector>();
  let bytes = 0;
  let hits = 0;
  let misses = 0;

  const sizeOf = (entry: CachedVector) => entry.vector.byteLength + ENTRY_OVERHEAD_BYTES;

  function drop(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    bytes -= sizeOf(entry);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) {
        misses++;
        return undefined;
      }
      hits++;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(key, entry) {
      drop(key);
      if (sizeOf(entry) > bytes_max) return;
      entries.set(key, entry);
      bytes += sizeOf(entry);
      for (const oldest of entries.keys()) {
        if (bytes <= bytes_max) break;
        drop(oldest);
      }
    },
    figures: () => ({ entries: entries.size, bytes, hits, misses }),
  };
}
