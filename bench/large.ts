// Does a large load stay within bounds? 2.5 M rows in over HTTP, 100 k texts indexed, health
// answered.
// `npm run bench -- large [--rows N] [--texts N] [--json]`
import { createReadStream } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { loadPacks } from "#app/packs.ts";
import { writeTables } from "#app/generate-files.ts";
import { startHouse, type RunningHouse } from "../test/support/running-house.ts";
import {
  load,
  machine,
  numberArg,
  printReport,
  round,
  percentile,
} from "./support/bench-report.ts";

const args = process.argv.slice(2);
const rows = numberArg(args, "rows", 2_500_000);
const texts = numberArg(args, "texts", 100_000);
const json = args.includes("--json");

const note = (text: string) => (json ? undefined : console.error(text));

interface Watch {
  readonly rss_max: () => number;
  readonly health: () => readonly number[];
  reset(): void;
  stop(): Promise<void>;
}

/** Asks /health every 20 ms and reads the resident set every 100 ms. */
function watch(house: RunningHouse): Watch {
  const { pid } = house.processes[0]!.child;
  let rss_max = 0;
  let latencies: number[] = [];
  let running = true;
  const memory = (async () => {
    while (running) {
      const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      const kib = Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0);
      rss_max = Math.max(rss_max, kib * 1024);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const health = (async () => {
    while (running) {
      const start = performance.now();
      const answer = await fetch(`${house.url}/health`);
      await answer.text();
      latencies.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    rss_max: () => rss_max,
    health: () => latencies,
    reset() {
      rss_max = 0;
      latencies = [];
    },
    async stop() {
      running = false;
      await Promise.all([memory, health]);
    },
  };
}

const before = load();
const dir = await mkdtemp(join(tmpdir(), "lakehouse-large-"));
try {
  const [pack] = await loadPacks(["staffing"]);
  note(`generating ${rows} rows …`);
  const paths = await writeTables(pack!, { rows, seed: 42, out: dir });
  const path = paths.find((one) => one.endsWith("/workers.csv"))!;
  const bytes = (await stat(path)).size;
  const house = await startHouse(join(dir, "data"), "one process");
  const watching = watch(house);
  note(`ingesting ${(bytes / 1e6).toFixed(0)} MB over HTTP …`);
  const start = performance.now();
  const body = createReadStream(path, { highWaterMark: 1 << 20 });
  const report = await house.clients.ingest.file({
    dataset: "workers",
    filename: "workers.csv",
    body,
  });
  const ingest_s = (performance.now() - start) / 1000;
  const ingest = { rss: watching.rss_max(), health: [...watching.health()] };
  watching.reset();
  note(`indexing ${texts} texts …`);
  const recipe = pack!.corpora.find((one) => one.dataset === "workers")!;
  const index_start = performance.now();
  const { corpus, summary, id_prefix, metadata_columns, ...source } = recipe;
  for await (const step of house.clients.matrix.build({
    corpus,
    summary,
    id_prefix,
    source: {
      kind: "dataset",
      ...source,
      metadata_columns: [...metadata_columns],
      rows_max: texts,
    },
  })) {
    note(`  ${step.items_done} of ${step.items_total} at ${step.items_per_s.toFixed(0)}/s`);
  }
  const index_s = (performance.now() - index_start) / 1000;
  const index = { rss: watching.rss_max(), health: [...watching.health()] };
  await watching.stop();
  await house.stop();
  const ingest_p99 = percentile(ingest.health, 0.99);
  const index_p99 = percentile(index.health, 0.99);
  const ingest_rss = round(ingest.rss / 2 ** 30);
  printReport(
    {
      question: "large",
      machine: machine(),
      load: { before, after: load() },
      figures: {
        rows: report.rows,
        source_mb: round(bytes / 1e6),
        ingest_s: round(ingest_s),
        ingest_rss_gib: ingest_rss,
        ingest_health_p50_ms: percentile(ingest.health, 0.5),
        ingest_health_p99_ms: ingest_p99,
        ingest_health_max_ms: percentile(ingest.health, 1),
        index_texts: texts,
        index_s: round(index_s),
        index_rss_gib: round(index.rss / 2 ** 30),
        index_health_p50_ms: percentile(index.health, 0.5),
        index_health_p99_ms: index_p99,
        index_health_max_ms: percentile(index.health, 1),
      },
      ratios: {
        ingest_rss_gib: { value: ingest_rss, target: "< 3", met: ingest_rss < 3 },
        ingest_health_p99_ms: { value: ingest_p99, target: "< 100", met: ingest_p99 < 100 },
        index_health_p99_ms: { value: index_p99, target: "< 100", met: index_p99 < 100 },
      },
    },
    json,
  );
} finally {
  await rm(dir, { recursive: true, force: true });
}
