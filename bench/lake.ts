// How close the lake is to bare DuckDB: CSV to Parquet, queries over HTTP, commits, planning.
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { seededRandom } from "#kernel/random.ts";
import {
  load,
  machine,
  median,
  numberArg,
  printReport,
  round,
  spread,
  timed,
  type Ratio,
} from "./support/bench-report.ts";
import { measureTables } from "./support/lake-tables.ts";
import { writeCsv } from "./support/lake-csv.ts";
import { MEMORY_MB, openLake, type Lake } from "./support/open-lake.ts";

const ROUNDS_INGEST = 7;
const ROUNDS_AGGREGATE = 15;
const ROUNDS_POINT = 601;

const AGGREGATE = `SELECT role, city, shift, count(*) AS n, avg(pay) AS pay, max(since) AS latest,
  sum(length(notes)) AS written
  FROM $TABLE WHERE pay > 12 GROUP BY ALL ORDER BY n DESC, role, city, shift`;
const POINT = "SELECT * FROM $TABLE WHERE row_no = $1";

/** `npm run bench -- lake [--json] [--rows N]` */
export async function main(args: readonly string[]): Promise<void> {
  const rows = numberArg(args, "rows", 2_500_000);
  const json_only = args.includes("--json");
  const say = (text: string) => (json_only ? undefined : console.log(text));
  const before = load();
  const csv_path = await writeCsv(rows);
  say(`source: ${csv_path}`);
  const dir = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
  const lake = await openLake(dir);
  const bare = await openBare(dir);
  try {
    const ingested = await measureIngest(lake, bare, { csv_path, dir, say });
    const { files } = await lake.catalog.files({ name: "staff0" });
    const table = `read_parquet('${files[0]!.uri}')`;
    const asked = await measureQueries(lake, bare, { table, rows, say });
    const kept = await measureTables(lake, say);
    printReport(
      {
        question: "lake",
        machine: machine(),
        load: { before, after: load() },
        figures: { rows, ...ingested.figures, ...asked.figures, ...kept.figures },
        ratios: { ...ingested.ratios, ...asked.ratios, ...kept.ratios },
      },
      json_only,
    );
  } finally {
    await lake.stop();
    bare.closeSync();
    await rm(dir, { recursive: true, force: true });
  }
}

async function openBare(dir: string): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${MEMORY_MB}MB`,
    temp_directory: join(dir, "tmp-bare"),
  });
  return instance.connect();
}

interface IngestBench {
  readonly csv_path: string;
  readonly dir: string;
  say(text: string): void;
}

/** Round by round, each in turn first, so that a drift of the machine meets both. */
async function measureIngest(lake: Lake, bare: DuckDBConnection, bench: IngestBench) {
  const ours: number[] = [];
  const theirs: number[] = [];
  const target = join(bench.dir, "bare.parquet");
  const copy = `COPY (FROM read_csv('${bench.csv_path}')) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`;
  for (let at = 0; at <= ROUNDS_INGEST; at++) {
    const dataset = `staff${at}`;
    const runs = [
      () => timed(() => lake.ingest.path({ dataset, path: bench.csv_path })),
      async () => {
        const took = await timed(() => bare.run(copy));
        // What it left to the system would be written, and paid for, by our next fsync.
        await syncFile(target);
        return took;
      },
    ];
    const order = at % 2 === 0 ? [0, 1] : [1, 0];
    const took = [0, 0];
    for (const which of order) took[which] = (await runs[which]!()).ms;
    bench.say(`ingest ${at}: lake ${round(took[0]!)} ms, bare COPY ${round(took[1]!)} ms`);
    if (at === 0) continue;
    ours.push(took[0]!);
    theirs.push(took[1]!);
  }
  // Of each pair, since the load of a shared machine changes from one round to the next.
  const value = round(median(ours.map((ms, at) => ms / theirs[at]!)));
  const ratios: Record<string, Ratio> = {
    ingest_over_copy: { value, target: "<= 1.10", met: value <= 1.1 },
  };
  return { figures: { ingest_ms: spread(ours), copy_ms: spread(theirs) }, ratios };
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  await file.sync();
  await file.close();
}

interface QueryBench {
  readonly table: string;
  readonly rows: number;
  say(text: string): void;
}

async function measureQueries(lake: Lake, bare: DuckDBConnection, bench: QueryBench) {
  const ask = (sql: string, params: number[]) => async () =>
    void (await lake.query.rows({ sql: sql.replace("$TABLE", "staff0"), params, cache: false }));
  const run = (sql: string, params: number[]) => async () =>
    void (await bare.runAndReadAll(sql.replace("$TABLE", bench.table), params)).getRowsJson();
  const aggregate = await interleaved(ROUNDS_AGGREGATE, () => [
    ask(AGGREGATE, []),
    run(AGGREGATE, []),
  ]);
  const random = seededRandom(7);
  const point = await interleaved(ROUNDS_POINT, () => {
    const params = [random.int(bench.rows)];
    return [ask(POINT, params), run(POINT, params)];
  });
  const ratio = round(median(aggregate.ours.map((ms, at) => ms / aggregate.theirs[at]!)));
  const added_ms = round(median(point.ours.map((ms, at) => ms - point.theirs[at]!)));
  const ratios: Record<string, Ratio> = {
    aggregate_over_bare: { value: ratio, target: "<= 1.05", met: ratio <= 1.05 },
    point_query_added_ms: { value: added_ms, target: "<= 1.5", met: added_ms <= 1.5 },
  };
  const figures = {
    aggregate_http_ms: spread(aggregate.ours),
    aggregate_bare_ms: spread(aggregate.theirs),
    point_http_ms: spread(point.ours),
    point_bare_ms: spread(point.theirs),
  };
  return { figures, ratios };
}

async function interleaved(rounds: number, pair: () => (() => Promise<void>)[]) {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let at = -3; at < rounds; at++) {
    const works = pair();
    const order = at % 2 === 0 ? [0, 1] : [1, 0];
    const took = [0, 0];
    for (const which of order) took[which] = (await timed(works[which]!)).ms;
    if (at < 0) continue;
    ours.push(took[0]!);
    theirs.push(took[1]!);
  }
  return { ours, theirs };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
