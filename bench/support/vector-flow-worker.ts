// Thread: makes vectors in batches, and keeps for each query the true nearest of all it made.
import { parentPort, workerData } from "node:worker_threads";
import { createNearestHeap, type NearestHeap } from "#adapters/vector-index/nearest-heap.ts";
import { clusteredVectors } from "./clustered-vectors.ts";

export interface FlowPlan {
  readonly dimension: number;
  readonly queries: number;
  readonly truth_queries: number;
  readonly k: number;
  /** Row n has bucket n mod 100; for each of these the truth among rows of a bucket up to it. */
  readonly buckets_to: readonly number[];
}

export type FlowAsk = { readonly ask: "queries" | "truth" } | { readonly ask: number };

const plan = workerData as FlowPlan;
const { dimension, truth_queries } = plan;
const flow = clusteredVectors(dimension);
const queries = flow.next(plan.queries);
const heaps: NearestHeap[][] = plan.buckets_to.map(() =>
  Array.from({ length: truth_queries }, () => createNearestHeap(plan.k)),
);
let made = 0;

parentPort!.on("message", ({ ask }: FlowAsk) => {
  if (ask === "queries") parentPort!.postMessage(queries);
  else if (ask === "truth") {
    parentPort!.postMessage(heaps.map((some) => some.map((heap) => [...heap.take().keys])));
  } else {
    const vectors = flow.next(ask);
    for (let row = 0; row < ask; row++) offer(vectors, row, made + row);
    made += ask;
    parentPort!.postMessage(vectors, [vectors.buffer as ArrayBuffer]);
  }
});

function offer(vectors: Float32Array, row: number, key: number): void {
  const start = row * dimension;
  for (let query = 0; query < truth_queries; query++) {
    const from = query * dimension;
    let dot = 0;
    for (let at = 0; at < dimension; at++) dot += vectors[start + at]! * queries[from + at]!;
    for (const [share, to] of plan.buckets_to.entries()) {
      if (key % 100 <= to) heaps[share]![query]!.offer(key, 1 - dot);
    }
  }
}
