// The vector service beside vector stores from npm: the same vectors, machine and run.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openVector } from "#recall/vector/open-vector.suite.ts";
import { vectorSettings } from "#recall/vector/vector-settings.ts";
import { openVectorPeers, VECTOR_PEERS_SET_UP, type VectorStore } from "./peers/vector-stores.ts";
import {
  load,
  machine,
  numberArg,
  percentile,
  printReport,
  round,
  spread,
  timed,
} from "./support/bench-report.ts";
import { clusteredVectors } from "./support/clustered-vectors.ts";
import { recallOf, rowOf, trueAmong } from "./support/vector-truth.ts";

const DIMENSION = 384;
const K = 10;
const QUERIES = 1000;
const TRUTH_QUERIES = 100;
const BATCH = 1000;
const SHARES = { "1 %": 0, "10 %": 9, "50 %": 49 } as const;

/**
 * `npm run bench -- vector-stores [--rows N] [--rounds N] [--json]`
 *
 * Everything durable that has a word for it, graphs of the same width; filters on a number. What
 * each does to be quick after a load (optimize, build an index) is counted as part of the load.
 */
const args = process.argv.slice(2);
const rows = numberArg(args, "rows", 100_000);
const rounds = numberArg(args, "rounds", 3);
const before = load();
const data = { dimension: DIMENSION, rows: clusteredVectors(DIMENSION).next(rows + QUERIES) };
const queries = { dimension: DIMENSION, rows: data.rows.subarray(rows * DIMENSION) };
const truth_queries = queries.rows.subarray(0, TRUTH_QUERIES * DIMENSION);
const { connectivity, expansion_add, expansion_search } = vectorSettings.parse({});
const shape = { dimension: DIMENSION, connectivity, expansion_add, expansion_search };
const root = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
const figures: Record<string, number | string | ReturnType<typeof spread>> = { rows };
try {
  const ours = await openVector(join(root, "ours"), { settings: { log_items_max: rows * 2 } });
  const peers = await openVectorPeers(root, shape);
  const all = [
    await openOurs(ours.client, "f16"),
    await openOurs(ours.client, "i8"),
    ...peers.open,
  ];
  for (const store of all) await fill(store);
  await searchAll(all);
  for (const [share, bucket_max] of Object.entries(SHARES)) {
    await searchFiltered(all, share, bucket_max);
  }
  for (const store of all) await store.close();
  await ours.close();
  if (peers.missing.length > 0) {
    figures["not run"] = `${peers.missing.join(", ")} (${VECTOR_PEERS_SET_UP})`;
  }
  const report = { question: "vector-stores", machine: machine(), ratios: {}, figures };
  printReport({ ...report, load: { before, after: load() } }, args.includes("--json"));
} finally {
  await rm(root, { recursive: true, force: true });
}

/** Through the contract, as a caller has it. */
async function openOurs(
  client: Awaited<ReturnType<typeof openVector>>["client"],
  quantization: "f16" | "i8",
): Promise<VectorStore> {
  const index = `bench_${quantization}`;
  const own_vectors = { embedder: null, dimension: DIMENSION, lexical: false };
  await client.create({ index, quantization, ...own_vectors });
  return {
    name: `lakehouse ${quantization}`,
    async add(items) {
      const sent = items.map(({ id, vector, bucket }) => ({
        id,
        vector: [...vector],
        metadata: { bucket },
      }));
      await client.upsert({ index, items: sent });
    },
    ready: async () => undefined,
    async search(vector, k, bucket_max) {
      const asked = { index, vector: [...vector], k };
      const filters = { bucket: { lte: bucket_max ?? 0 } };
      const found = await client.search(bucket_max === undefined ? asked : { ...asked, filters });
      return found.hits.map(({ id }) => id);
    },
    close: async () => undefined,
  };
}

async function fill(store: VectorStore): Promise<void> {
  const adding = await timed(async () => {
    for (let start = 0; start < rows; start += BATCH) {
      const count = Math.min(BATCH, rows - start);
      const items = Array.from({ length: count }, (_, at) => ({
        id: `${start + at}`,
        vector: rowOf(data, start + at),
        bucket: (start + at) % 100,
      }));
      await store.add(items);
    }
  });
  const making = await timed(() => store.ready());
  figures[`${store.name}: added / ready to search (s)`] =
    `${round(adding.ms / 1000)} / ${round((adding.ms + making.ms) / 1000)}`;
}

async function searchAll(stores: readonly VectorStore[]): Promise<void> {
  const keys = Array.from({ length: rows }, (_, at) => at);
  const truth = await trueAmong(data, keys, truth_queries, K);
  for (const store of stores) {
    const { found } = await search(store, TRUTH_QUERIES, 1);
    figures[`${store.name}: recall@10`] = recallOf(found, truth);
    await search(store, QUERIES, 8);
  }
  const seen = new Map(stores.map((one) => [one, { one: [] as number[], eight: [] as number[] }]));
  for (let round_at = 0; round_at < rounds; round_at++) {
    for (const [store, rates] of seen) {
      const { latencies } = await search(store, QUERIES, 1);
      rates.one.push(percentile(latencies, 0.5));
      const { ms } = await timed(() => search(store, QUERIES, 8));
      rates.eight.push((QUERIES / ms) * 1000);
    }
  }
  for (const [store, { one, eight }] of seen) {
    figures[`${store.name}: 1 caller, p50 (ms)`] = spread(one);
    figures[`${store.name}: 8 callers, per second`] = spread(eight.map(Math.round));
  }
}

async function searchFiltered(
  stores: readonly VectorStore[],
  share: string,
  bucket_max: number,
): Promise<void> {
  const keys = Array.from({ length: rows }, (_, at) => at).filter((at) => at % 100 <= bucket_max);
  const truth = await trueAmong(data, keys, truth_queries, K);
  for (const store of stores) {
    const { found, latencies } = await search(store, TRUTH_QUERIES, 1, bucket_max);
    figures[`${store.name}: filter ${share}, p50 / p95 (ms), recall@10`] =
      `${percentile(latencies, 0.5)} / ${percentile(latencies, 0.95)}, ${recallOf(found, truth)}`;
  }
}

async function search(store: VectorStore, count: number, callers: number, bucket_max?: number) {
  const found: string[][] = [];
  const latencies: number[] = [];
  let next = 0;
  const call = async () => {
    while (next < count) {
      const at = next++;
      const start = performance.now();
      found[at] = await store.search(rowOf(queries, at), K, bucket_max);
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return { found, latencies };
}
