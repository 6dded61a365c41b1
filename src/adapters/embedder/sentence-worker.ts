// The worker thread of a sentence embedder: takes jobs of texts, answers with their vectors.
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { LakehouseError } from "#kernel/problem.ts";
import { loadSentenceModel, type SentenceModel, type SentenceSpec } from "./sentence-model.ts";

export interface SentenceJob {
  readonly id: number;
  readonly texts: readonly string[];
  /** One Int32 in shared memory; anything but 0 means that nobody waits any more. */
  readonly cancelled: SharedArrayBuffer;
}

export type SentenceReply =
  | {
      readonly id: number;
      readonly ok: true;
      readonly vectors: Float32Array;
      readonly text_tokens: number[];
      readonly pooled: number[];
    }
  | { readonly id: number; readonly ok: false; readonly reason: string; readonly message: string };

/** What a worker is started with. */
export interface SentenceWorkerData {
  readonly spec: SentenceSpec;
  readonly threads: number;
}

serve(parentPort!, workerData as SentenceWorkerData);

function serve(port: MessagePort, { spec, threads }: SentenceWorkerData): void {
  const loading = loadSentenceModel(spec, threads);
  // A failed load is told with the first job; here it only must not count as unhandled.
  loading.catch(() => undefined);
  let last: Promise<void> = Promise.resolve();
  port.on("message", (job: SentenceJob | "close") => {
    last = last.then(() => (job === "close" ? leave(port, loading) : answer(port, loading, job)));
  });
}

/** Ends the thread from within: terminated inside a native run, it takes the process down. */
async function leave(port: MessagePort, loading: Promise<SentenceModel>): Promise<void> {
  const model = await loading.catch(() => undefined);
  await model?.release();
  port.close();
}

async function answer(
  port: MessagePort,
  loading: Promise<SentenceModel>,
  job: SentenceJob,
): Promise<void> {
  try {
    const reply = await embedAll(await loading, job);
    port.postMessage(reply, reply.ok ? [reply.vectors.buffer as ArrayBuffer] : []);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = error instanceof LakehouseError ? error.reason : "embedder_failed";
    port.postMessage({ id: job.id, ok: false, reason, message } satisfies SentenceReply);
  }
}

async function embedAll(model: SentenceModel, job: SentenceJob): Promise<SentenceReply> {
  const flag = new Int32Array(job.cancelled);
  const cancelled = () => Atomics.load(flag, 0) !== 0;
  const vectors = new Float32Array(job.texts.length * model.dimension);
  const text_tokens: number[] = [];
  const pooled: number[] = [];
  for (const [position, text] of job.texts.entries()) {
    const one = await model.embed(text, cancelled);
    if (one === undefined) {
      return { id: job.id, ok: false, reason: "cancelled", message: "nobody waits any more" };
    }
    vectors.set(one.vector, position * model.dimension);
    text_tokens.push(one.tokens);
    if (one.pooled) pooled.push(position);
  }
  return { id: job.id, ok: true, vectors, text_tokens, pooled };
}
