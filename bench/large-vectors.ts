// Does vector search hold at millions? Build, rebuild, memory, recall, all through the contract.
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Client } from "#kernel/contract.ts";
import type { vector } from "#contracts/vector.ts";
import { openVector } from "#recall/vector/open-vector.suite.ts";
import { load, machine, percentile, printReport, round, timed } from "./support/bench-report.ts";
import type { FlowAsk, FlowPlan } from "./support/vector-flow-worker.ts";
import { recallOf } from "./support/vector-truth.ts";

const INDEX = "large";
const DIMENSION = 384;
const K = 10;
const QUERIES = 1_000;
const TRUTH_QUERIES = 100;
const BATCH = 256;
const LATE_ITEMS = 3_000;
const ALL = 99;
const SHARES = { all: ALL, "1 %": 0, "10 %": 9, "50 %": 49 } as const;
/** Graph widths beside the one that a search takes by itself. */
const WIDTHS = [64, 128, 256, 512, 1024];
/** Pause between two searches of the one who searches while the index is built. */
const PAUSE_MS = 20;

type VectorClient = Client<typeof vector>;
type Figures = Record<string, number | string>;

/**
 * `npm run bench -- large-vectors [--rows N] [--quantization f16|i8] [--dir DIR] [--json]`
 *
 * Items come with vectors of their own, one writer, and somebody searches all the while. Then:
 * a rebuild under searches, closing, opening, and recall against comparing with every item.
 */
const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "2500000" },
    quantization: { type: "string", default: "f16" },
    dir: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const rows = Number(values.rows);
const quantization = values.quantization === "i8" ? "i8" : "f16";
const before = load();
const root = await mkdtemp(join(values.dir ?? tmpdir(), "lakehouse-large-vectors-"));
const figures: Figures = { rows, dimension: DIMENSION, quantization };
const flow = openFlow({
  dimension: DIMENSION,
  queries: QUERIES,
  truth_queries: TRUTH_QUERIES,
  k: K,
  buckets_to: Object.values(SHARES),
});
try {
  const packed = await flow.ask<Float32Array>({ ask: "queries" });
  const queries = Array.from({ length: QUERIES }, (_, at) => [
    ...packed.subarray(at * DIMENSION, (at + 1) * DIMENSION),
  ]);
  let opened = await openVector(root);
  await build(opened.client, queries);
  await rebuild(opened.client, queries);
  await noteMemory("after the rebuild");
  await opened.close();
  const again = await timed(async () => {
    opened = await openVector(root);
    await opened.client.search({ index: INDEX, vector: queries[0]!, k: K });
  });
  figures["opened to the first answer (s)"] = round(again.ms / 1000);
  await searches(opened.client, queries);
  await noteMemory("opened, after searches");
  figures["on disk (GiB)"] = round((await bytesBelow(root)) / 2 ** 30);
  await opened.close();
  const report = { question: "large-vectors", machine: machine(), ratios: {} };
  printReport({ ...report, load: { before, after: load() }, figures }, values.json);
} finally {
  await flow.close();
  await rm(root, { recursive: true, force: true });
}

function openFlow(plan: FlowPlan) {
  const url = new URL("./support/vector-flow-worker.ts", import.meta.url);
  const worker = new Worker(url, { workerData: plan });
  return {
    /** One question at a time. */
    async ask<T>(what: FlowAsk): Promise<T> {
      const answer = once(worker, "message");
      worker.postMessage(what);
      return (await answer)[0] as T;
    },
    close: () => worker.terminate(),
  };
}

async function add(client: VectorClient, vectors: Float32Array, from: number): Promise<void> {
  const items = Array.from({ length: vectors.length / DIMENSION }, (_, at) => ({
    id: `${from + at}`,
    vector: [...vectors.subarray(at * DIMENSION, (at + 1) * DIMENSION)],
    metadata: { bucket: (from + at) % 100 },
  }));
  await client.upsert({ index: INDEX, items });
}

async function build(client: VectorClient, queries: readonly number[][]): Promise<void> {
  await client.create({
    index: INDEX,
    quantization,
    dimension: DIMENSION,
    embedder: null,
    lexical: false,
  });
  const start = performance.now();
  const watch = startWatch(client, queries);
  let coming = flow.ask<Float32Array>({ ask: Math.min(BATCH, rows) });
  let told = start;
  for (let at = 0; at < rows; at += BATCH) {
    const vectors = await coming;
    const left = rows - at - BATCH;
    if (left > 0) coming = flow.ask({ ask: Math.min(BATCH, left) });
    await add(client, vectors, at);
    if (!values.json && performance.now() - told > 30_000) {
      told = performance.now();
      const { generation, log_items } = await client.stats({ index: INDEX });
      const rate = Math.round(((at + BATCH) / (told - start)) * 1000);
      console.error(
        `  ${at + BATCH} of ${rows}, ${rate}/s, generation ${generation}, log ${log_items}`,
      );
    }
  }
  const seconds = (performance.now() - start) / 1000;
  figures["adding (s)"] = round(seconds);
  figures["added per second"] = Math.round(rows / seconds);
  await watch.stop("while adding");
  figures["generations written meanwhile"] = (await client.stats({ index: INDEX })).generation;
}

