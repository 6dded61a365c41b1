// How close the lake is to bare DuckDB: CSV to Parquet, an aggregate and a point query over HTTP.
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { createSqlitePointerStore } from "#adapters/pointer-store/sqlite-pointer-store.ts";
import { createDuckDbEngine } from "#adapters/table-engine/duckdb-table-engine.ts";
import { catalog } from "#contracts/catalog.ts";
import { ingest } from "#contracts/ingest.ts";
import { journal } from "#contracts/journal.ts";
import { query } from "#contracts/query.ts";
import { storage } from "#contracts/storage.ts";
import { createCatalog } from "#data/catalog/catalog-service.ts";
import { catalogSettings } from "#data/catalog/catalog-settings.ts";
import { createIngest } from "#data/ingest/ingest-service.ts";
import { ingestSettings } from "#data/ingest/ingest-settings.ts";
import { createJournal } from "#data/journal/journal-service.ts";
import { journalSettings } from "#data/journal/journal-settings.ts";
import { createQuery } from "#data/query/query-service.ts";
import { querySettings } from "#data/query/query-settings.ts";
import { createStorage } from "#data/storage/storage-service.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectHttp } from "#kernel/connect-http.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { listen } from "#kernel/listen.ts";
import { silentLog } from "#kernel/log.ts";
import { seededRandom } from "#kernel/random.ts";
import { serveHttp } from "#kernel/serve-http.ts";
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
} from "./bench-report.ts";

const ROUNDS_INGEST = 7;
const ROUNDS_AGGREGATE = 15;
const ROUNDS_POINT = 201;
const MEMORY_MB = 2_048;

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
    printReport(
      {
        question: "lake",
        machine: machine(),
        load: { before, after: load() },
        figures: { rows, ...ingested.figures, ...asked.figures },
        ratios: { ...ingested.ratios, ...asked.ratios },
      },
      json_only,
    );
  } finally {
    await lake.stop();
    bare.closeSync();
    await rm(dir, { recursive: true, force: true });
  }
}

type Lake = Awaited<ReturnType<typeof openLake>>;

/** The data plane on real adapters, asked over HTTP on loopback. */
async function openLake(dir: string) {
  const base = { log: silentLog, clock: systemClock };
  const objects = await createDiskObjectStore({ root: join(dir, "objects") });
  const pointers = await createSqlitePointerStore({ path: join(dir, "pointers.sqlite") });
  const storing = await createStorage({ ...base, objects }, storageSettings.parse({}));
  const writing = await createJournal({ ...base, dir: join(dir, "j") }, journalSettings.parse({}));
  const stores = {
    storage: connectLocal(storage, storing.handlers),
    journal: connectLocal(journal, writing.handlers),
  };
  const listing = await createCatalog({ ...base, ...stores, pointers }, catalogSettings.parse({}));
  const catalog_client = connectLocal(catalog, listing.handlers);
  const temp_dir = join(dir, "tmp");
  const engine = await createDuckDbEngine({ memory_mb: MEMORY_MB, temp_dir, data_dir: dir });
  const needs = { ...base, ...stores, catalog: catalog_client, engine };
  const ingesting = await createIngest(
    { ...needs, dir: join(dir, "in") },
    ingestSettings.parse({}),
  );
  const querying = await createQuery(
    { ...needs, kb: [], dir: join(dir, "out") },
    querySettings.parse({}),
  );
  const client = connectLocal(query, querying.handlers);
  const server = await listen(serveHttp([{ contract: query, client }]), { port: 0 });
  const remote = connectHttp(query, { url: server.url });
  return {
    catalog: catalog_client,
    ingest: connectLocal(ingest, ingesting.handlers),
    query: remote.client,
    async stop() {
      await remote.close();
      await server.stop();
      for (const part of [querying, ingesting, listing]) await part.stop();
      await engine.close();
      await writing.stop();
      await storing.stop();
      await pointers.close();
    },
  };
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
      () => timed(() => bare.run(copy)),
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
    ingest_over_copy: { value, target: "<= 1.25", met: value <= 1.25 },
  };
  return { figures: { ingest_ms: spread(ours), copy_ms: spread(theirs) }, ratios };
}

interface QueryBench {
  readonly table: string;
  readonly rows: number;
  say(text: string): void;
}

async function measureQueries(lake: Lake, bare: DuckDBConnection, bench: QueryBench) {
  const ask = (sql: string, params: number[]) => async () =>
    void (await lake.query.rows({ sql: sql.replace("$TABLE", "staff0"), params }));
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
    aggregate_over_bare: { value: ratio, target: "<= 1.15", met: ratio <= 1.15 },
    point_query_added_ms: { value: added_ms, target: "<= 2", met: added_ms <= 2 },
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

const ROLES = ["Forklift Operator", "Welder", "Nurse, RN", "Picker", "Line Cook", "Electrician"];
const CITIES = ["Chicago", "Detroit", "Gary", "Toledo", "Cleveland", "Fort Wayne", "Dayton"];
const SHIFTS = ["day", "night", "swing"];
const WORDS = "reliable late certified heavy machine prefers weekend bilingual asks overtime".split(
  " ",
);

/** The same file for the same count of rows; kept between runs. */
async function writeCsv(rows: number): Promise<string> {
  const folder = resolve(import.meta.dirname, "..", ".cache", "bench");
  const path = join(folder, `staff-${rows}.csv`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  await pipeline(csvText(rows), createWriteStream(`${path}.part`));
  await rename(`${path}.part`, path);
  return path;
}

function* csvText(rows: number): Generator<string> {
  const random = seededRandom(1);
  yield "row_no,worker_id,name,role,city,shift,pay,level,since,active,notes\n";
  let text = "";
  for (let at = 0; at < rows; at++) {
    const role = random.pick(ROLES);
    const notes = `${random.pick(WORDS)} ${random.pick(WORDS)} ${random.int(1_000_000)}`;
    const since = new Date(1_500_000_000_000 + random.int(3_000) * 86_400_000);
    const cells = [
      at,
      `w-${random.int(rows)}`,
      `Name${random.int(9_999)} Surname${random.int(77_777)}`,
      role.includes(",") ? `"${role}"` : role,
      random.pick(CITIES),
      random.pick(SHIFTS),
      random.int(100) < 3 ? "" : (10 + random.int(3_000) / 100).toFixed(2),
      1 + random.int(5),
      since.toISOString().slice(0, 10),
      random.int(10) > 0,
      notes,
    ];
    text += `${cells.join(",")}\n`;
    if (text.length < 1 << 20) continue;
    yield text;
    text = "";
  }
  yield text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
