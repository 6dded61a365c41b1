// Conversions run in an instance of their own, which may touch files and is gone when none runs.
import type { DuckDBConnection } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import type { ConvertRequest, ConvertResult, TableEngine } from "#ports/table-engine.ts";
import { convertCsv } from "./csv-convert.ts";
import { convertJson } from "./json-convert.ts";
import { createIdleInstance } from "./idle-instance.ts";
import { registerTransforms } from "./partition-transforms.ts";
import {
  openInstance,
  type DuckDb,
  type InstanceSettings,
  type OpenInstance,
} from "./locked-instance.ts";
import { openSource, unreadable, type PlainSource } from "./source-file.ts";
import { quoteText } from "./sql-text.ts";
import { convertSelect, describeSelect } from "./typed-convert.ts";
import { createFileWriter } from "./write-files.ts";

export interface Converter extends Pick<TableEngine, "convert" | "describeParquet"> {
  close(): Promise<void>;
}

const PROGRESS_MS = 300;
const PROGRESS = [
  "enable_progress_bar = true",
  "enable_progress_bar_print = false",
  "progress_bar_time = 0",
];

export function createConverter(duckdb: DuckDb, settings: InstanceSettings): Converter {
  const instance = createIdleInstance(() => openConversions(duckdb, settings));

  async function withConnection<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return instance.use(async (connection) => {
      for (const setting of PROGRESS) await connection.run(`SET ${setting}`);
      return work(connection);
    });
  }

  return {
    convert: (request) =>
      withConnection(async (connection) => {
        const stop = watchConversion(connection, request);
        let source: PlainSource | undefined;
        try {
          if (request.signal.aborted) throw stopped(request.signal);
          source = await openSource(request, settings.temp_dir);
          return await convertPlain(connection, request, {
            path: source.path,
            temp_dir: settings.temp_dir,
          });
        } catch (error) {
          throw request.signal.aborted ? stopped(request.signal) : toConvertError(error);
        } finally {
          stop();
          await source?.remove();
        }
      }),
    describeParquet: (uri) =>
      withConnection(async (connection) => {
        const file = quoteText(uri);
        try {
          const found = await describeSelect(connection, `SELECT * FROM read_parquet(${file})`);
          const counted = await connection.runAndReadAll(
            `SELECT sum(num_rows) FROM parquet_file_metadata(${file})`,
          );
          const columns = found.map(({ name, type }) => ({ name, type, nullable: true }));
          return { columns, rows: Number(counted.getRows()[0]![0]) };
        } catch (error) {
          throw toConvertError(error);
        }
      }),
    close: () => instance.close(),
  };
}

async function convertPlain(
  connection: DuckDBConnection,
  request: ConvertRequest,
  source: { readonly path: string; readonly temp_dir: string },
): Promise<ConvertResult> {
  const { target, columns, extend, next_field_id, signal } = request;
  const writer = createFileWriter(connection, target);
  const job = { ...source, writer, columns, extend, next_field_id, signal };
  if (request.format === "csv" || request.format === "tsv") {
    return convertCsv(connection, { ...job, format: request.format });
  }
  if (request.format === "json" || request.format === "ndjson") {
    return convertJson(connection, { ...job, format: request.format });
  }
  const from = `read_parquet(${quoteText(source.path)}, hive_partitioning = false)`;
  const found = await describeSelect(connection, `SELECT * FROM ${from}`);
  return convertSelect(connection, from, found, job);
}

/** Conversions read where they are told to, so nothing is locked; users' SQL never runs here. */
async function openConversions(duckdb: DuckDb, settings: InstanceSettings): Promise<OpenInstance> {
  const open = await openInstance(duckdb, settings);
  const connection = await open.instance.connect();
  registerTransforms(duckdb, connection);
  connection.closeSync();
  return open;
}

/** Interrupts when the caller leaves, and tells progress while the engine works. */
function watchConversion(connection: DuckDBConnection, request: ConvertRequest): () => void {
  const { signal, onProgress } = request;
  const interrupt = () => connection.interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  const timer = setInterval(() => {
    if (signal.aborted) return interrupt();
    const { percentage } = connection.progress;
    if (onProgress !== undefined && percentage > 0) onProgress(Math.min(1, percentage / 100));
  }, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    signal.removeEventListener("abort", interrupt);
  };
}

function stopped(signal: AbortSignal): LakehouseError {
  return new LakehouseError("cancelled", "the conversion was cancelled", { cause: signal.reason });
}

function toConvertError(thrown: unknown): unknown {
  if (thrown instanceof LakehouseError || !(thrown instanceof Error)) return thrown;
  const match = /^([\w ]+?) Error: (.*)/.exec(thrown.message);
  if (match === null) return thrown;
  if (match[1] === "Out of Memory") {
    return new LakehouseError("unavailable", "the file needs more memory to convert than allowed", {
      hint: "raise engines.duckdb_memory_mb",
      cause: thrown,
    });
  }
  return /^(Invalid Input|IO|Conversion|Serialization)$/.test(match[1]!)
    ? unreadable(match[2]!.trim(), thrown)
    : thrown;
}
