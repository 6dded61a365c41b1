// The built-in embedder: all-MiniLM-L6-v2 in worker threads, which start at first use.
import { Worker } from "node:worker_threads";
import { LakehouseError } from "#kernel/problem.ts";
import type { Embedder, EmbeddingBatch } from "#ports/embedder.ts";
import { MINILM_DIMENSION } from "./minilm-model.ts";
import type { MiniLmJob, MiniLmReply } from "./minilm-worker.ts";

export const MINILM_MODEL = "builtin/all-minilm-l6-v2";

/** A job is what one worker does in one go: small, so that requests take turns. */
const JOB_TEXTS_MAX = 16;
const JOB_CHARACTERS_MAX = 16_384;
/** Texts that may wait for a worker. */
const WAITING_TEXTS_MAX = 100_000;
/** How long a worker may take to finish its run and leave. */
const CLOSE_TIMEOUT_MS = 10_000;

export interface MiniLmOptions {
  /** Threads of one worker, 0 = 1; 1 is best, as each text is a small run of its own. */
  readonly threads: number;
  /** Workers at most; the second starts when the first has more than it can do at once. */
  readonly workers: number;
}

interface Part {
  readonly texts: readonly string[];
  readonly offset: number;
  readonly request: Request;
}

interface Request {
  readonly cancelled: SharedArrayBuffer;
  readonly batch: { vectors: Float32Array; tokens: number; pooled: number[]; counts: number[] };
  open_parts: number;
  settled: boolean;
  resolve(batch: EmbeddingBatch): void;
  reject(error: unknown): void;
}

interface Hand {
  readonly worker: Worker;
  part: Part | undefined;
}

/** Vectors do not depend on what else is in the batch. Errors: `unavailable`, `cancelled`. */
export function createMiniLmEmbedder(options: MiniLmOptions): Embedder {
  const hands = new Set<Hand>();
  const waiting: Part[] = [];
  let waiting_texts = 0;
  let closed = false;

  function embed(texts: readonly string[], signal: AbortSignal): Promise<EmbeddingBatch> {
    if (closed) return Promise.reject(failed("embedder_closed", "the embedder is closed"));
    if (signal.aborted) return Promise.reject(cancelledError());
    if (waiting_texts + texts.length > WAITING_TEXTS_MAX) {
      const message = `more than ${WAITING_TEXTS_MAX} texts wait for the built-in embedder`;
      return Promise.reject(failed("queue_full", message));
    }
    return new Promise<EmbeddingBatch>((resolve, reject) => {
      const request = openRequest(texts.length, resolve, reject);
      const leave = () => fail(request, cancelledError());
      signal.addEventListener("abort", leave, { once: true });
      const done = () => signal.removeEventListener("abort", leave);
      request.resolve = (batch) => (done(), resolve(batch));
      request.reject = (error) => (done(), reject(error as Error));
      const parts = splitParts(texts, request);
      request.open_parts = parts.length;
      if (parts.length === 0) return finish(request);
      waiting_texts += texts.length;
      waiting.push(...parts);
      dispatch();
    });
  }

  function dispatch(): void {
    for (const hand of hands) if (hand.part === undefined) handOut(hand);
    while (waiting.length > 0 && hands.size < Math.max(1, options.workers)) handOut(startHand());
  }

  function handOut(hand: Hand): void {
    const part = waiting.shift();
    if (part === undefined) return hand.worker.unref();
    waiting_texts -= part.texts.length;
    hand.part = part;
    hand.worker.ref();
    const job: MiniLmJob = {
      id: part.offset,
      texts: part.texts,
      cancelled: part.request.cancelled,
    };
    hand.worker.postMessage(job);
  }

  function startHand(): Hand {
    const worker = new Worker(new URL("./minilm-worker.ts", import.meta.url), {
      workerData: { threads: Math.max(1, options.threads) },
    });
    const hand: Hand = { worker, part: undefined };
    hands.add(hand);
    worker.on("message", (reply: MiniLmReply) => {
      const { part } = hand;
      hand.part = undefined;
      if (part !== undefined) takeReply(part, reply);
      dispatch();
    });
    worker.on("error", (error: Error) => dropHand(hand, error));
    worker.on("exit", (code) => dropHand(hand, new Error(`exit code ${code}`)));
    return hand;
  }

  function takeReply(part: Part, reply: MiniLmReply): void {
    const { request } = part;
    if (request.settled) return;
    if (!reply.ok) return fail(request, failed(reply.reason, reply.message));
    const { batch } = request;
    batch.vectors.set(reply.vectors, part.offset * MINILM_DIMENSION);
    for (const [at, count] of reply.text_tokens.entries()) {
      batch.counts[part.offset + at] = count;
      batch.tokens += count;
    }
    batch.pooled.push(...reply.pooled.map((at) => part.offset + at));
    request.open_parts--;
    if (request.open_parts === 0) finish(request);
  }

  /** A worker that died takes its job with it; the next job starts another. */
  function dropHand(hand: Hand, error: Error): void {
    if (!hands.delete(hand)) return;
    if (hand.part !== undefined) {
      const message = `the built-in embedder's worker ended: ${error.message}`;
      fail(hand.part.request, failed("embedder_failed", message));
    }
    if (!closed) dispatch();
  }

  function fail(request: Request, error: LakehouseError): void {
    if (request.settled) return;
    request.settled = true;
    Atomics.store(new Int32Array(request.cancelled), 0, 1);
    for (let at = waiting.length - 1; at >= 0; at--) {
      if (waiting[at]!.request !== request) continue;
      waiting_texts -= waiting[at]!.texts.length;
      waiting.splice(at, 1);
    }
    request.reject(error);
  }

  async function close(): Promise<void> {
    closed = true;
    const error = failed("embedder_closed", "the embedder was closed");
    for (const part of [...waiting]) fail(part.request, error);
    const running = [...hands];
    hands.clear();
    for (const hand of running) if (hand.part !== undefined) fail(hand.part.request, error);
    await Promise.all(running.map(({ worker }) => endWorker(worker)));
  }

  return { model: MINILM_MODEL, dimension: MINILM_DIMENSION, embed, close };
}

