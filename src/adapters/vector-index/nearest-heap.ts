// The k nearest of a flow of candidates: a bounded max-heap over two plain arrays.
import type { Neighbours } from "#ports/vector-index.ts";

export interface NearestHeap {
  offer(key: number, distance: number): void;
  /** Nearest first; of equal distances the smaller key first. Empties the heap. */
  take(): Neighbours;
}

export function createNearestHeap(k: number): NearestHeap {
  const keys: number[] = [];
  const distances: number[] = [];
  let worst = Number.POSITIVE_INFINITY;
  let worst_key = Number.POSITIVE_INFINITY;

  const farther = (a: number, b: number) =>
    distances[a]! > distances[b]! || (distances[a] === distances[b] && keys[a]! > keys[b]!);

  function swap(a: number, b: number): void {
    [keys[a], keys[b]] = [keys[b]!, keys[a]!];
    [distances[a], distances[b]] = [distances[b]!, distances[a]!];
  }

  function siftUp(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!farther(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  }

  function siftDown(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      if (left >= keys.length) return;
      const child = left + 1 < keys.length && farther(left + 1, left) ? left + 1 : left;
      if (!farther(child, at)) return;
      swap(at, child);
      at = child;
    }
  }

  return {
    offer(key, distance) {
      if (keys.length < k) {
        keys.push(key);
        distances.push(distance);
        siftUp(keys.length - 1);
      } else {
        if (distance > worst || (distance === worst && key > worst_key)) return;
        keys[0] = key;
        distances[0] = distance;
        siftDown();
      }
      if (keys.length < k) return;
      worst = distances[0]!;
      worst_key = keys[0]!;
    },
    take() {
      const order = keys.map((_, at) => at);
      order.sort((a, b) => distances[a]! - distances[b]! || keys[a]! - keys[b]!);
      return {
        keys: Float64Array.from(order, (at) => keys[at]!),
        distances: Float64Array.from(order, (at) => distances[at]!),
      };
    },
  };
}
