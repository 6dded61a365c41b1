// The worker threads of a sentence embedder: started when there is work, given one job each.
import { Worker } from "node:worker_threads";
import type { SentenceSpec } from "./sentence-model.ts";
import type { SentenceJob, SentenceReply, SentenceWorkerData } from "./sentence-worker.ts";

/** How long a worker may take to finish its run and leave. */
const CLOSE_TIMEOUT_MS = 10_000;

export interface PoolWork<J extends SentenceJob> {
  /** The next job, or undefined when none waits. */
  take(): J | undefined;
  waiting(): number;
  replied(job: J, reply: SentenceReply): void;
  /** The worker ended before it replied. */
  lost(job: J, error: Error): void;
}

export interface SentencePool<J extends SentenceJob> {
  /** Hands waiting jobs to idle workers, and starts another worker when all are busy. */
  dispatch(): void;
  /** Jobs that are being worked on. */
  running(): J[];
  close(): Promise<void>;
}

interface Hand<J> {
  readonly worker: Worker;
  job: J | undefined;
}

export function createSentencePool<J extends SentenceJob>(
  options: {
    readonly spec: SentenceSpec;
    readonly threads: number;
    readonly workers: number;
  },
  work: PoolWork<J>,
): SentencePool<J> {
  const hands = new Set<Hand<J>>();

  function dispatch(): void {
    for (const hand of hands) if (hand.job === undefined) handOut(hand);
    while (work.waiting() > 0 && hands.size < options.workers) handOut(startHand());
  }

  function handOut(hand: Hand<J>): void {
    hand.job = work.take();
    // An idle worker does not keep the process alive.
    if (hand.job === undefined) return hand.worker.unref();
    hand.worker.ref();
    const { id, texts, cancelled } = hand.job;
    hand.worker.postMessage({ id, texts, cancelled } satisfies SentenceJob);
  }

  function startHand(): Hand<J> {
    const worker = new Worker(new URL("./sentence-worker.ts", import.meta.url), {
      workerData: { spec: options.spec, threads: options.threads } satisfies SentenceWorkerData,
    });
    const hand: Hand<J> = { worker, job: undefined };
    hands.add(hand);
    worker.on("message", (reply: SentenceReply) => {
      const { job } = hand;
      hand.job = undefined;
      if (job !== undefined) work.replied(job, reply);
      if (hands.has(hand)) dispatch();
    });
    worker.on("error", (error: Error) => dropHand(hand, error));
    worker.on("exit", (code) => dropHand(hand, new Error(`exit code ${code}`)));
    return hand;
  }

  /** A worker that died takes its job with it; the next job starts another. */
  function dropHand(hand: Hand<J>, error: Error): void {
    if (!hands.delete(hand)) return;
    if (hand.job !== undefined) work.lost(hand.job, error);
    dispatch();
  }

  return {
    dispatch,
    running: () => [...hands].flatMap(({ job }) => (job === undefined ? [] : [job])),
    async close() {
      const workers = [...hands].map(({ worker }) => worker);
      hands.clear();
      await Promise.all(workers.map(endWorker));
    },
  };
}

/**
 * Lets the worker end by itself once its run is over: terminating it within a native run takes the
 * whole process down. It is terminated only when it does not end.
 */
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
