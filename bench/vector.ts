// What the vector service costs over bare usearch: throughput and latency at the same recall.
// `npm run bench -- vector [--rows N] [--rounds N] [--i8] [--json]`
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Index, type MetricKind, type ScalarKind } from "usearch";
import type { Client } from "#kernel/contract.ts";
import type { vector } from "#contracts/vector.ts";
import { openVector } from "#recall/vector/open-vector.suite.ts";
import { vectorSettings } from "#recall/vector/vector-settings.ts";
import {
  load,
  machine,
  median,
  numberArg,
  printReport,
  round,
  spread,
  timed,
  percentile,
} from "./support/bench-report.ts";
import { clusteredVectors } from "./support/clustered-vectors.ts";
import { recallOf, rowOf, trueAmong } from "./support/vector-truth.ts";

const DIMENSION = 384;
const K = 10;
const QUERIES = 1000;
const TRUTH_QUERIES = 100;
const BATCH = 1000;
const SHARES = { "1 %": 0, "10 %": 9, "50 %": 49 } as const;

type VectorClient = Client<typeof vector>;

const args = process.argv.slice(2);
const rows = numberArg(args, "rows", 100_000);
const rounds = numberArg(args, "rounds", 5);
/** Also measures an index of the quantization i8, which takes another build. */
const with_i8 = args.includes("--i8");
const settings = vectorSettings.parse({});

const load_before = load();
const data = { dimension: DIMENSION, rows: clusteredVectors(DIMENSION).next(rows + QUERIES) };
const queries = { dimension: DIMENSION, rows: data.rows.subarray(rows * DIMENSION) };
const truth_queries = queries.rows.subarray(0, TRUTH_QUERIES * DIMENSION);
const root = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
const opened = await openVector(root, { settings: { log_items_max: rows * 2 } });
try {
  const ours_build = await timed(() => buildOurs(opened.client, "bench", "f16"));
  if (with_i8) await buildOurs(opened.client, "bench_i8", "i8");
  const bare_build = await timed(async () => buildBare());
  await report(opened.client, bare_build.result, ours_build.ms, bare_build.ms);
} finally {
  await opened.close();
  await rm(root, { recursive: true, force: true });
}

async function report(
  client: VectorClient,
  bare: Index,
  ours_build_ms: number,
  bare_build_ms: number,
): Promise<void> {
  const all = Array.from({ length: rows }, (_, at) => at);
  const truth = await trueAmong(data, all, truth_queries, K);
  const own = queryList();
  const figures: Record<string, number | ReturnType<typeof spread>> = {};
  const perSecond: Record<string, number[]> = {};
  const latencies: Record<string, number[]> = { "8": [], "1": [] };
  const cpu: Record<string, number[]> = {};
  /** Runs one way of searching all queries; its rate and its processor time are noted. */
  async function measure<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = process.cpuUsage();
    const { ms, result } = await timed(work);
    const { user, system } = process.cpuUsage(before);
    (perSecond[name] ??= []).push((QUERIES / ms) * 1000);
    (cpu[name] ??= []).push((user + system) / QUERIES);
    return result;
  }
  await searchOurs(client, own, 8);
  if (with_i8) await searchOurs(client, own, 8, "bench_i8");
  searchBareSingle(bare);
  for (let at = 0; at < rounds; at++) {
    await measure("bare, one by one", async () => searchBareSingle(bare));
    const eight = await measure("ours, 8 callers", () => searchOurs(client, own, 8));
    latencies["8"]!.push(...eight.latencies);
    await measure("bare, batches of 8", async () => searchBareBatch(bare, 8));
    const one = await measure("ours, 1 caller", () => searchOurs(client, own, 1));
    latencies["1"]!.push(...one.latencies);
    await measure("bare, one large batch", async () => searchBareBatch(bare, QUERIES));
    if (with_i8) {
      await measure("ours, i8, 8 callers", () => searchOurs(client, own, 8, "bench_i8"));
    }
  }
  for (const [name, values] of Object.entries(perSecond))
    figures[`${name} (per s)`] = spread(values);
  for (const [name, values] of Object.entries(cpu)) {
    figures[`${name} (cpu µs)`] = Math.round(median(values));
  }
  for (const [callers, values] of Object.entries(latencies)) {
    figures[`${callers} callers p50 (ms)`] = percentile(values, 0.5);
    figures[`${callers} callers p99 (ms)`] = percentile(values, 0.99);
  }
  const ours = (await searchOurs(client, own.slice(0, TRUTH_QUERIES), 8)).found;
  figures["recall@10 ours"] = recallOf(ours, truth);
  if (with_i8) {
    const coarse = (await searchOurs(client, own.slice(0, TRUTH_QUERIES), 8, "bench_i8")).found;
    figures["recall@10 ours, i8"] = recallOf(coarse, truth);
  }
  figures["recall@10 bare"] = recallOf(bareIds(bare, TRUTH_QUERIES), truth);
  await addFiltered(client, own, figures);
  figures["build ours (s)"] = round(ours_build_ms / 1000);
  figures["build bare (s)"] = round(bare_build_ms / 1000);
  figures["memory (MiB)"] = Math.round(process.memoryUsage().rss / 2 ** 20);
  const ratio = (a: string, b: string) => median(perSecond[a]!) / median(perSecond[b]!);
  figures["8 callers / bare, one large batch"] = round(
    ratio("ours, 8 callers", "bare, one large batch"),
  );
  figures["1 caller / bare, one by one"] = round(ratio("ours, 1 caller", "bare, one by one"));
  const met = (value: number, target: number) => ({
    value: round(value),
    target: `>= ${target}`,
    met: value >= target,
  });
  printReport(
    {
      question: "vector",
      machine: machine(),
      load: { before: load_before, after: load() },
      figures: { rows, dimension: DIMENSION, ...figures },
      ratios: {
        "8 callers / bare, one by one": met(ratio("ours, 8 callers", "bare, one by one"), 0.8),
        "8 callers / bare, batches of 8": met(ratio("ours, 8 callers", "bare, batches of 8"), 0.7),
      },
    },
    args.includes("--json"),
  );
}

