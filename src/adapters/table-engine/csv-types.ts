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
  /** SQL of the value; NULL when the text has none. */
  value(text: string): string;
  /** SQL: true (else false) for texts, not NULL or empty, that become their value unchanged. */
  fits(text: string, value: string): string;
}

const NUMBER = String.raw`-?(0|[1-9][0-9]{0,14})?(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?`;

interface FloatDigits {
  /** As many significant digits come back from any value of the type. */
  readonly sure: number;
  /** As many tell any two values apart. */
  readonly all: number;
  /** Below this, values have fewer digits or are zero. */
  readonly tiny: string;
  /** A text of so few characters cannot say a number that small, except zero itself. */
  readonly never_tiny: number;
}

const DOUBLE_DIGITS: FloatDigits = { sure: 15, all: 17, tiny: "1e-300", never_tiny: 5 };
const FLOAT_DIGITS: FloatDigits = { sure: 6, all: 9, tiny: "1e-37", never_tiny: 4 };

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
    value: castTo("BOOLEAN"),
    fits: (text) => `${text} IN ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')`,
  },
  { type: "long", value: castTo("BIGINT"), fits: isWritten },
  { type: "double", value: castTo("DOUBLE"), fits: isNumberOf(DOUBLE_DIGITS) },
  {
    type: "date",
    value: castTo("DATE"),
    // As ISO writes it and no other way: day and month are never guessed.
    fits: isWritten,
  },
  {
    type: "timestamp",
    value: castTo("TIMESTAMP"),
    fits: (text, value) => `(${matches(text, `${DAY}([ T]${CLOCK})?`)} AND ${value} IS NOT NULL)`,
  },
  {
    type: "timestamptz",
    value: castTo("TIMESTAMPTZ"),
    fits: (text, value) =>
      `(${matches(text, `${DAY}[ T]${CLOCK}${OFFSET}`)} AND ${value} IS NOT NULL)`,
  },
  {
    type: "time",
    value: castTo("TIME"),
    fits: (text, value) => `(${matches(text, CLOCK)} AND ${value} IS NOT NULL)`,
  },
  { type: "string", value: (text) => text, fits: () => "true" },
];

/** The text is how the value is written. */
function isWritten(text: string, value: string): string {
  return `${value}::VARCHAR IS NOT DISTINCT FROM ${text}`;
}

/**
 * A number whose digits all survive. Few digits always do (IEEE 754: 15 in a double); of more, and
 * of what is nearly zero, those of the value are compared: written shortly, or with every digit.
 */
function isNumberOf(digits: FloatDigits) {
  return (text: string, value: string): string => {
    const kept = [`${value}::VARCHAR`, `format('{:.${digits.all - 1}e}', ${value})`]
      .map((written) => `${digitsOf(text)} = ${digitsOf(written)}`)
      .join(" OR ");
    const sure = `strlen(${text}) <= ${digits.sure + 1} AND abs(${value}) > ${digits.tiny}`;
    return (
      `(${matches(text, NUMBER)} AND coalesce(isfinite(${value}), false) AND ` +
      `CASE WHEN ${sure} THEN true WHEN strlen(${text}) <= ${digits.never_tiny} THEN true ` +
      `ELSE ${kept} END)`
    );
  };
}

/** The digits that count: no sign, point or exponent, and no zeros at either end. */
function digitsOf(text: string): string {
  return `trim(regexp_replace(${text}, '[eE].*|[-.]', '', 'g'), '0')`;
}

/** Dataset types that CSV can be read as, beside the inferred ones. */
const READ_AS: Readonly<Record<string, Candidate>> = {
  int: { type: "int", value: castTo("INTEGER"), fits: isWritten },
  float: { type: "float", value: castTo("FLOAT"), fits: isNumberOf(FLOAT_DIGITS) },
  uuid: {
    type: "uuid",
    value: castTo("UUID"),
    fits: (text, value) => `(strlen(${text}) = 36 AND ${value} IS NOT NULL)`,
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
  return {
    type,
    value: castTo(`DECIMAL(${decimal[1]},${scale})`),
    fits: (text, value) => `(${matches(text, shape)} AND ${value} IS NOT NULL)`,
  };
}

/** SQL that is true or false for texts that are not NULL. */
export function fitsText(candidate: Candidate, text: string): string {
  return candidate.fits(text, candidate.value(text));
}

/** Marks the error that a value raises when it does not fit the type assumed for its column. */
export const MISFIT = "lakehouse: value does not fit column ";

export interface CheckedColumn {
  /** For an inner SELECT: the text as `t<at>`, its value as `v<at>`, so that it is made once. */
  readonly inner: string;
  /** For the outer one: the value; a text that does not fit stops the statement. */
  readonly outer: string;
}

/**
 * Type undefined: the column was seen empty, and must stay so. A quoted empty text is empty text in
 * a text column, and no value in any other.
 */
export function checkedColumn(name: string, at: number, type: string | undefined): CheckedColumn {
  const text = quoteName(name);
  const stop = `error('${MISFIT}${at}')`;
  const plain = `${text} AS t${at}`;
  if (type === "string") return { inner: plain, outer: `t${at}` };
  if (type === undefined) {
    const outer = `CASE WHEN t${at} IS NULL OR t${at} = '' THEN t${at} ELSE ${stop} END`;
    return { inner: plain, outer };
  }
  const candidate = candidateOf(type);
  if (candidate === undefined) {
    throw new LakehouseError("conflict", `CSV text cannot become ${type}`, {
      reason: "schema_differs",
    });
  }
  const fits = candidate.fits(`t${at}`, `v${at}`);
  return {
    inner: `${plain}, ${candidate.value(text)} AS v${at}`,
    // Whether there is a value at all is asked of the few that do not fit.
    outer:
      `CASE WHEN ${fits} THEN v${at} WHEN coalesce(t${at}, '') = '' THEN NULL ` +
      `ELSE ${stop} END`,
  };
}
