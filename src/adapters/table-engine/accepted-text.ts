// Which texts a column that is there already takes: those that say exactly a value of its type.
import {
  CANDIDATES,
  castTo,
  CLOCK,
  DAY,
  digitsOf,
  isWritten,
  matches,
  OFFSET,
  type Candidate,
} from "./csv-types.ts";

const NUMBER = String.raw`[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?`;
const WHOLE = String.raw`[+-]?[0-9]+([.]0*)?`;
const NO_NUMBER = "('NaN', 'nan', 'Infinity', '-Infinity', 'Inf', '-Inf', 'inf', '-inf')";
const MIDNIGHT = "[ T]00:00(:00([.]0{1,9})?)?";
const UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

/** Significant digits: of `sure` many all come back from any value, `all` tell any two apart. */
const DOUBLE = { sure: 15, all: 17, tiny: "1e-300", never_tiny: 4 };
const FLOAT = { sure: 6, all: 9 };

/**
 * The rule of a column's type; undefined for one that text is not read as (lists, binary …). What
 * types are inferred from is narrower, see `csv-types.ts`: 007 may be a name as long as nobody says
 * what it is, and is 7 where a whole number is wanted.
 * - int, long, decimal: a number of exactly this value: 12.50 or 1e3, but 1.5 for no whole number.
 * - double: one whose digits a double gives back. float: the nearest float of such a number, as in
 *   any database; of a whole number each digit counts.
 * - date, time, timestamp, timestamptz: as ISO 8601 writes them; with an offset for timestamptz and
 *   without one for timestamp; no finer than microseconds; for a date also its midnight.
 * - uuid: 36 characters. boolean: true or false. string: any text.
 */
export function acceptedText(type: string): Candidate | undefined {
  if (type.startsWith("decimal(")) return exactNumber(type, type.toUpperCase());
  return BY_TYPE[type];
}

const TIMES = [
  timed("timestamp", `${DAY}([ T]${exactClock()})?`),
  timed("timestamptz", `${DAY}[ T]${exactClock()}${OFFSET}`),
  timed("time", exactClock()),
];

const BY_TYPE: Readonly<Record<string, Candidate>> = Object.fromEntries(
  [
    ...CANDIDATES.filter(({ type }) => type === "boolean" || type === "string"),
    ...TIMES,
    exactNumber("int", "INTEGER"),
    exactNumber("long", "BIGINT"),
    { type: "double", value: castTo("DOUBLE"), fits: fitsDouble },
    { type: "float", value: castTo("FLOAT"), fits: fitsFloat },
    {
      type: "date",
      value: castTo("DATE"),
      fits: (text: string, value: string) =>
        `(${isWritten(text, value)} OR ` +
        `(${matches(text, DAY + MIDNIGHT)} AND ${value} IS NOT NULL))`,
    },
    {
      type: "uuid",
      value: castTo("UUID"),
      fits: (text: string, value: string) => `(${matches(text, UUID)} AND ${value} IS NOT NULL)`,
    },
  ].map((candidate) => [candidate.type, candidate]),
);

/** A rounded number has other digits than the text. */
function exactNumber(type: string, engine_type: string): Candidate {
  return {
    type,
    value: castTo(engine_type),
    fits: (text, value) =>
      `(${isWritten(text, value)} OR (${value} IS NOT NULL AND ${matches(text, NUMBER)} AND ` +
      `${digitsOf(text)} = ${digitsOf(`${value}::VARCHAR`)}))`,
  };
}

function fitsDouble(text: string, value: string): string {
  const sure =
    `(strlen(${text}) <= ${DOUBLE.sure} AND abs(${value}) > ${DOUBLE.tiny}) ` +
    `OR strlen(${text}) <= ${DOUBLE.never_tiny}`;
  return (
    `(coalesce(isfinite(${value}), false) AND ${matches(text, NUMBER)} AND ` +
    `(${sure} OR ${digitsKept(text, value, DOUBLE.all)}) OR ${text} IN ${NO_NUMBER})`
  );
}

function fitsFloat(text: string, value: string): string {
  const double = `TRY_CAST(${text} AS DOUBLE)`;
  const near =
    `coalesce(isfinite(${value}), false) AND (${value} <> 0 OR ${double} = 0) AND ` +
    `CASE WHEN strlen(${text}) <= ${FLOAT.sure} OR NOT ${matches(text, WHOLE)} THEN true ` +
    `ELSE ${digitsKept(text, value, FLOAT.all)} END`;
  return `(${fitsDouble(text, double)} AND (${near} OR ${text} IN ${NO_NUMBER}))`;
}

/** The digits of the text are those of the value: written shortly, or with every digit. */
function digitsKept(text: string, value: string, digits: number): string {
  const forms = [`${value}::VARCHAR`, `format('{:.${digits - 1}e}', ${value})`];
  return `(${digitsOf(text)} IN (${forms.map(digitsOf).join(", ")}))`;
}

function timed(type: string, pattern: string): Candidate {
  return {
    type,
    value: castTo(type.toUpperCase()),
    fits: (text, value) => `(${matches(text, pattern)} AND ${value} IS NOT NULL)`,
  };
}

/** A clock's text, with zeros after the microseconds. */
function exactClock(): string {
  return CLOCK.replace("{1,6}", "{1,6}0*");
}
