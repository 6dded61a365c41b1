// The event loop's end of the worker thread: questions with numbers, answers, and its death.
import { Worker } from "node:worker_threads";
import { LakehouseError } from "#kernel/problem.ts";
import type { Neighbours } from "#ports/vector-index.ts";
import type { FoundBatch, WorkerOptions, WorkerReply, WorkerRequest } from "./usearch-messages.ts";

/** How long the thread may take to finish its native call and leave. */
const CLOSE_TIMEOUT_MS = 10_000;
/** Answers that may be waited for; more is a caller without bounds. */
const WAITING_MAX = 100_000;

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

export interface WorkerLink {
  readonly stopped: boolean;
  /** Sends one request and waits for its answer. */
  ask<T = void>(
    request: WithoutId<Exclude<WorkerRequest, { kind: "search" | "leave" }>>,
    transfer?: ArrayBufferLike[],
  ): Promise<T>;
  /** An answer to be given later under a number that `begin` is told. */
  expect<T>(begin: (id: number) => void): Promise<T>;
  /** Sends a batch whose items have numbers already; `answered` when its one reply is there. */
  post(
    request: Extract<WorkerRequest, { kind: "search" }>,
    transfer: ArrayBufferLike[],
    answered: () => void,
  ): void;
  /** Lets the thread finish and end. */
  leave(): Promise<void>;
  /** Ends the thread after its native call at most; what waits is answered with an error. */
  stop(): Promise<void>;
}

interface Waiter {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export function createWorkerLink(options: WorkerOptions): WorkerLink {
  const worker = new Worker(new URL("./usearch-worker.ts", import.meta.url), {
    workerData: options,
  });
  const waiters = new Map<number, Waiter>();
  const batches = new Map<number, () => void>();
  let next_id = 1;
  let death: LakehouseError | undefined;

  function die(cause: unknown): void {
    death ??= new LakehouseError("unavailable", "the vector engine has stopped", {
      reason: "vector_engine_stopped",
      cause,
    });
    const left = [...waiters.values()];
    waiters.clear();
    batches.clear();
    for (const waiter of left) waiter.reject(death);
  }

  function settle(id: number, end: (waiter: Waiter) => void): void {
    const waiter = waiters.get(id);
    if (waiter === undefined) return;
    waiters.delete(id);
    end(waiter);
  }

  function closeBatch(first_id: number): void {
    const answered = batches.get(first_id);
    batches.delete(first_id);
    answered?.();
  }

  worker.on("message", (reply: WorkerReply) => {
    if (reply.kind === "found") {
      closeBatch(reply.ids[0]!);
      handOut(reply, (id, value) => settle(id, (waiter) => waiter.resolve(value)));
    } else if (reply.kind === "done") settle(reply.id, (waiter) => waiter.resolve(reply.value));
    else {
      closeBatch(reply.ids[0]!);
      const { code, reason, message } = reply;
      for (const id of reply.ids) {
        settle(id, (waiter) => waiter.reject(new LakehouseError(code, message, { reason })));
      }
    }
  });
  worker.on("error", die);
  const gone = new Promise<void>((resolve) => {
    worker.on("exit", (code) => {
      die(new Error(`the thread ended with code ${code}`));
      resolve();
    });
  });

  function expect<T>(begin: (id: number) => void): Promise<T> {
    if (death !== undefined) return Promise.reject(death);
    if (waiters.size >= WAITING_MAX) {
      const reason = "queue_full";
      const message = "too many requests wait for the vector engine";
      return Promise.reject(new LakehouseError("unavailable", message, { reason }));
    }
    return new Promise<T>((resolve, reject) => {
      const id = next_id++;
      waiters.set(id, { resolve: resolve as (value: unknown) => void, reject });
      begin(id);
    });
  }

  return {
    get stopped() {
      return death !== undefined;
    },
    expect,
    ask: (request, transfer = []) =>
      expect((id) => worker.postMessage({ ...request, id }, transfer as ArrayBuffer[])),
    post(request, transfer, answered) {
      batches.set(request.items[0]!.id, answered);
      worker.postMessage(request, transfer as ArrayBuffer[]);
    },
    async stop() {
      await worker.terminate();
    },
    async leave() {
      if (death === undefined) worker.postMessage({ kind: "leave" } satisfies WorkerRequest);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      });
      await Promise.race([gone, late]);
      clearTimeout(timer);
      if (death === undefined) await worker.terminate();
    },
  };
}

/** Cuts a batch of answers into those of each question. */
function handOut(
  batch: FoundBatch,
  give: (id: number, value: readonly Neighbours[]) => void,
): void {
  let row = 0;
  let at = 0;
  for (const [position, id] of batch.ids.entries()) {
    const own: Neighbours[] = [];
    for (let left = batch.rows[position]!; left > 0; left--) {
      const end = at + batch.counts[row++]!;
      own.push({
        keys: batch.keys.subarray(at, end),
        distances: batch.distances.subarray(at, end),
      });
      at = end;
    }
    give(id, own);
  }
}