async function rebuild(client: VectorClient, queries: readonly number[][]): Promise<void> {
  // One that is under way leaves what came since.
  while ((await client.stats({ index: INDEX })).log_items > 0) {
    await client.rebuild({ index: INDEX });
  }
  const late = await flow.ask<Float32Array>({ ask: LATE_ITEMS });
  await add(client, late, rows);
  const watch = startWatch(client, queries);
  const { ms } = await timed(() => client.rebuild({ index: INDEX }));
  figures[`rebuild with ${LATE_ITEMS} new (s)`] = round(ms / 1000);
  await watch.stop("while rebuilding");
}

/** Searches one after the other, and looks at memory and the event loop, until it is stopped. */
function startWatch(client: VectorClient, queries: readonly number[][]) {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const latencies: number[] = [];
  let peak = 0;
  let running = true;
  const searching = (async () => {
    for (let at = 0; running; at++) {
      const query = queries[at % QUERIES]!;
      latencies.push((await timed(() => client.search({ index: INDEX, vector: query, k: K }))).ms);
      peak = Math.max(peak, (await memoryMiB()).own);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return {
    async stop(when: string) {
      running = false;
      await searching;
      delay.disable();
      figures[`searches ${when}`] = latencies.length;
      figures[`… ${when} p50 / p95 / longest (ms)`] = [0.5, 0.95, 1]
        .map((share) => percentile(latencies, share))
        .join(" / ");
      figures[`event loop ${when}, p99 / max (ms)`] =
        `${round(delay.percentile(99) / 1e6)} / ${round(delay.max / 1e6)}`;
      figures[`memory that cannot be dropped, peak ${when} (MiB)`] = peak;
    },
  };
}

async function searches(client: VectorClient, queries: readonly number[][]): Promise<void> {
  const truth = await flow.ask<number[][][]>({ ask: "truth" });
  /** Recall and time of asking `queries` with `more`, one after the other. */
  async function ask(wanted: readonly number[][], more: object) {
    const latencies: number[] = [];
    const found: string[][] = [];
    for (const vector of queries.slice(0, wanted.length)) {
      const asked = { index: INDEX, vector, k: K, ...more };
      const { ms, result } = await timed(() => client.search(asked));
      latencies.push(ms);
      found.push(result.hits.map(({ id }) => id));
    }
    const recall = recallOf(
      found,
      wanted.map((keys) => keys.map(String)),
    );
    return { recall, p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) };
  }
  for (const [at, [name, lte]] of Object.entries(SHARES).entries()) {
    const filters = lte === ALL ? {} : { filters: { bucket: { lte } } };
    const { recall, p50, p95 } = await ask(truth[at]!, filters);
    figures[`${name}: recall@10`] = recall;
    figures[`${name}: cold p50 / p95 (ms)`] = `${p50} / ${p95}`;
  }
  for (const expansion of WIDTHS) {
    const { recall, p50 } = await ask(truth[0]!, { expansion });
    figures[`all, expansion ${expansion}: recall@10, p50 (ms)`] = `${recall}, ${p50}`;
  }
  for (const callers of [1, 8]) {
    const latencies: number[] = [];
    let next = 0;
    const { ms } = await timed(() =>
      Promise.all(
        Array.from({ length: callers }, async () => {
          while (next < QUERIES) {
            const asked = { index: INDEX, vector: queries[next++]!, k: K };
            latencies.push((await timed(() => client.search(asked))).ms);
          }
        }),
      ),
    );
    figures[`${callers} callers: p50 / p95 (ms)`] =
      `${percentile(latencies, 0.5)} / ${percentile(latencies, 0.95)}`;
    figures[`${callers} callers: per second`] = Math.round((QUERIES / ms) * 1000);
  }
}

async function noteMemory(when: string): Promise<void> {
  const { own, all } = await memoryMiB();
  figures[`memory that cannot be dropped / all, ${when} (MiB)`] = `${own} / ${all}`;
}

/** Of the whole process: Linux's RssAnon, and with the files it has mapped. */
async function memoryMiB(): Promise<{ readonly own: number; readonly all: number }> {
  const text = await readFile("/proc/self/status", "utf8");
  const mib = (field: string) =>
    Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024);
  return { own: mib("RssAnon"), all: mib("VmRSS") };
}

async function bytesBelow(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true });
  const sizes = await Promise.all(names.map(async (one) => (await stat(join(dir, one))).size));
  return sizes.reduce((sum, one) => sum + one, 0);
}
