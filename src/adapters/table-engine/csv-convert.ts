// CSV and TSV to Parquet in one pass: every field is read as text and cast under exact conditions.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ConvertResult, RejectedRow } from "#ports/table-engine.ts";
import {
  canReadAs,
  planColumns,
  schemaDiffers,
  withIds,
  type PlannedColumn,
  type WantedColumns,
} from "./column-plan.ts";
import { toEngineType } from "./column-types.ts";
import { uniqueNames } from "./copy-out.ts";
import { readCsvForm, type CsvForm } from "./csv-form.ts";
import {
  CANDIDATES,
  candidateOf,
  checkedColumn,
  fitsText,
  MISFIT,
  type Candidate,
} from "./csv-types.ts";
import { quoteName, quoteText } from "./sql-text.ts";
import { unreadable } from "./source-file.ts";
import { resultOf } from "./convert-result.ts";
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
const REJECTS_LISTED_MAX = 10_000;

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
  const planned = planColumns(source.names, job);
  const assumed = typed(planned, source.names, sampled);
  try {
    return await copyCsv(source, header, assumed);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
  }
  const all_rows = { rows_max: undefined, skip_first: header };
  const whole = typesOf(await judge(source, judged, all_rows));
  checkWanted(planned, source.names, whole);
  const final = typed(planned, source.names, whole);
  try {
    return await copyCsv(source, header, final);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { name, type, source: from } = final[error.at]!;
    const found = whole[source.names.indexOf(from!)] ?? "string";
    throw schemaDiffers({ added: [], removed: [], changed: [{ name, from: type!, to: found }] });
  }
}

/** A value that does not fit the type assumed for the planned column at `at`. */
class Misfit extends Error {
  readonly at: number;
  constructor(at: number, cause: unknown) {
    super(MISFIT, { cause });
    this.at = at;
  }
}

interface CsvSource {
  readonly connection: DuckDBConnection;
  readonly job: CsvJob;
  readonly form: CsvForm;
  readonly strict: boolean;
  names: readonly string[];
}

/** Columns whose type was not given get the inferred one. */
function typed(
  planned: readonly PlannedColumn[],
  names: readonly string[],
  types: readonly (string | undefined)[],
): PlannedColumn[] {
  return planned.map((column) => {
    if (column.type !== undefined || column.source === undefined) return column;
    return { ...column, type: types[names.indexOf(column.source)] };
  });
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
    const candidate = type === undefined ? undefined : candidateOf(type);
    if (candidate === undefined || type === "string") return;
    tests.push(cell === "" ? "false" : fitsText(candidate, quoteText(cell)));
  });
  if (tests.length === 0) return true;
  const answer = await source.connection.runAndReadAll(`SELECT ${tests.join(" AND ")}`);
  return answer.getRows()[0]![0] !== true;
}

/** Throws for wanted types that the file's values are not of; others are told by reading. */
function checkWanted(
  planned: readonly PlannedColumn[],
  names: readonly string[],
  types: readonly (string | undefined)[],
): void {
  const inferred = new Set(CANDIDATES.map((candidate) => candidate.type));
  const changed = planned.flatMap(({ name, source, type }) => {
    const found = source === undefined ? undefined : types[names.indexOf(source)];
    if (type === undefined || found === undefined || !inferred.has(type)) return [];
    return canReadAs(found, type) ? [] : [{ name, from: type, to: found }];
  });
  if (changed.length > 0) throw schemaDiffers({ added: [], removed: [], changed });
}

async function copyCsv(
  source: CsvSource,
  header: boolean,
  planned: readonly PlannedColumn[],
): Promise<ConvertResult> {
  const { connection, job } = source;
  const inner: string[] = [];
  const outer = planned.map(({ name, source: from, type }, at) => {
    if (from === undefined) return `NULL::${toEngineType(type!)} AS ${quoteName(name)}`;
    const checked = checkedColumn(from, at, type);
    inner.push(checked.inner);
    return `${checked.outer} AS ${quoteName(name)}`;
  });
  await connection.run("DROP TABLE IF EXISTS reject_errors");
  await connection.run("DROP TABLE IF EXISTS reject_scans");
  const read = `SELECT ${inner.join(", ")} FROM ${reader(source, header, "store_rejects", COPY_BUFFER)}`;
  const select = `SELECT ${outer.join(", ")} FROM (${read})`;
  const columns = withIds(
    planned.map(({ name, type }) => ({ name, type: type ?? "string" })),
    job,
  );
  const files = await job.writer.write(select, [], columns).catch((error: unknown) => {
    throw readError(error);
  });
  return { ...resultOf(columns, files), ...(await readRejects(connection)) };
}

function readError(thrown: unknown): unknown {
  const text = (thrown as Error).message;
  const misfit = text.indexOf(MISFIT);
  if (misfit >= 0)
    return new Misfit(Number.parseInt(text.slice(misfit + MISFIT.length), 10), thrown);
  if (/state machine/.test(text)) return thrown;
  const faulty = /^(Invalid Input|Conversion|IO) Error: (.*)/.exec(text);
  return faulty === null ? thrown : unreadable(faulty[2]!, thrown);
}

async function readRejects(
  connection: DuckDBConnection,
): Promise<{ rejects: RejectedRow[]; rejected_rows: number }> {
  const counted = await connection.runAndReadAll("SELECT count(DISTINCT line) FROM reject_errors");
  const rejected_rows = Number(counted.getRows()[0]![0]);
  if (rejected_rows === 0) return { rejects: [], rejected_rows };
  const listed = await connection.runAndReadAll(
    `SELECT line, any_value(column_name), any_value(error_type || ': ' || error_message),
            any_value(left(csv_line, 10000))
     FROM reject_errors GROUP BY line ORDER BY line LIMIT ${REJECTS_LISTED_MAX}`,
  );
  const rejects = listed.getRows().map((row) => ({
    line: Number(row[0]),
    column: row[1] === null ? undefined : String(row[1]),
    reason: String(row[2]),
    text: String(row[3] ?? ""),
  }));
  return { rejects, rejected_rows };
}
