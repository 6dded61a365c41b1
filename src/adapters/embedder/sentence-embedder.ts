// An embedder inside this process: a sentence model in worker threads, which start at first use.
import { LakehouseError } from "#kernel/problem.ts";
import type { Embedder, EmbeddingBatch } from "#ports/embedder.ts";
import type { SentenceSpec } from "./sentence-model.ts";
import { createSentencePool } from "./sentence-pool.ts";
import type { SentenceJob, SentenceReply } from "./sentence-worker.ts";

/** A job is what one worker does in one go: small, so that requests take turns. */
const JOB_TEXTS_MAX = 16;
const JOB_CHARACTERS_MAX = 16_384;
/** Texts that may wait for a worker. */
const WAITING_TEXTS_MAX = 100_000;

export interface SentenceOptions {
  /** Threads of one worker, 0 = 1; 1 is best, as each text is a small run of its own. */
  readonly threads: number;
  /** Workers at most; the second starts when the first has more than it can do at once. */
  readonly workers: number;
}

interface Part extends SentenceJob {
  /** Position of its first text in the request. */
  readonly offset: number;
  readonly request: Request;
}

interface Request {
  readonly dimension: number;
  /** Set to 1 when nobody waits any more; the worker looks before each run. */
  readonly cancelled: SharedArrayBuffer;
  readonly vectors: Float32Array;
  readonly text_tokens: number[];
  readonly pooled: number[];
  open_parts: number;
  settle(outcome: EmbeddingBatch | LakehouseError): void;
}

/** Vectors do not depend on what else is in the batch. Errors: `unavailable`, `cancelled`. */
export function createSentenceEmbedder(spec: SentenceSpec, options: SentenceOptions): Embedder {
  const { model, dimension } = spec;
  const waiting: Part[] = [];
  let waiting_texts = 0;
  let closed = false;
  const threads = Math.max(1, options.threads);
  const workers = Math.max(1, options.workers);
  const pool = createSentencePool<Part>(
    { spec, threads, workers },
    {
      take() {
        const part = waiting.shift();
        waiting_texts -= part?.texts.length ?? 0;
        return part;
      },
      waiting: () => waiting.length,
      replied: takeReply,
      lost(part, error) {
        const message = `the worker of ${model} ended: ${error.message}`;
        giveUp(part.request, failed("embedder_failed", message));
      },
    },
  );

  async function embed(texts: readonly string[], signal: AbortSignal): Promise<EmbeddingBatch> {
    if (closed) throw failed("embedder_closed", "the embedder is closed");
    if (signal.aborted) throw cancelledError();
    if (waiting_texts + texts.length > WAITING_TEXTS_MAX) {
      const message = `more than ${WAITING_TEXTS_MAX} texts wait for ${model}`;
      throw failed("queue_full", message);
    }
    const { request, answer } = openRequest(texts.length, dimension);
    const parts = splitParts(texts, request);
    if (parts.length === 0) return batchOf(request);
    request.open_parts = parts.length;
    waiting_texts += texts.length;
    waiting.push(...parts);
    pool.dispatch();
    const leave = () => giveUp(request, cancelledError());
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await answer;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  function giveUp(request: Request, error: LakehouseError): void {
    Atomics.store(new Int32Array(request.cancelled), 0, 1);
    for (let at = waiting.length - 1; at >= 0; at--) {
      if (waiting[at]!.request !== request) continue;
      waiting_texts -= waiting[at]!.texts.length;
      waiting.splice(at, 1);
    }
    request.settle(error);
  }

  function takeReply(part: Part, reply: SentenceReply): void {
    const { request, offset } = part;
    if (!reply.ok) return giveUp(request, failed(reply.reason, reply.message));
    request.vectors.set(reply.vectors, offset * dimension);
    for (const [at, count] of reply.text_tokens.entries()) request.text_tokens[offset + at] = count;
    request.pooled.push(...reply.pooled.map((at) => offset + at));
    request.open_parts--;
    if (request.open_parts === 0) request.settle(batchOf(request));
  }

  async function close(): Promise<void> {
    closed = true;
    const error = failed("embedder_closed", "the embedder was closed");
    const open = new Set([...waiting, ...pool.running()].map(({ request }) => request));
    for (const request of open) giveUp(request, error);
    await pool.close();
  }

  return { model, dimension, embed, close };
}

function openRequest(
  texts: number,
  dimension: number,
): { request: Request; answer: Promise<EmbeddingBatch> } {
  const { promise, resolve, reject } = Promise.withResolvers<EmbeddingBatch>();
  const request: Request = {
    cancelled: new SharedArrayBuffer(4),
    vectors: new Float32Array(texts * dimension),
    dimension,
    text_tokens: Array.from({ length: texts }, () => 0),
    pooled: [],
    open_parts: 0,
    // The first outcome counts; later ones of a promise change nothing.
    settle: (outcome) => (outcome instanceof LakehouseError ? reject(outcome) : resolve(outcome)),
  };
  return { request, answer: promise };
}

function batchOf({ vectors, dimension, text_tokens, pooled }: Request): EmbeddingBatch {
  return {
    vectors,
    dimension,
    tokens: text_tokens.reduce((sum, count) => sum + count, 0),
    pooled: pooled.toSorted((a, b) => a - b),
    text_tokens,
  };
}

function splitParts(texts: readonly string[], request: Request): Part[] {
  const parts: Part[] = [];
  let from = 0;
  let characters = 0;
  for (const [at, text] of texts.entries()) {
    characters += text.length;
    const full = at + 1 - from >= JOB_TEXTS_MAX || characters >= JOB_CHARACTERS_MAX;
    if (!full && at + 1 < texts.length) continue;
    const job = { id: from, texts: texts.slice(from, at + 1), cancelled: request.cancelled };
    parts.push({ ...job, offset: from, request });
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
