// The command ingest: files, folders and globs into datasets, with progress; resumable.
import { createReadStream } from "node:fs";
import { glob, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Command } from "commander";
import type { IngestReport } from "#contracts/ingest.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError, retold } from "#kernel/problem.ts";
import { showError, type CommandKit, type Session } from "./command-kit.ts";
import { dim, green, humanAmount, humanBytes, humanCount, humanTime, red } from "./output.ts";

interface IngestOptions {
  dataset?: string;
  format?: "csv" | "tsv" | "json" | "ndjson" | "parquet";
  mode: "append" | "replace" | "upsert";
  key?: string;
  partitionBy?: string;
  evolve?: boolean;
}

export function addIngestCommand(program: Command, kit: CommandKit): void {
  program
    .command("ingest")
    .description("read files (CSV, TSV, JSON, NDJSON, Parquet; .gz, .zst) into a dataset")
    .argument("<file...>", "files, folders or globs; a second run goes on where one was cut off")
    .option("-d, --dataset <name>", "dataset for all of them; default: made from each file's name")
    .option("-f, --format <format>", "csv, tsv, json, ndjson or parquet; default: by the name")
    .option("-m, --mode <mode>", "append, upsert, or replace (keeps the old snapshot)", "append")
    .option("-k, --key <columns>", "upsert: columns that name a row, e.g. id or region,id")
    .option("--partition-by <fields>", "of a new dataset, e.g. day(since),bucket[16](id)")
    .option("--evolve", "take a changed schema as the new one")
    .action((places: string[], options: IngestOptions) =>
      kit.withHouse(async (session) => {
        const files = await expand(places);
        if (options.mode === "replace" && files.length > 1 && options.dataset !== undefined) {
          const message = `replace would keep only the last of ${files.length} files`;
          throw new LakehouseError("invalid", message, { hint: "replace with one file at a time" });
        }
        await ingestAll(session, kit, files, options);
      }),
    );
}

/** One after the other; a file that fails does not keep the others out. */
async function ingestAll(
  session: Session,
  kit: CommandKit,
  files: readonly string[],
  options: IngestOptions,
): Promise<void> {
  const started_ms = performance.now();
  const total = { files: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0 };
  for (const file of files) {
    try {
      const report = await ingestFile(session, file, options);
      session.output.item(report, () => describeIngest(file, report));
      total.files++;
      if (report.outcome === "unchanged") total.unchanged++;
      else total.rows += report.rows;
      total.bytes += report.source_bytes;
    } catch (error) {
      if (files.length === 1) throw error;
      total.failed++;
      process.exitCode = showError(kit.host, session.output.json, withFile(file, error));
    }
  }
  if (files.length < 2) return;
  const failed = total.failed > 0 ? red(`, ${total.failed} failed`) : "";
  const held = total.unchanged > 0 ? `, ${total.unchanged} were there already` : "";
  const took = humanTime(performance.now() - started_ms);
  const sum = [
    humanAmount(total.files, "file"),
    humanAmount(total.rows, "row"),
    humanBytes(total.bytes),
  ].join(", ");
  session.output.note(`${dim(`${sum}, ${took}${held}`)}${failed}`);
}

function withFile(file: string, error: unknown): unknown {
  if (!(error instanceof LakehouseError)) return error;
  return retold(error, { message: `${file}: ${error.message}` });
}

const READABLE = /\.(csv|tsv|json|ndjson|jsonl|parquet)(\.gz|\.zst)?$/i;

/** Files as they are, folders as the readable files anywhere below, the rest as globs. */
async function expand(places: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const place of places) {
    const info = await stat(place).catch(() => undefined);
    if (info?.isFile()) found.push(place);
    else if (info?.isDirectory()) found.push(...(await filesBelow(place)));
    else found.push(...(await globbed(place)));
  }
  return [...new Set(found)];
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => READABLE.test(name)).map((name) => join(folder, name));
  if (files.length > 0) return files.toSorted();
  throw noFile(`there is no file to read below ${folder}`);
}

async function globbed(pattern: string): Promise<string[]> {
  if (!/[*?[{]/.test(pattern)) throw noFile(`there is no file ${pattern}`);
  const files: string[] = [];
  for await (const name of glob(pattern)) {
    if ((await stat(name)).isFile()) files.push(name);
  }
  if (files.length > 0) return files.toSorted();
  throw noFile(`no file matches ${pattern}`);
}

function noFile(message: string): LakehouseError {
  const hint = "CSV, TSV, JSON, NDJSON and Parquet are read, each also as .gz or .zst";
  return new LakehouseError("not_found", message, { reason: "no_such_file", hint });
}

async function ingestFile(
  session: Session,
  file: string,
  options: IngestOptions,
): Promise<IngestReport> {
  const ingest_id = newId();
  const common = {
    dataset: options.dataset ?? datasetNameOf(file),
    mode: options.mode,
    evolve: options.evolve ?? false,
    ingest_id,
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.partitionBy === undefined ? {} : { partition_by: options.partitionBy }),
  };
  const { ingest } = session.clients;
  const shown = showProgress(session, ingest_id, basename(file));
  try {
    return session.embedded
      ? await ingest.path({ ...common, path: file })
      : await ingest.file({
          ...common,
          filename: basename(file),
          content_length: (await stat(file)).size,
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
        total > 0 ? `${Math.min(100, (100 * step.bytes_done) / total).toFixed(0)} %, ` : "";
      const left = step.left_ms === null ? "" : `, ${humanTime(step.left_ms)} left`;
      const rows = step.rows_done > 0 ? `, ${humanAmount(step.rows_done, "row")}` : "";
      const bytes = `${humanBytes(step.bytes_done)} at ${humanBytes(step.bytes_per_s)}/s`;
      line.update(`${name}: ${step.phase}, ${part}${bytes}${rows}${left}`);
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
      ? red(`, ${humanAmount(report.rejected_rows, "row")} rejected → ${report.rejects_key}`)
      : "";
  const size = `${humanBytes(report.source_bytes)} → ${humanBytes(report.stored_bytes)}`;
  const rows = humanAmount(report.rows, "row");
  const updated =
    report.mode === "upsert" ? ` (${humanCount(report.updated_rows)} replaced others)` : "";
  const took = humanTime(report.duration_ms);
  return `${green("✓")} ${file} → ${report.dataset}: ${rows}${updated}, ${size}, ${took}${rejected}`;
}
