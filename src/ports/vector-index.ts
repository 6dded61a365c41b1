// Port: approximate nearest neighbours over float vectors, keyed by 64-bit numbers. Adapter: usearch.

export interface VectorIndexConfig {
  readonly dimension: number;
  readonly metric: "cos" | "ip" | "l2sq";
  readonly quantization: "f32" | "f16" | "i8";
  readonly connectivity?: number;
  readonly expansion_add?: number;
  readonly expansion_search?: number;
}

/** Keys and distances, nearest first; equal lengths. */
export interface Neighbours {
  readonly keys: readonly number[];
  readonly distances: readonly number[];
}

/** Calls run off the event loop (worker thread) and in the order given for one index. */
export interface VectorIndex {
  readonly config: VectorIndexConfig;
  /** `vectors` is row-major, keys.length × dimension. A key already there is replaced. */
  upsert(keys: readonly number[], vectors: Float32Array): Promise<void>;
  remove(keys: readonly number[]): Promise<void>;
  /** Up to k nearest of the whole index for each row of `queries`. */
  search(queries: Float32Array, k: number, expansion?: number): Promise<readonly Neighbours[]>;
  /** Exact nearest among these keys only (filters); keys that are not there are passed over. */
  searchAmong(query: Float32Array, keys: readonly number[], k: number): Promise<Neighbours>;
  size(): Promise<number>;
  /** Writes the whole index to a file or to a set of files that start with this path. */
  save(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface VectorIndexEngine {
  create(config: VectorIndexConfig): Promise<VectorIndex>;
  /** Opens what `save` wrote. Wrong or damaged file: `unavailable` with the reason. */
  load(path: string, config: VectorIndexConfig): Promise<VectorIndex>;
  close(): Promise<void>;
}
