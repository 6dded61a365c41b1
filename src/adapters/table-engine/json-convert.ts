// JSON and NDJSON to Parquet, with types from the whole file; broken NDJSON lines are set aside.
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import type { ConvertResult, RejectedRow } from "#ports/table-engine.ts";
import { planColumns, type WantedColumns } from "./column-plan.ts";
import { misfitReason, type MisfitRow, type Rejecting } from "./fitting-rows.ts";
import { mayRoundNumbers, quoteRoundedNumbers } from "./json-digits.ts";
import { wantedReads } from "./json-wanted.ts";
import { ndjsonLines } from "./row-lines.ts";
import { convertSelect, describeSelect, type FoundColumn } from "./typed-convert.ts";
import {
  guessedColumns,
  narrowedColumns,
  typesApart,
  typesOption,
  type ReadAs,
} from "./json-types.ts";
import { quoteText } from "./sql-text.ts";
import { unreadable } from "./source-file.ts";
import { readLines, type Line } from "./text-lines.ts";
import type { FileWriter } from "./write-files.ts";

export interface JsonJob extends WantedColumns {
  readonly path: string;
  readonly format: "json" | "ndjson";
  readonly writer: FileWriter;
  /** Where the good lines of a file with bad ones are kept meanwhile. */
  readonly temp_dir: string;
  readonly signal: AbortSignal;
}

/** A thread of the reader holds two of these; a longer line is rejected. */
const OBJECT_BYTES_MAX = 16 * 1024 * 1024;
const REJECTS_LISTED_MAX = 10_000;
const REJECT_TEXT_MAX = 10_000;

export async function convertJson(
  connection: DuckDBConnection,
  job: JsonJob,
): Promise<ConvertResult> {
  if (job.format === "json") await checkWhole(job.path);
  const keep = job.columns?.some(({ type }) => /decimal|string/.test(type)) ? "written" : "double";
  if (!(await mayRoundNumbers(job.path, keep, job.signal))) {
    return convertText(connection, { ...job, quoted: false }, job.path);
  }
  const exact_path = join(job.temp_dir, `digits-${randomUUID()}`);
  try {
    await quoteRoundedNumbers(job.path, exact_path, keep, job.signal);
    return await convertText(connection, { ...job, quoted: true }, exact_path);
  } finally {
    await rm(exact_path, { force: true });
  }
}

interface ReadJob extends JsonJob {
  /** Numbers that would be rounded are strings in what is read. */
  readonly quoted: boolean;
}

/** `path`: the file, or a copy of it that has the same lines. */
async function convertText(
  connection: DuckDBConnection,
  job: ReadJob,
  path: string,
): Promise<ConvertResult> {
  try {
    return await convertClean(
      connection,
      job,
      path,
      rejectingLines(job, () => false),
    );
  } catch (error) {
    if (job.format !== "ndjson" || !isMalformed(error)) throw readError(error);
  }
  const clean_path = join(job.temp_dir, `lines-${randomUUID()}`);
  try {
    const aside = await setAside(path, clean_path, job.signal);
    const rejecting = rejectingLines(job, (line) => faultOf(line) !== undefined);
    const result = await convertClean(connection, job, clean_path, rejecting);
    const rejects = [...aside.rejects, ...result.rejects].toSorted((a, b) => a.line - b.line);
    return {
      ...result,
      rejects: rejects.slice(0, REJECTS_LISTED_MAX),
      rejected_rows: aside.rejected_rows + result.rejected_rows,
    };
  } catch (error) {
    throw readError(error);
  } finally {
    await rm(clean_path, { force: true });
  }
}

const PEEK_BYTES = 4_096;

/** The reader takes an array that was cut off between two values for a shorter one. */
async function checkWhole(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const ends = await Promise.all(
      [0, Math.max(0, size - PEEK_BYTES)].map((position) =>
        file.read(Buffer.alloc(PEEK_BYTES), 0, PEEK_BYTES, position),
      ),
    );
    const [head, tail] = ends.map((end) => end.buffer.toString("utf8", 0, end.bytesRead));
    const first = head!.replace(/^\uFEFF/, "").trimStart()[0];
    if (first === "[" && tail!.trimEnd().at(-1) !== "]")
      throw unreadable("the JSON array is cut off");
  } finally {
    await file.close();
  }
}

/** Rows that do not fit, found again as lines of the file; an array has no lines. */
function rejectingLines(job: JsonJob, skips: (line: Line) => boolean): Rejecting | undefined {
  if (job.format !== "ndjson") return undefined;
  return {
    row_texts: [],
    async toRejects(misfits: readonly MisfitRow[]) {
      const rows = misfits.map(({ row }) => row);
      const places = await ndjsonLines(job.path, rows, OBJECT_BYTES_MAX, skips);
      return misfits.map((misfit, at) => ({
        line: places[at]?.line ?? misfit.row,
        column: misfit.part.name,
        reason: misfitReason(misfit),
        text: (places[at]?.text ?? misfit.shown).slice(0, REJECT_TEXT_MAX),
      }));
    },
  };
}

