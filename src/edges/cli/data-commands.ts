// Commands on facts at rest: ingest, datasets, sql, journal, generate.
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import type { Dataset } from "#contracts/catalog.ts";
import type { IngestReport } from "#contracts/ingest.ts";
import { collectBytes } from "#kernel/http-client.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { wholeNumber, type CommandKit, type Session } from "./command-kit.ts";
import { dim, green, humanBytes, humanCount, humanTime, red, table } from "./output.ts";

export function addDataCommands(program: Command, kit: CommandKit): void {
  addIngest(program, kit);
  addDatasets(program, kit);
  addSql(program, kit);
  addJournal(program, kit);
  addGenerate(program, kit);
}

interface IngestOptions {
  dataset?: string;
  format?: "csv" | "tsv" | "json" | "ndjson" | "parquet";
  mode: "append" | "replace";
  evolve?: boolean;
}

function addIngest(program: Command, kit: CommandKit): void {
  program
    .command("ingest")
    .description("read files (CSV, TSV, JSON, NDJSON, Parquet; .gz, .zst) into a dataset")
    .argument("<file...>", "files to read")
    .option("-d, --dataset <name>", "dataset to write to; default: made from the file's name")
    .option("-f, --format <format>", "csv, tsv, json, ndjson or parquet; default: by the name")
    .option("-m, --mode <mode>", "append, or replace (keeps the old snapshot)", "append")
    .option("--evolve", "take a changed schema as the new one")
    .action((files: string[], options: IngestOptions) =>
      kit.withHouse(async (session) => {
        for (const file of files) {
          const report = await ingestFile(session, file, options);
          session.output.item(report, () => describeIngest(file, report));
        }
      }),
    );
}

async function ingestFile(
  session: Session,
  file: string,
  options: IngestOptions,
): Promise<IngestReport> {
  const info = await stat(file).catch(() => undefined);
  if (info === undefined || !info.isFile()) {
    throw new LakehouseError("not_found", `there is no file ${file}`, { reason: "no_such_file" });
  }
  const ingest_id = newId();
  const common = {
    dataset: options.dataset ?? datasetNameOf(file),
    mode: options.mode,
    evolve: options.evolve ?? false,
    ingest_id,
    ...(options.format === undefined ? {} : { format: options.format }),
  };
  const { ingest } = session.clients;
  const shown = showProgress(session, ingest_id, basename(file));
  try {
    return session.embedded
      ? await ingest.path({ ...common, path: file })
      : await ingest.file({
          ...common,
          filename: basename(file),
          content_length: info.size,
          body: createReadStream(file),
        });
  } finally {
    await shown.stop();
  }
}

/** Follows the progress of an ingest on the terminal until told to stop. */
function showProgress(session: Session, ingest_id: string, name: string) {
  const line = session.output.progress();
  let stopped = false;
  const done = (async () => {
    for await (const step of session.clients.ingest.progress({ ingest_id })) {
      if (stopped) break;
      const total = step.bytes_total ?? 0;
      const part =
        total > 0 ? `${Math.min(100, (100 * step.bytes_done) / total).toFixed(0)} %` : "";
      const left_ms =
        step.bytes_per_s > 0 && total > 0
          ? (1000 * Math.max(0, total - step.bytes_done)) / step.bytes_per_s
          : 0;
      const left = left_ms > 0 ? `, ${humanTime(left_ms)} left` : "";
      const rate = `${humanBytes(step.bytes_per_s)}/s`;
      line.update(
        `${name}: ${step.phase} ${part} ${humanBytes(step.bytes_done)} at ${rate}${left}`,
      );
    }
  })().catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 200))]);
      line.end();
    },
  };
}

/** `My Workers (2).csv.gz` → `my_workers_2`. */
export function datasetNameOf(file: string): string {
  const stem = basename(file)
    .replace(/\.(gz|zst)$/i, "")
    .replace(/\.[a-z0-9]+$/i, "");
  const name = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return /^[a-z]/.test(name) ? name : `d_${name}`;
}

