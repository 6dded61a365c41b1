// The worker thread of the vector engine: all native calls happen here.
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { toLakehouseError } from "#kernel/problem.ts";
import type { Neighbours } from "#ports/vector-index.ts";
import { createLayeredGraph, loadLayeredGraph, type LayeredGraph } from "./layered-graph.ts";
import { mergeFile } from "./merge-file.ts";
import type {
  MergeRequest,
  SearchItem,
  WorkerOptions,
  WorkerReply,
  WorkerRequest,
} from "./usearch-messages.ts";

type Change = Exclude<WorkerRequest, { kind: "search" | "among" | "merge" | "leave" }>;
type Search = Extract<WorkerRequest, { kind: "search" | "among" }>;

await serve(parentPort!, workerData as WorkerOptions);

async function serve(port: MessagePort, options: WorkerOptions): Promise<void> {
  const host = { usearch: await import("usearch"), threads: options.threads };
  const graphs = new Map<number, LayeredGraph>();
  const lanes = new Map<number, Promise<void>>();

  const graphOf = (index: number) => {
    const graph = graphs.get(index);
    if (graph === undefined) throw new Error(`the engine has no index ${index}`);
    return graph;
  };

  async function change(message: Change): Promise<unknown> {
    const { index } = message;
    switch (message.kind) {
      case "create":
        return void graphs.set(index, createLayeredGraph(host, message.config));
      case "load":
        return void graphs.set(index, await loadLayeredGraph(host, message.config, message.path));
      case "upsert":
        return graphOf(index).upsert(message.keys, message.vectors);
      case "remove":
        return graphOf(index).remove(message.keys);
      case "size":
        return graphOf(index).size;
      case "save":
        return graphOf(index).save(message.path);
      case "subset":
        // Reads its rows before it waits for the first time, so later changes need not wait.
        return graphOf(index)
          .subset(message.keys, message.new_keys)
          .then((graph) => void graphs.set(message.new_index, graph));
      case "drop": {
        const graph = graphs.get(index);
        graphs.delete(index);
        return graph?.close();
      }
    }
  }

  /** A subset only has to begin in its turn, and so has the saving of a mapped index. */
  const goesAside = ({ kind, index }: Change) =>
    kind === "subset" || (kind === "save" && graphs.get(index)?.mapped === true);

  /** Changes of one index take turns. */
  function enqueue(message: Change): void {
    const before = lanes.get(message.index) ?? Promise.resolve();
    const result = before.then(() => {
      const aside = goesAside(message);
      return { aside, work: answer(message.id, () => change(message)) };
    });
    const lane = result.then(({ aside, work }) => (aside ? undefined : work));
    lanes.set(message.index, lane);
    if (message.kind === "drop") void lane.then(() => lanes.delete(message.index));
  }

  async function answer(id: number, work: () => Promise<unknown>): Promise<void> {
    try {
      port.postMessage({ kind: "done", id, value: await work() } satisfies WorkerReply);
    } catch (error) {
      port.postMessage(failure([id], error));
    }
  }

  const merge = (message: MergeRequest) => answer(message.id, () => mergeFile(host, message));

  port.on("message", (message: WorkerRequest) => {
    if (message.kind === "leave") port.close();
    else if (message.kind === "merge") void merge(message);
    else if (message.kind === "search" || message.kind === "among") {
      port.postMessage(answerSearch(message, graphOf));
    } else enqueue(message);
  });
}

function answerSearch(message: Search, graphOf: (index: number) => LayeredGraph): WorkerReply {
  const ids = message.kind === "among" ? [message.id] : message.items.map(({ id }) => id);
  try {
    const graph = graphOf(message.index);
    if (message.kind === "search") {
      return found(
        ids,
        message.items.map(({ count }) => count),
        searchAll(graph, message),
      );
    }
    return found(ids, [1], [graph.searchAmong(message.query, message.keys, message.k)]);
  } catch (error) {
    return failure(ids, error);
  }
}

/** Neighbouring items that ask for the same go to the engine in one call. */
function searchAll(
  graph: LayeredGraph,
  message: Extract<Search, { kind: "search" }>,
): Neighbours[] {
  const { items, queries } = message;
  const { dimension } = graph.config;
  const all: Neighbours[] = [];
  let row = 0;
  for (let at = 0; at < items.length;) {
    const { k, expansion } = items[at]!;
    let rows = 0;
    const alike = (item: SearchItem) => item.k === k && item.expansion === expansion;
    for (; at < items.length && alike(items[at]!); at++) rows += items[at]!.count;
    const some = queries.subarray(row * dimension, (row + rows) * dimension);
    for (const neighbours of graph.search(some, k, expansion)) all.push(neighbours);
    row += rows;
  }
  return all;
}

function found(
  ids: readonly number[],
  rows: readonly number[],
  all: readonly Neighbours[],
): WorkerReply {
  const counts = Uint32Array.from(all, ({ keys }) => keys.length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const keys = new Float64Array(total);
  const distances = new Float64Array(total);
  let at = 0;
  for (const neighbours of all) {
    keys.set(neighbours.keys, at);
    distances.set(neighbours.distances, at);
    at += neighbours.keys.length;
  }
  return { kind: "found", ids, rows, counts, keys, distances };
}

function failure(ids: readonly number[], thrown: unknown): WorkerReply {
  const { code, reason, message } = toLakehouseError(thrown);
  return { kind: "failed", ids, code, reason, message };
}
