// Port: approximate nearest neighbours over float vectors, keyed by numbers. Adapter: usearch.

export interface VectorIndexConfig {
  readonly dimension: number;
  readonly metric: "cos" | "ip" | "l2sq";
  /**
   * How vectors are kept: f32, f16, or f16 with a rough eight-bit graph before it (i8), which is
   * faster and smaller, finds as well unless thousands are alike, and goes with cos only.
   */
  readonly quantization: "f32" | "f16" | "i8";
  readonly connectivity?: number;
  readonly expansion_add?: number;
  readonly expansion_search?: number;
  /**
   * From so many vectors on, what was saved is read from its file: the engine maps it into memory
   * and keeps only later changes in memory of its own. Absent: never.
   */
  readonly mapped_min_rows?: number;
}

/** Whole numbers from 0 to 2^53 - 1. */
export type VectorKeys = readonly number[] | Uint32Array | Float64Array;

/**
 * Keys and distances, nearest first; equal lengths. Distances are those of the kept vectors,
 * whatever way found them: cos 1 - cosine, ip 1 - dot product, l2sq squared Euclid.
 */
export interface Neighbours {
  readonly keys: Float64Array;
  readonly distances: Float64Array;
}

/**
 * Calls run off the event loop. Changes of one index happen in the order given; a search sees
 * at least all changes that had resolved when it was asked, and may see later ones.
 * Errors: `invalid` for a vector of another dimension, `unavailable` when the engine has stopped.
 */
export interface VectorIndex {
  readonly config: VectorIndexConfig;
  /** `vectors` is row-major, keys.length × dimension. A key already there is replaced. */
  upsert(keys: VectorKeys, vectors: Float32Array): Promise<void>;
  /** Keys that are not there are passed over. */
  remove(keys: VectorKeys): Promise<void>;
  /** Up to k nearest of the whole index for each row of `queries`. */
  search(queries: Float32Array, k: number, expansion?: number): Promise<readonly Neighbours[]>;
  /** Exact nearest among these keys only (filters); keys that are not there are passed over. */
  searchAmong(query: Float32Array, keys: VectorKeys, k: number): Promise<Neighbours>;
  /** A new index of these vectors under other keys, built beside searches of this one. */
  subset(keys: VectorKeys, new_keys: VectorKeys): Promise<VectorIndex>;
  size(): Promise<number>;
  /**
   * Writes the whole index to one file; durable when it resolves. Of a large index (see
   * `mapped_min_rows`) changes and searches go on meanwhile, and the file, wherever it is moved,
   * stays in use until the index is closed.
   */
  save(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface VectorIndexEngine {
  create(config: VectorIndexConfig): Promise<VectorIndex>;
  /** Opens what `save` wrote. Wrong or damaged file: `unavailable` with the reason. */
  load(path: string, config: VectorIndexConfig): Promise<VectorIndex>;
  close(): Promise<void>;
}
