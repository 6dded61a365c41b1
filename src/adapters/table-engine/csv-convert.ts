// CSV and TSV to Parquet in one pass: every field is read as text and cast under exact conditions.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ConvertResult } from "#ports/table-engine.ts";
import { acceptedText } from "./accepted-text.ts";
import {
  isPromotion,
  planColumns,
  withIds,
  type PlannedColumn,
  type WantedColumns,
} from "./column-plan.ts";
import { resultOf } from "./convert-result.ts";
import { uniqueNames } from "./copy-out.ts";
import { checkedParts, type CsvColumns } from "./csv-columns.ts";
import { readCsvForm, type CsvForm } from "./csv-form.ts";
import { rejectingRecords, withRejects } from "./csv-rejects.ts";
import { CANDIDATES, fitsText, type Candidate } from "./csv-types.ts";
import { writeFitting, writeWhole, type CheckedSource } from "./fitting-rows.ts";
import { unreadable } from "./source-file.ts";
import { quoteName, quoteText } from "./sql-text.ts";
import type { FileWriter } from "./write-files.ts";

export interface CsvJob extends WantedColumns {
  readonly path: string;
  readonly format: "csv" | "tsv";
  readonly writer: FileWriter;
}

const GLANCE_ROWS = 200;
const SAMPLE_ROWS = 20_480;
const SAMPLE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Smaller than the default of 32 MB: threads share the end of a file more evenly. */
const COPY_BUFFER = ", buffer_size = 8388608";

/** The result is as if types had been inferred from the whole file; see `csv-types.ts`. */
export async function convertCsv(
  connection: DuckDBConnection,
  job: CsvJob,
): Promise<ConvertResult> {
  const form = await readCsvForm(job.path, job.format);
  if (form === undefined) return resultOf([], []);
  try {
    return await convertWith(connection, job, form, true);
  } catch (error) {
    if (!/state machine reached an invalid state/.test(String(error))) throw error;
    // Line ends of several kinds in one file, which only the lenient reader takes.
    return await convertWith(connection, job, form, false);
  }
}

async function convertWith(
  connection: DuckDBConnection,
  job: CsvJob,
  form: CsvForm,
  strict: boolean,
): Promise<ConvertResult> {
  const names = uniqueNames(form.first);
  const source: CsvSource = { connection, job, form, strict, names };
  const judged = await judgeSample(source);
  const sampled = typesOf(judged);
  const header = await hasHeader(source, sampled);
  if (!header) source.names = headless(source);
  const planned = [...planColumns(source.names, job)];
  let types: readonly (string | undefined)[] = sampled;
  for (;;) {
    const made = checkedSource(source, header, planned, types);
    const written = await writing(connection, () => writeWhole(made));
    if (!("at" in written)) return withRejects(connection, written);
    const { source: from, type } = planned[written.at]!;
    const undecided = planned.some((one) => one.type === undefined || job.extend);
    if (types === sampled && undecided) {
      types = typesOf(await judge(source, judged, { rows_max: undefined, skip_first: header }));
      continue;
    }
    const found = types[source.names.indexOf(from!)];
    if (job.extend && type !== undefined && isPromotion(type, found ?? "")) {
      planned[written.at] = { ...planned[written.at]!, type: found };
      continue;
    }
    const { delimiter } = form;
    const records = { path: job.path, delimiter, header, row_texts: made.row_texts };
    const rejecting = rejectingRecords(connection, records);
    const fitting = await writing(connection, () => writeFitting(connection, made, rejecting));
    return withRejects(connection, fitting);
  }
}

interface CsvSource {
  readonly connection: DuckDBConnection;
  readonly job: CsvJob;
  readonly form: CsvForm;
  readonly strict: boolean;
  names: readonly string[];
}

/** Without a header, columns are told by position: as the wanted ones, when there are as many. */
function headless(source: CsvSource): readonly string[] {
  const wanted = source.job.columns;
  if (wanted?.length === source.names.length) return wanted.map((column) => column.name);
  return source.names.map((_, at) => `column${at}`);
}

type RejectOption = "store_rejects" | "ignore_errors";

function reader(source: CsvSource, header: boolean, rejects: RejectOption, more = ""): string {
  const columns = source.names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(", ");
  return (
    `read_csv(${quoteText(source.job.path)}, auto_detect = false, header = ${header}, ` +
    `delim = ${quoteText(source.form.delimiter)}, quote = '"', escape = '"', comment = '', ` +
    `allow_quoted_nulls = false, skip = 0, strict_mode = ${source.strict}, columns = {${columns}}, ` +
    `${rejects} = true${more})`
  );
}

/** What is known of a column: whether it has values, and the candidates that all of them fit. */
interface Judged {
  readonly seen: boolean;
  readonly alive: readonly Candidate[];
}

/** The first type that all values fit; undefined where there are no values. */
function typesOf(judged: readonly Judged[]): (string | undefined)[] {
  return judged.map(({ seen, alive }) => (seen ? (alive[0]?.type ?? "string") : undefined));
}