async function convertClean(
  connection: DuckDBConnection,
  job: ReadJob,
  path: string,
  rejecting: Rejecting | undefined,
): Promise<ConvertResult> {
  const { quoted } = job;
  const options =
    `format = '${job.format === "ndjson" ? "newline_delimited" : "auto"}', sample_size = -1, ` +
    `map_inference_threshold = -1, maximum_object_size = ${OBJECT_BYTES_MAX}`;
  const readAs = (types: ReadonlyMap<string, string>) =>
    `read_json(${quoteText(path)}, ${options}, ${typesOption(types)})`;
  const { from, found } = await inferred(connection, path, options, readAs);
  const planned = planColumns(
    found.map(({ name }) => name),
    job,
  );
  const wanted = wantedReads(planned, found);
  const free = found.filter(({ name }) => !wanted.has(name));
  const guessed = await guessedColumns(connection, free, readAs, quoted);
  const types = new Map([...wanted, ...(await narrowedColumns(connection, free, readAs))]);
  for (const column of free) {
    if (guessed.includes(column.name)) types.set(column.name, textTypeOf(column));
  }
  const told = new Map(found.map(({ name, type }) => [name, type]));
  const typed = { ...job, told, ...(rejecting === undefined ? {} : { rejecting }) };
  // Days inside of lists and objects are read as the reader infers them, whatever their form.
  const days = found.some(({ type }) => /<.*\b(date|timestamp)\b/.test(type));
  if (types.size === 0 && days) return convertSelect(connection, from, found, typed);
  const exact = readAs(
    new Map(found.map(({ name, engine_type }) => [name, types.get(name) ?? engine_type])),
  );
  const columns = await describeSelect(connection, `SELECT * FROM ${exact}`);
  return convertSelect(connection, exact, columns, typed);
}

/** What has parts is text as JSON. */
function textTypeOf({ type }: FoundColumn): string {
  return type.includes("<") ? "JSON" : "VARCHAR";
}

/** The columns as the reader infers them; where it cannot, each column for itself. */
async function inferred(
  connection: DuckDBConnection,
  path: string,
  options: string,
  readAs: ReadAs,
): Promise<{ readonly from: string; readonly found: readonly FoundColumn[] }> {
  const reader = (more = "") =>
    `read_json(${quoteText(path)}, ${options}, field_appearance_threshold = 0${more})`;
  const describe = (from: string) => describeSelect(connection, `SELECT * FROM ${from}`);
  try {
    return { from: reader(), found: await describe(reader()) };
  } catch (error) {
    if (!/Duplicate name/.test((error as Error).message)) throw error;
  }
  const names = (await describe(reader(", maximum_depth = 1"))).map(({ name }) => name);
  const from = readAs(await typesApart(connection, names, readAs));
  return { from, found: await describe(from) };
}

/** Copies the lines that are JSON objects; the others become rejects. */
async function setAside(
  path: string,
  clean_path: string,
  signal: AbortSignal,
): Promise<Pick<ConvertResult, "rejects" | "rejected_rows">> {
  const rejects: RejectedRow[] = [];
  let rejected_rows = 0;
  let line = 0;
  async function* cleanLines() {
    for await (const read of readLines(createReadStream(path), OBJECT_BYTES_MAX)) {
      line++;
      const { text } = read;
      if (text.trim() === "") continue;
      const reason = faultOf(read);
      if (reason === undefined) {
        yield `${text}\n`;
        continue;
      }
      rejected_rows++;
      if (rejects.length < REJECTS_LISTED_MAX) {
        rejects.push({ line, column: undefined, reason, text: text.slice(0, REJECT_TEXT_MAX) });
      }
    }
  }
  await pipeline(cleanLines, createWriteStream(clean_path), { signal });
  return { rejects, rejected_rows };
}

function faultOf({ text, fault }: Line): string | undefined {
  if (fault !== undefined) return fault;
  try {
    const value: unknown = JSON.parse(text);
    const object = typeof value === "object" && value !== null && !Array.isArray(value);
    return object ? undefined : "not a JSON object";
  } catch (error) {
    return `the line is not JSON: ${(error as Error).message}`;
  }
}

function isMalformed(error: unknown): boolean {
  if (error instanceof LakehouseError) return false;
  return /Malformed JSON|transform error|Expected|maximum_object_size/i.test(
    (error as Error).message,
  );
}

function readError(thrown: unknown): unknown {
  if (thrown instanceof LakehouseError) return thrown;
  const text = (thrown as Error).message;
  const faulty = /^(Invalid Input|Conversion|IO) Error: (.*)/.exec(text);
  return faulty === null ? thrown : unreadable(faulty[2]!.trim(), thrown);
}
