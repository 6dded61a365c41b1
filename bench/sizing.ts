// What one process does in a second: unit rates that the sizing table of the guide is made from.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataFile } from "#contracts/catalog.ts";
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
} from "./support/bench-report.ts";
import { writeCsv } from "./support/lake-csv.ts";
import { openLake, type Lake } from "./support/open-lake.ts";

const ROUNDS = 5;
const CALLERS = 16;
const QUERIES = 1_600;
const COMMITS = 160;
const MIB = 1024 * 1024;
const FIELDS = [{ name: "id", type: "long" }];
const SCAN = `SELECT city, count(*) AS n, avg(pay) AS pay, max(since) AS latest
  FROM staff0 GROUP BY city ORDER BY n DESC`;

/** `npm run bench -- sizing [--json] [--rows N]` */
export async function main(args: readonly string[]): Promise<void> {
  const rows = numberArg(args, "rows", 1_000_000);
  const before = load();
  const csv_path = await writeCsv(rows);
  const dir = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
  const lake = await openLake(dir);
  try {
    const figures = {
      rows,
      ...(await ingestRates(lake, csv_path, rows)),
      ...(await queryRates(lake, rows)),
      ...(await commitRates(lake)),
      resident_mib: Math.round(process.memoryUsage().rss / MIB),
    };
    const report = { question: "sizing", machine: machine(), figures, ratios: {} };
    printReport({ ...report, load: { before, after: load() } }, args.includes("--json"));
  } finally {
    await lake.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function ingestRates(lake: Lake, path: string, rows: number) {
  const rates: number[] = [];
  for (let at = 0; at <= ROUNDS; at++) {
    const { ms } = await timed(() => lake.ingest.path({ dataset: `staff${at}`, path }));
    if (at > 0) rates.push((rows / ms) * 1000);
  }
  const { files } = await lake.catalog.files({ name: "staff0" });
  const stored = files.reduce((sum, file) => sum + file.size_bytes, 0);
  return { ingest_rows_per_s: spread(rates), parquet_bytes_per_row: round(stored / rows) };
}

async function queryRates(lake: Lake, rows: number) {
  const scans: number[] = [];
  for (let at = 0; at <= ROUNDS; at++) {
    const { ms } = await timed(() => lake.query.rows({ sql: SCAN, cache: false }));
    if (at > 0) scans.push((rows / ms) * 1000);
  }
  const random = seededRandom(7);
  const point = () => {
    const params = [random.int(rows)];
    const sql = "SELECT name, city, pay FROM staff0 WHERE row_no = $1";
    return lake.query.rows({ sql, params, cache: false });
  };
  const cached = () => lake.query.rows({ sql: SCAN });
  return {
    scan_rows_per_s: spread(scans),
    point_queries_per_s: await perSecond(QUERIES, point),
    cached_queries_per_s: await perSecond(QUERIES, cached),
  };
}

async function commitRates(lake: Lake) {
  const one = await committing(lake, () => "busy");
  const many = await committing(lake, (caller) => `busy${caller}`);
  return { commits_to_one_table_per_s: one, commits_to_many_tables_per_s: many };
}

/** As many writers as callers, each with files of its own. */
async function committing(lake: Lake, tableOf: (caller: number) => string): Promise<number> {
  const tables = new Set(Array.from({ length: CALLERS }, (_, caller) => tableOf(caller)));
  for (const name of tables) await lake.catalog.register({ name, fields: FIELDS });
  let made = 0;
  return perSecond(COMMITS, async () => {
    const at = made++;
    const name = tableOf(at % CALLERS);
    const key = `datasets/${name}/${at}.parquet`;
    const { size_bytes } = await lake.storage.put({ key, body: bytes(`row ${at}`) });
    const file: DataFile = {
      key,
      rows: 1,
      size_bytes,
      partition: {},
      stats: [],
      split_offsets: [],
    };
    await lake.catalog.commit({ name, operation: "append", added: [file] });
  });
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Calls in a second with `CALLERS` at once: the median of the rounds. */
async function perSecond(calls: number, work: () => Promise<unknown>): Promise<number> {
  const rates: number[] = [];
  for (let round_at = 0; round_at <= ROUNDS; round_at++) {
    let left = calls;
    const caller = async () => {
      while (left-- > 0) await work();
    };
    const { ms } = await timed(() => Promise.all(Array.from({ length: CALLERS }, caller)));
    if (round_at > 0) rates.push((calls / ms) * 1000);
  }
  return round(median(rates));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