function describeIngest(file: string, report: IngestReport): string {
  if (report.outcome === "unchanged") {
    return `${file}: these bytes are in ${report.dataset} already; nothing changed`;
  }
  const rejected =
    report.rejected_rows > 0
      ? red(` ${humanCount(report.rejected_rows)} rows rejected → ${report.rejects_key}`)
      : "";
  const size = `${humanBytes(report.source_bytes)} → ${humanBytes(report.stored_bytes)}`;
  const rows = `${humanCount(report.rows)} rows`;
  return `${green("✓")} ${file} → ${report.dataset}: ${rows}, ${size}, ${humanTime(report.duration_ms)}${rejected}`;
}

function addDatasets(program: Command, kit: CommandKit): void {
  const datasets = program.command("datasets").description("list datasets, or act on one");
  datasets
    .command("list", { isDefault: true })
    .description("all datasets with rows, size and status")
    .option("--all", "also those that were removed")
    .action((options: { all?: boolean }) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.catalog.list({ include_tombstoned: options.all ?? false });
        output.result(answer, () => datasetTable(answer.datasets));
      }),
    );
  datasets
    .command("show <name>")
    .description("fields and snapshots of one dataset")
    .action((name: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const dataset = await clients.catalog.get({ name });
        const { snapshots } = await clients.catalog.snapshots({ name });
        output.result({ dataset, snapshots }, () =>
          [
            datasetTable([dataset]),
            "",
            table(
              ["id", "field", "type", "nullable"],
              dataset.fields.map((field) => [
                field.field_id,
                field.name,
                field.type,
                field.nullable,
              ]),
            ),
            "",
            table(
              ["snapshot", "when", "operation", "added rows", "total rows", "files"],
              snapshots.map((one) => [
                one.snapshot_id,
                new Date(one.timestamp_ms).toISOString(),
                one.operation,
                one.summary.added_rows,
                one.summary.total_rows,
                one.summary.total_files,
              ]),
            ),
          ].join("\n"),
        );
      }),
    );
  for (const [verb, description] of [
    ["remove", "take a dataset out of use; nothing is deleted, restore brings it back"],
    ["restore", "bring a removed dataset back"],
    ["verify", "check that every file is there; heal or quarantine"],
  ] as const) {
    datasets
      .command(`${verb} <name>`)
      .description(description)
      .action((name: string) =>
        kit.withHouse(async ({ clients, output }) => {
          const { catalog } = clients;
          const dataset =
            verb === "remove"
              ? await catalog.tombstone({ name })
              : verb === "restore"
                ? await catalog.restore({ name })
                : (await catalog.verify({ name })).dataset;
          output.result(dataset, () => datasetTable([dataset]));
        }),
      );
  }
}

function datasetTable(datasets: readonly Dataset[]): string {
  if (datasets.length === 0) return dim("no datasets yet: lakehouse ingest <file>");
  const rows = datasets.map((one) => [
    one.name,
    humanCount(one.rows),
    one.files,
    humanBytes(one.size_bytes),
    one.fields.length,
    one.status_reason === null ? one.status : `${one.status}: ${one.status_reason}`,
    one.updated_at,
  ]);
  return table(["dataset", "rows", "files", "size", "fields", "status", "updated"], rows);
}

interface SqlOptions {
  format: "table" | "json" | "ndjson" | "csv" | "parquet";
  output?: string;
  at?: string;
  limit?: number;
  param?: string[];
  timeout?: number;
}

