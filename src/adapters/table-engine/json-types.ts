// Types of JSON columns where the reader's own inference would refuse, round or guess a value.
import type { DuckDBConnection } from "@duckdb/node-api";
import { candidateOf, CLOCK, DAY, fitsText, matches, OFFSET } from "./csv-types.ts";
import { quoteName, quoteText } from "./sql-text.ts";
import type { FoundColumn } from "./typed-convert.ts";

/** Makes the reader's call with these columns (name → engine type). */
export type ReadAs = (types: ReadonlyMap<string, string>) => string;

/** Whole numbers of so many digits may be others once they are doubles. */
const JSON_NUMBER = String.raw`-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`;
const LONG_NUMBER = "-?([0-9]{17,}|9[0-9]{15})";

/**
 * The columns that the reader would take for other values than the file has: doubles that stand for
 * another whole number (mixed with fractions the reader takes both for doubles), and days that it
 * guesses from texts not written as ISO 8601. Such a column is kept as text. `quoted`: some numbers
 * were set into quotes, and what holds nothing else is text without these.
 */
export async function guessedColumns(
  connection: DuckDBConnection,
  found: readonly FoundColumn[],
  readAs: ReadAs,
  quoted: boolean,
): Promise<string[]> {
  const asked = found.flatMap((column) => {
    const { name, type } = column;
    const text = `${quoteName(name)}::VARCHAR`;
    const iso = ISO[type];
    const numbers = quoted && column.engine_type === "JSON";
    const test = numbers
      ? `bool_and(${matches(text, JSON_NUMBER)})`
      : iso === undefined
        ? roundedTest(column, text)
        : `NOT bool_and(${iso(text)})`;
    if (test === undefined) return [];
    return [{ name, test, read: type.includes("<") ? "JSON" : "VARCHAR" }];
  });
  if (asked.length === 0) return [];
  const types = new Map(asked.map(({ name, read }) => [name, read]));
  const tests = asked.map(({ test }) => test).join(", ");
  const reader = await connection.runAndReadAll(`SELECT ${tests} FROM ${readAs(types)}`);
  const guessed = reader.getRows()[0]!;
  return asked.filter((_, at) => guessed[at] === true).map(({ name }) => name);
}

const ISO: Readonly<Record<string, (text: string) => string>> = {
  date: (text) => fitsText(candidateOf("date")!, text),
  timestamp: (text) => matches(text, `${DAY}([ T]${CLOCK}(${OFFSET})?)?`),
};

function roundedTest({ type, engine_type }: FoundColumn, text: string): string | undefined {
  if (!/\bDOUBLE\b/.test(engine_type)) return undefined;
  if (type !== "double") return `bool_or(${holdsLongNumber(text)})`;
  const whole = `TRY_CAST(${text} AS HUGEINT)`;
  const kept = `TRY_CAST(TRY_CAST(${text} AS DOUBLE) AS HUGEINT) IS NOT DISTINCT FROM ${whole}`;
  const exact = `${whole} IS NOT NULL AND ${kept}`;
  return `bool_or(${matches(text, LONG_NUMBER)} AND NOT (${exact}))`;
}

/** Whether JSON text has such a number outside of its strings. */
function holdsLongNumber(json: string): string {
  const bare = String.raw`regexp_replace(${json}, '"(\\.|[^"\\])*"', '""', 'g')`;
  return String.raw`regexp_matches(${bare}, '[:\[,]\s*${LONG_NUMBER}\s*[,\]}]')`;
}

/**
 * Columns (name → engine type) of whole numbers below and above zero that all fit a BIGINT: the
 * reader takes them for HUGEINT, also inside lists and structs.
 */
