// Types of text columns, told by conditions that lose nothing: what does not fit exactly is string.
import { LakehouseError } from "#kernel/problem.ts";
import { quoteName } from "./sql-text.ts";

/**
 * Candidate types from narrow to wide; a column has the first one that all its values fit. The same
 * conditions judge a sample, the whole file, and every value while it is converted. Since a type
 * that fails on a sample fails on the whole, types from a sample that hold for each value are those
 * of the whole file. They are stricter than a cast: 007, 1.5 as a whole number, 2024-01-01T10:00+02
 * as a time without zone, or a number of more digits than a double holds would come out changed.
 */
export interface Candidate {
  readonly type: string;
  /** SQL that is true for texts (never NULL) that become a value of this type unchanged. */
  fits(text: string): string;
  /** SQL of the value. */
  value(text: string): string;
}

const NUMBER = String.raw`-?(0|[1-9][0-9]{0,14})?(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?`;
const CLOCK = String.raw`([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?`;
const DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
const OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)";

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, '${pattern}')`;
}

function castTo(type: string) {
  return (text: string) => `TRY_CAST(${text} AS ${type})`;
}

export const CANDIDATES: readonly Candidate[] = [
  {
    type: "boolean",
    fits: (text) => `${text} IN ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')`,
    value: castTo("BOOLEAN"),
  },
  {
    type: "long",
    fits: (text) => `coalesce(TRY_CAST(${text} AS BIGINT)::VARCHAR = ${text}, false)`,
    value: castTo("BIGINT"),
  },
  {
    type: "double",
    fits: (text) =>
      `(${matches(text, NUMBER)} AND coalesce(isfinite(TRY_CAST(${text} AS DOUBLE)), false))`,
    value: castTo("DOUBLE"),
  },
  {
    type: "date",
    fits: (text) => `(length(${text}) = 10 AND ${canonicalDate(text)})`,
    value: castTo("DATE"),
  },
  {
    type: "timestamp",
    fits: (text) =>
      `(${matches(text, `${DAY}([ T]${CLOCK})?`)} AND TRY_CAST(${text} AS TIMESTAMP) IS NOT NULL)`,
    value: castTo("TIMESTAMP"),
  },
  {
    type: "timestamptz",
    fits: (text) =>
      `(${matches(text, `${DAY}[ T]${CLOCK}${OFFSET}`)} ` +
      `AND TRY_CAST(${text} AS TIMESTAMPTZ) IS NOT NULL)`,
    value: castTo("TIMESTAMPTZ"),
  },
  {
    type: "time",
    fits: (text) => `(${matches(text, CLOCK)} AND TRY_CAST(${text} AS TIME) IS NOT NULL)`,
    value: castTo("TIME"),
  },
  { type: "string", fits: () => "true", value: (text) => text },
];

function canonicalDate(text: string): string {
  return `coalesce(TRY_CAST(${text} AS DATE)::VARCHAR = ${text}, false)`;
}

/** Dataset types that CSV can be read as, beside the inferred ones. */
const READ_AS: Readonly<Record<string, Candidate>> = {
  int: {
    type: "int",
    fits: (text) => `coalesce(TRY_CAST(${text} AS INTEGER)::VARCHAR = ${text}, false)`,
    value: castTo("INTEGER"),
  },
  float: {
    type: "float",
    fits: (text) =>
      `(${matches(text, NUMBER)} AND coalesce(isfinite(TRY_CAST(${text} AS FLOAT)), false))`,
    value: castTo("FLOAT"),
  },
  uuid: {
    type: "uuid",
    fits: (text) => `(length(${text}) = 36 AND TRY_CAST(${text} AS UUID) IS NOT NULL)`,
    value: castTo("UUID"),
  },
};

/** The rule of a type; undefined for one that text is not read as (lists, structs …). */
export function candidateOf(type: string): Candidate | undefined {
  const known = CANDIDATES.find((candidate) => candidate.type === type) ?? READ_AS[type];
  if (known !== undefined) return known;
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  if (decimal === null) return undefined;
  const [whole, scale] = [Number(decimal[1]) - Number(decimal[2]), Number(decimal[2])];
  const shape = `-?[0-9]{0,${whole}}(\\.[0-9]{0,${scale}})?`;
  const cast = castTo(`DECIMAL(${decimal[1]},${scale})`);
  return {
    type,
    fits: (text) => `(${matches(text, shape)} AND ${cast(text)} IS NOT NULL)`,
    value: cast,
  };
}

/** Marks the error that a value raises when it does not fit the type assumed for its column. */
export const MISFIT = "lakehouse: value does not fit column ";

/**
 * SQL of a column converted to `type`, where a value that does not fit stops the statement. Type
 * undefined: the column was seen empty, and must stay so.
 */
export function checkedColumn(name: string, at: number, type: string | undefined): string {
  const text = quoteName(name);
  const stop = `error('${MISFIT}${at}')`;
  if (type === "string") return text;
  if (type === undefined) {
    return `CASE WHEN ${text} IS NULL THEN NULL::VARCHAR ELSE ${stop} END`;
  }
  const candidate = candidateOf(type);
  if (candidate === undefined) {
    throw new LakehouseError("conflict", `CSV text cannot become ${type}`, {
      reason: "schema_differs",
    });
  }
  const fits = `${text} IS NULL OR ${candidate.fits(text)}`;
  return `CASE WHEN ${fits} THEN ${candidate.value(text)} ELSE ${stop} END`;
}
