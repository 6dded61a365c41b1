// What the event loop and the usearch worker thread say to each other.
import type { ErrorCode } from "#kernel/problem.ts";
import type { VectorIndexConfig } from "#ports/vector-index.ts";
import type { StoredRows } from "./usearch-graph.ts";
import type { SavedFile } from "./vector-file.ts";

export interface WorkerOptions {
  readonly threads: number;
}

/** One search that waits; those that come together travel together. */
export interface SearchItem {
  readonly id: number;
  readonly k: number;
  /** Graph search width; 0: the index's own. */
  readonly expansion: number;
  /** Rows of `queries` of the message that belong to it. */
  readonly count: number;
}

export type WorkerRequest =
  | {
      readonly kind: "create";
      readonly id: number;
      readonly index: number;
      readonly config: VectorIndexConfig;
    }
  | {
      readonly kind: "load";
      readonly id: number;
      readonly index: number;
      readonly config: VectorIndexConfig;
      readonly path: string;
    }
  | {
      readonly kind: "upsert";
      readonly id: number;
      readonly index: number;
      readonly keys: Float64Array;
      readonly vectors: Float32Array;
    }
  | {
      readonly kind: "remove";
      readonly id: number;
      readonly index: number;
      readonly keys: Float64Array;
    }
  | {
      readonly kind: "search";
      readonly index: number;
      readonly items: readonly SearchItem[];
      readonly queries: Float32Array;
    }
  | {
      readonly kind: "among";
      readonly id: number;
      readonly index: number;
      readonly keys: Uint32Array | Float64Array;
      readonly query: Float32Array;
      readonly k: number;
    }
  | {
      readonly kind: "subset";
      readonly id: number;
      readonly index: number;
      readonly keys: Float64Array;
      readonly new_keys: Float64Array;
      readonly new_index: number;
    }
  | { readonly kind: "size" | "drop"; readonly id: number; readonly index: number }
  | { readonly kind: "save"; readonly id: number; readonly index: number; readonly path: string }
  | MergeRequest
  | { readonly kind: "leave" };

/** A saved index with changes, written as a new file by a thread of its own. */
export interface MergeRequest {
  readonly kind: "merge";
  readonly id: number;
  readonly config: VectorIndexConfig;
  readonly saved: SavedFile;
  /** Keys of the file that are gone or replaced. */
  readonly gone: Float64Array;
  readonly fresh: readonly StoredRows[];
  readonly path: string;
}

/** Results of a batch, one after the other: `counts` says how many belong to each query row. */
export interface FoundBatch {
  readonly kind: "found";
  readonly ids: readonly number[];
  readonly rows: readonly number[];
  readonly counts: Uint32Array;
  readonly keys: Float64Array;
  readonly distances: Float64Array;
}

export type WorkerReply =
  | FoundBatch
  | { readonly kind: "done"; readonly id: number; readonly value?: unknown }
  | {
      readonly kind: "failed";
      readonly ids: readonly number[];
      readonly code: ErrorCode;
      readonly reason: string;
      readonly message: string;
    };