export async function narrowedColumns(
  connection: DuckDBConnection,
  found: readonly FoundColumn[],
  readAs: ReadAs,
): Promise<Map<string, string>> {
  const huge = found.filter(({ engine_type }) => /\bHUGEINT\b/.test(engine_type));
  if (huge.length === 0) return new Map();
  const narrow = ({ engine_type }: FoundColumn) => engine_type.replaceAll(/\bHUGEINT\b/g, "BIGINT");
  const tests = huge.map((column) => {
    const ref = quoteName(column.name);
    const back = `CAST(TRY_CAST(${ref} AS ${narrow(column)}) AS ${column.engine_type})`;
    return `bool_and(${back} IS NOT DISTINCT FROM ${ref})`;
  });
  const types = new Map(huge.map(({ name, engine_type }) => [name, engine_type]));
  const reader = await connection.runAndReadAll(`SELECT ${tests.join(", ")} FROM ${readAs(types)}`);
  const fits = reader.getRows()[0]!;
  return new Map(
    huge.flatMap((column, at) => (fits[at] === true ? [[column.name, narrow(column)]] : [])),
  );
}

/**
 * Engine types of columns when keys of some inner object differ in case only, which no struct can
 * have: that column stays JSON text, and the others get their types.
 */
export async function typesApart(
  connection: DuckDBConnection,
  names: readonly string[],
  readAs: ReadAs,
): Promise<Map<string, string>> {
  const all_json = new Map(names.map((name) => [name, "JSON"]));
  const asked = names.flatMap((name) => {
    const text = `(${quoteName(name)}->>'$')`;
    const fits = ["date", "timestamp"].map(
      (type) => `bool_and(${fitsText(candidateOf(type)!, text)}) FILTER (${text} IS NOT NULL)`,
    );
    return [
      `json_group_structure(${quoteName(name)})::VARCHAR`,
      `max(TRY_CAST(${text} AS HUGEINT)) > 9223372036854775807`,
      ...fits,
    ];
  });
  const reader = await connection.runAndReadAll(
    `SELECT ${asked.join(", ")} FROM ${readAs(all_json)}`,
  );
  const row = reader.getRows()[0]!;
  return new Map(
    names.map((name, at) => {
      const [structure, over_long, date, timestamp] = row.slice(4 * at, 4 * at + 4);
      const type = engineTypeOf(JSON.parse(String(structure ?? '"NULL"')));
      if (type === "BIGINT" && over_long === true) return [name, "HUGEINT"];
      if (type !== "VARCHAR") return [name, type];
      return [name, date === true ? "DATE" : timestamp === true ? "TIMESTAMP" : "VARCHAR"];
    }),
  );
}

const SCALARS: Readonly<Record<string, string>> = {
  BOOLEAN: "BOOLEAN",
  BIGINT: "BIGINT",
  UBIGINT: "BIGINT",
  HUGEINT: "HUGEINT",
  DOUBLE: "DOUBLE",
  VARCHAR: "VARCHAR",
};

/** `structure` as DuckDB's json_structure tells it: a name, `[element]` or `{field: …}`. */
function engineTypeOf(structure: unknown): string {
  if (typeof structure === "string") return SCALARS[structure] ?? "JSON";
  if (Array.isArray(structure)) {
    const element = engineTypeOf(structure[0]);
    return element === "JSON" ? "JSON" : `${element}[]`;
  }
  const fields = Object.entries(structure as Record<string, unknown>);
  const names = new Set(fields.map(([name]) => name.toLowerCase()));
  if (fields.length === 0 || names.size < fields.length) return "JSON";
  const typed = fields.map(([name, inner]) => [name, engineTypeOf(inner)] as const);
  if (typed.some(([, type]) => type === "JSON")) return "JSON";
  return `STRUCT(${typed.map(([name, type]) => `${quoteName(name)} ${type}`).join(", ")})`;
}

/** `{'a': 'BIGINT'}`, as the reader takes it. */
export function typesOption(types: ReadonlyMap<string, string>): string {
  const entries = [...types].map(([name, type]) => `${quoteText(name)}: ${quoteText(type)}`);
  return `columns = {${entries.join(", ")}}`;
}