function addSql(program: Command, kit: CommandKit): void {
  program
    .command("sql")
    .description("run one read-only SELECT over datasets and the kb logs")
    .argument("<statement>", 'e.g. "SELECT city, count(*) FROM workers GROUP BY 1"')
    .option("-f, --format <format>", "table, json, ndjson, csv or parquet", "table")
    .option("-o, --output <file>", "write the result to a file")
    .option("-p, --param <value...>", "values for $1, $2 …")
    .option("--at <time or snapshot>", "as the data was then")
    .option("--limit <rows>", "rows at most", wholeNumber(1, 1e9))
    .option("--timeout <ms>", "give up after this time", wholeNumber(1, 3_600_000))
    .action((sql: string, options: SqlOptions) =>
      kit.withHouse(async (session) => {
        const request = {
          sql,
          params: (options.param ?? []).map(readParam),
          ...(options.at === undefined ? {} : { at: options.at }),
          ...(options.limit === undefined ? {} : { limit: options.limit }),
          ...(options.timeout === undefined ? {} : { timeout_ms: options.timeout }),
        };
        if (options.format === "table" && options.output === undefined) {
          await printRows(session, request);
          return;
        }
        const format = options.format === "table" ? "csv" : options.format;
        const answer = await session.clients.query.sql({ ...request, format });
        if (options.output === undefined) {
          kit.host.terminal.out((await collectBytes(answer.body, 1 << 30)).toString("utf8"));
          return;
        }
        await pipeline(answer.body, createWriteStream(options.output));
        session.output.note(`written: ${options.output}`);
      }),
    );
}

function readParam(text: string): string | number | boolean | null {
  if (text === "null") return null;
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

async function printRows(
  session: Session,
  request: { sql: string; params: (string | number | boolean | null)[] },
): Promise<void> {
  const answer = await session.clients.query.rows({ limit: 1_000, ...request });
  session.output.result(answer, () => {
    const more = answer.truncated ? ", more were cut: use --limit or --output" : "";
    const foot = `${answer.row_count} rows, ${humanTime(answer.elapsed_ms)}${more}`;
    const head = answer.columns.map((column) => column.name);
    return `${table(head, answer.rows)}\n${dim(foot)}`;
  });
}

function addJournal(program: Command, kit: CommandKit): void {
  const journal = program.command("journal").description("every change of the house, hash-chained");
  journal
    .command("list", { isDefault: true })
    .description("the newest events")
    .option("-n, --limit <count>", "events at most", wholeNumber(1, 1000), 20)
    .option("--subject <subject>", "e.g. dataset:workers")
    .action((options: { limit: number; subject?: string }) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.journal.list(options);
        output.result(answer, () =>
          table(
            ["seq", "when", "who", "action", "subject", "after", "hash"],
            answer.events.map((one) => [
              one.seq,
              one.recorded_at,
              one.actor,
              one.action,
              one.subject,
              one.after?.slice(0, 12),
              one.hash.slice(0, 12),
            ]),
          ),
        );
      }),
    );
  journal
    .command("verify")
    .description("recompute the whole chain")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.journal.verify({});
        output.result(answer, () =>
          answer.ok
            ? `${green("✓")} ${answer.events} events, chain whole, head ${answer.head_hash.slice(0, 16)}`
            : `${red("✗")} broken at event ${answer.first_break?.seq}: ${answer.first_break?.message}`,
        );
        if (!answer.ok) throw new LakehouseError("rejected", "the journal's chain is broken");
      }),
    );
}

function addGenerate(program: Command, kit: CommandKit): void {
  program
    .command("generate")
    .description("write a domain's example data as CSV files (same seed, same bytes)")
    .argument("[domain]", "the domain", "staffing")
    .option("--rows <count>", "rows of the main table", wholeNumber(1, 10_000_000), 10_000)
    .option("--seed <number>", "seed", wholeNumber(0, 2 ** 31), 42)
    .option("-o, --out <folder>", "where to", "data/generated")
    .action(async (domain: string, options: { rows: number; seed: number; out: string }) => {
      const files = await kit.host.generate({ ...kit.globals(), ...options, domain });
      kit.output().result({ files }, () => files.join("\n"));
    });
}