async function buildOurs(
  client: VectorClient,
  index: string,
  quantization: "f16" | "i8",
): Promise<void> {
  const own_vectors = { embedder: null, dimension: DIMENSION, lexical: false };
  await client.create({ index, quantization, ...own_vectors });
  for (let start = 0; start < rows; start += BATCH) {
    const items = Array.from({ length: Math.min(BATCH, rows - start) }, (_, at) => ({
      id: `${start + at}`,
      vector: [...rowOf(data, start + at)],
      metadata: { bucket: (start + at) % 100 },
    }));
    await client.upsert({ index, items });
  }
}

function buildBare(): Index {
  const index = new Index({
    dimensions: DIMENSION,
    metric: "cos" as MetricKind,
    quantization: "f16" as ScalarKind,
    connectivity: settings.connectivity,
    expansion_add: settings.expansion_add,
    expansion_search: settings.expansion_search,
    multi: false,
  });
  for (let start = 0; start < rows; start += BATCH) {
    const count = Math.min(BATCH, rows - start);
    const keys = BigUint64Array.from({ length: count }, (_, at) => BigInt(start + at));
    index.add(keys, data.rows.subarray(start * DIMENSION, (start + count) * DIMENSION), 0);
  }
  return index;
}

function queryList(): number[][] {
  return Array.from({ length: QUERIES }, (_, at) => [...rowOf(queries, at)]);
}

function searchBareSingle(bare: Index): void {
  for (let at = 0; at < QUERIES; at++) bare.search(rowOf(queries, at), K, 1);
}

function searchBareBatch(bare: Index, size: number): void {
  for (let at = 0; at < QUERIES; at += size) {
    const end = Math.min(at + size, QUERIES);
    bare.search(queries.rows.subarray(at * DIMENSION, end * DIMENSION) as never, K, 0);
  }
}

async function searchOurs(
  client: VectorClient,
  own: readonly number[][],
  callers: number,
  index = "bench",
) {
  const found: string[][] = [];
  const latencies: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < own.length) {
        const at = next++;
        const start = performance.now();
        const { hits } = await client.search({ index, vector: own[at]!, k: K });
        latencies.push(performance.now() - start);
        found[at] = hits.map(({ id }) => id);
      }
    }),
  );
  return { found, latencies };
}

async function addFiltered(
  client: VectorClient,
  own: readonly number[][],
  figures: Record<string, unknown>,
): Promise<void> {
  for (const [share, lte] of Object.entries(SHARES)) {
    const filters = { bucket: { lte } };
    const keys = Array.from({ length: rows }, (_, at) => at).filter((at) => at % 100 <= lte);
    const truth = await trueAmong(data, keys, truth_queries, K);
    const latencies: number[] = [];
    const found: string[][] = [];
    const before = process.cpuUsage();
    for (let at = 0; at < TRUTH_QUERIES; at++) {
      const start = performance.now();
      const { hits } = await client.search({ index: "bench", vector: own[at]!, k: K, filters });
      latencies.push(performance.now() - start);
      found.push(hits.map(({ id }) => id));
    }
    const { user, system } = process.cpuUsage(before);
    figures[`filter ${share} (cpu µs)`] = Math.round((user + system) / TRUTH_QUERIES);
    figures[`filter ${share} p50 (ms)`] = percentile(latencies, 0.5);
    figures[`filter ${share} p95 (ms)`] = percentile(latencies, 0.95);
    figures[`filter ${share} recall@10`] = recallOf(found, truth);
  }
}

function bareIds(bare: Index, count: number): string[][] {
  return Array.from({ length: count }, (_, at) =>
    [...bare.search(rowOf(queries, at), K, 1).keys].map(String),
  );
}