/** Lets the worker end by itself once its run is over; terminated only when it does not. */
async function endWorker(worker: Worker): Promise<void> {
  worker.ref();
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    worker.once("exit", () => resolve());
    timer = setTimeout(() => void worker.terminate().then(() => resolve()), CLOSE_TIMEOUT_MS);
    worker.postMessage("close");
  });
  clearTimeout(timer);
}

function openRequest(
  texts: number,
  resolve: Request["resolve"],
  reject: Request["reject"],
): Request {
  const vectors = new Float32Array(texts * MINILM_DIMENSION);
  const counts = Array.from({ length: texts }, () => 0);
  return {
    cancelled: new SharedArrayBuffer(4),
    batch: { vectors, tokens: 0, pooled: [], counts },
    open_parts: 0,
    settled: false,
    resolve,
    reject,
  };
}

function finish(request: Request): void {
  request.settled = true;
  const { vectors, tokens, pooled, counts } = request.batch;
  request.resolve({
    vectors,
    dimension: MINILM_DIMENSION,
    tokens,
    pooled: pooled.toSorted((a, b) => a - b),
    text_tokens: counts,
  });
}

function splitParts(texts: readonly string[], request: Request): Part[] {
  const parts: Part[] = [];
  let from = 0;
  let characters = 0;
  for (const [at, text] of texts.entries()) {
    characters += text.length;
    const full = at + 1 - from >= JOB_TEXTS_MAX || characters >= JOB_CHARACTERS_MAX;
    if (!full && at + 1 < texts.length) continue;
    parts.push({ texts: texts.slice(from, at + 1), offset: from, request });
    from = at + 1;
    characters = 0;
  }
  return parts;
}

function cancelledError(): LakehouseError {
  return new LakehouseError("cancelled", "embedding was cancelled by its caller");
}

function failed(reason: string, message: string): LakehouseError {
  return new LakehouseError("unavailable", message, { reason });
}