/** A candidate that fails on few rows fails on many: only the others are tried on more. */
async function judgeSample(source: CsvSource): Promise<readonly Judged[]> {
  const all = CANDIDATES.filter((candidate) => candidate.type !== "string");
  const fresh = source.names.map(() => ({ seen: false, alive: all }));
  const glance_at = { rows_max: GLANCE_ROWS, skip_first: true, castable: true };
  const glance = await judge(source, fresh, glance_at);
  return judge(source, glance, { rows_max: SAMPLE_ROWS, skip_first: true });
}

async function judge(
  source: CsvSource,
  before: readonly Judged[],
  rows: {
    readonly rows_max: number | undefined;
    readonly skip_first: boolean;
    /** Only ask whether there is a value at all: cheaper, and what has none does not fit. */
    readonly castable?: boolean;
  },
): Promise<readonly Judged[]> {
  const tests = source.names.flatMap((name, at) => {
    const text = quoteName(name);
    // A quoted empty text tells nothing about the type.
    const values = `count(nullif(${text}, ''))`;
    const counted = before[at]!.seen ? "1" : values;
    const fits = before[at]!.alive.map((candidate) =>
      rows.castable
        ? `count(${candidate.value(text)}) = ${values}`
        : `bool_and(${fitsText(candidate, text)}) FILTER (${text} <> '')`,
    );
    return [counted, ...fits];
  });
  const limit = rows.rows_max === undefined ? "" : `LIMIT ${rows.rows_max}`;
  const skip = rows.skip_first ? "OFFSET 1" : "";
  // The reader takes whole buffers in parallel, far more than a sample needs.
  const small = rows.rows_max === undefined ? "" : `, buffer_size = ${SAMPLE_BUFFER_BYTES}`;
  const from = `(SELECT * FROM ${reader(source, false, "ignore_errors", small)} ${limit} ${skip})`;
  const answer = await source.connection.runAndReadAll(
    `SELECT count(*), ${tests.join(", ")} FROM ${from}`,
  );
  const found = answer.getRows()[0]!;
  let at = 1;
  return before.map(({ alive }) => {
    const seen = Number(found[at]) > 0;
    const fits = found.slice(at + 1, at + 1 + alive.length);
    at += 1 + alive.length;
    return { seen, alive: seen ? alive.filter((_, i) => fits[i] === true) : alive };
  });
}

/**
 * The first record names the columns, unless it reads like the rows below it: some column is not
 * plain text, and the first record fits all such columns.
 */
async function hasHeader(source: CsvSource, types: readonly (string | undefined)[]) {
  const first = source.form.first;
  const wanted = source.job.columns ?? [];
  const names = wanted.map((column) => column.name.toLowerCase());
  if (names.length > 0 && first.every((cell) => names.includes(cell.toLowerCase()))) return true;
  const tests: string[] = [];
  first.forEach((cell, at) => {
    const by_place = wanted.length === first.length ? wanted[at]!.type : undefined;
    const type = types[at] ?? by_place;
    const candidate = type === undefined ? undefined : acceptedText(type);
    if (candidate === undefined || type === "string") return;
    tests.push(cell === "" ? "false" : fitsText(candidate, quoteText(cell)));
  });
  if (tests.length === 0) return true;
  const answer = await source.connection.runAndReadAll(`SELECT ${tests.join(" AND ")}`);
  return answer.getRows()[0]![0] !== true;
}

/** Columns whose type is not planned have the inferred one. */
function checkedSource(
  source: CsvSource,
  header: boolean,
  planned: readonly PlannedColumn[],
  types: readonly (string | undefined)[],
): CheckedSource & Pick<CsvColumns, "row_texts"> {
  const { job, names } = source;
  const typed = planned.map((one) => ({
    ...one,
    wanted: one.type !== undefined,
    type: one.type ?? types[names.indexOf(one.source!)],
  }));
  const { texts, parts, row_texts } = checkedParts(typed, names, types);
  const columns = withIds(
    typed.map(({ name, type }) => ({ name, type: type ?? "string" })),
    job,
  );
  const read = `SELECT ${texts.join(", ")} FROM ${reader(source, header, "store_rejects", COPY_BUFFER)}`;
  return { from: `(${read})`, parts, columns, row_texts, writer: job.writer };
}

/** One pass over the file, whose broken records are then in tables of the connection. */
async function writing<T>(connection: DuckDBConnection, write: () => Promise<T>): Promise<T> {
  await connection.run("DROP TABLE IF EXISTS reject_errors");
  await connection.run("DROP TABLE IF EXISTS reject_scans");
  try {
    return await write();
  } catch (error) {
    throw readError(error);
  }
}

function readError(thrown: unknown): unknown {
  const text = (thrown as Error).message;
  if (/state machine/.test(text)) return thrown;
  const faulty = /^(Invalid Input|Conversion|IO) Error: (.*)/.exec(text);
  return faulty === null ? thrown : unreadable(faulty[2]!, thrown);
}
