// The saved part of a large index: its graph mapped into memory, its rows read when they are asked.
/// <reference lib="esnext.float16" />
import { closeSync } from "node:fs";
import type { Neighbours, VectorIndexConfig, VectorKeys } from "#ports/vector-index.ts";
import { createKeyRows, type KeyRows } from "./key-rows.ts";
import { createNearestHeap, type NearestHeap } from "./nearest-heap.ts";
import {
  COARSE_POOL,
  firstOf,
  newIndex,
  THREADED_QUERIES_MIN,
  type GraphHost,
} from "./usearch-graph.ts";
import { distanceOf, type StoredNumbers } from "./vector-distance.ts";
import { holdFile, readExactly, type SavedFile } from "./vector-file.ts";
import { rowBytes } from "./vector-rows.ts";

/** Rows that lie so near each other are read in one go. */
const GAP_ROWS = 16;
const READ_ROWS = 256;
/** How much wider a search is repeated that met too many gone vectors. */
const GROWTH = 3;

export interface MappedBase {
  readonly saved: SavedFile;
  /** Vectors of the file that still count. */
  readonly size: number;
  /** Keys of the file that no longer count. */
  gone(): Float64Array;
  forget(keys: VectorKeys): void;
  /** One answer for each prepared query. */
  search(prepared: Float32Array, k: number, expansion: number): Neighbours[];
  /** Offers those of the keys that are there. */
  offerAmong(query: Float32Array, keys: VectorKeys, heap: NearestHeap): void;
  /** Writes the rows of those keys that are there to `into`, at the position of the key. */
  gather(keys: VectorKeys, into: Float32Array): void;
  close(): void;
}

/**
 * Opens a file of `save`; it may be moved or removed afterwards. Throws `unavailable`
 * (`damaged_index`) when it is not whole, unless the caller has just written it.
 */
export async function openMappedBase(
  host: GraphHost,
  config: VectorIndexConfig,
  path: string,
  checked: boolean,
): Promise<MappedBase> {
  const { saved, keys } = await holdFile(path, config, checked);
  const index = newIndex(host, config);
  try {
    index.view(`/dev/fd/${saved.file}`);
  } catch (error) {
    closeSync(saved.file);
    throw error;
  }
  const row_of = createKeyRows();
  for (let row = 0; row < keys.length; row++) row_of.set(keys[row]!, row);
  return mappedBase(host, config, saved, index, row_of);
}

function mappedBase(
  host: GraphHost,
  config: VectorIndexConfig,
  saved: SavedFile,
  index: ReturnType<typeof newIndex>,
  row_of: KeyRows,
): MappedBase {
  const { dimension } = config;
  const coarse = config.quantization === "i8";
  const rows = createRowReader(saved, config);
  const distance = distanceOf(config.metric, config.quantization !== "f32");
  const gone: number[] = [];

  function searchOnce(prepared: Float32Array, k: number, wanted: number): (Neighbours | null)[] {
    const count = prepared.length / dimension;
    const threads = count < THREADED_QUERIES_MIN ? 1 : host.threads;
    const found = index.search(prepared, wanted, threads);
    return Array.from({ length: count }, (_, at) => {
      const { keys, distances } =
        found instanceof host.usearch.BatchMatches ? found.get(at) : found;
      const living = Uint32Array.from(keys.keys()).filter((i) => row_of.get(Number(keys[i]!)) >= 0);
      if (living.length < k && living.length < saved.count - gone.length && wanted < saved.count) {
        return null;
      }
      const own = { keys: BigUint64Array.from(living, (i) => keys[i]!), distances };
      if (!coarse) {
        return firstOf({ ...own, distances: Float32Array.from(living, (i) => distances[i]!) }, k);
      }
      const heap = createNearestHeap(Math.min(k, living.length));
      const query = prepared.subarray(at * dimension, (at + 1) * dimension);
      if (living.length > 0) offerAmong(query, Array.from(own.keys, Number), heap);
      return heap.take();
    });
  }

  function offerAmong(query: Float32Array, keys: VectorKeys, heap: NearestHeap): void {
    rows.each(row_of, keys, (key, numbers, offset) =>
      heap.offer(key, distance(query, numbers, offset)),
    );
  }

  return {
    saved,
    get size() {
      return saved.count - gone.length;
    },
    gone: () => Float64Array.from(gone),
    forget(keys) {
      for (let at = 0; at < keys.length; at++) {
        const key = keys[at]!;
        if (row_of.get(key) < 0) continue;
        row_of.delete(key);
        gone.push(key);
      }
    },
    search(prepared, k, expansion) {
      // About as many more as will turn out to be gone.
      const share = saved.count / Math.max(1, saved.count - gone.length);
      const pool = Math.ceil((coarse ? k * COARSE_POOL : k) * Math.min(share * share, GROWTH));
      const first = Math.min(Math.max(pool, expansion), saved.count);
      return searchOnce(prepared, k, first).map((answer, at) => {
        const query = prepared.subarray(at * dimension, (at + 1) * dimension);
        for (let wanted = first; answer === null;) {
          wanted = Math.min(wanted * GROWTH, saved.count);
          answer = searchOnce(query, k, wanted)[0]!;
        }
        return answer;
      });
    },
    offerAmong,
    gather(keys, into) {
      const half = config.quantization !== "f32";
      rows.each(row_of, keys, (_, numbers, offset, at) => {
        const row = numbers.subarray(offset, offset + dimension);
        into.set(
          half ? new Float16Array(row.buffer, row.byteOffset, dimension) : row,
          at * dimension,
        );
      });
    },
    close() {
      closeSync(saved.file);
      unmap(index);
    },
  };
}

/**
 * Lets go of the mapped file at once, not when the garbage collector comes: the engine empties an
 * index before it reads what it shall load, here nothing. (A `view` that fails would do so too, but
 * closes the file of number 0 besides.)
 */
function unmap(index: ReturnType<typeof newIndex>): void {
  try {
    index.load("/dev/null");
  } catch {
    // As meant.
  }
}

type UseRow = (key: number, numbers: StoredNumbers, offset: number, at: number) => void;

/** Reads rows of keys in their order, neighbours together, into one buffer that is used again. */
function createRowReader(saved: SavedFile, config: VectorIndexConfig) {
  const width = rowBytes(config);
  const bytes = new Uint8Array(READ_ROWS * width);
  const numbers: StoredNumbers =
    config.quantization === "f32" ? new Float32Array(bytes.buffer) : new Uint16Array(bytes.buffer);

  return {
    each(row_of: KeyRows, keys: VectorKeys, use: UseRow): void {
      let start = 0;
      let end = 0;
      for (let at = 0; at < keys.length; at++) {
        const row = row_of.get(keys[at]!);
        if (row < 0) continue;
        if (row < start || row >= end) {
          start = row;
          end = row + 1;
          for (let next = at + 1; next < keys.length; next++) {
            const other = row_of.get(keys[next]!);
            if (other < 0) continue;
            if (other < end - 1 || other > end + GAP_ROWS || other >= start + READ_ROWS) break;
            end = other + 1;
          }
          readExactly(
            saved.file,
            bytes.subarray(0, (end - start) * width),
            saved.rows_offset + start * width,
          );
        }
        use(keys[at]!, numbers, (row - start) * config.dimension, at);
      }
    },
  };
}
