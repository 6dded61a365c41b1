// Types of text columns, told by conditions that lose nothing: what does not fit exactly is string.
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

const DOUBLE_DIGITS = {
  /** As many significant digits come back from any value of the type. */
  sure: 15,
  /** As many tell any two values apart. */
  all: 17,
  /** Below this, values have fewer digits or are zero. */
  tiny: "1e-300",
  /** A text of so few characters cannot say a number that small, except zero itself. */
  never_tiny: 5,
};

export const CLOCK = String.raw`([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?`;
export const DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
export const OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)";

export function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, '${pattern}')`;
}

export function castTo(type: string) {
  return (text: string) => `TRY_CAST(${text} AS ${type})`;
}

export const CANDIDATES: readonly Candidate[] = [
  {
    type: "boolean",
    value: castTo("BOOLEAN"),
    fits: (text) => `${text} IN ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')`,
  },
  { type: "long", value: castTo("BIGINT"), fits: isWritten },
  { type: "double", value: castTo("DOUBLE"), fits: isDouble },
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
export function isWritten(text: string, value: string): string {
  return `${value}::VARCHAR IS NOT DISTINCT FROM ${text}`;
}

/**
 * A number whose digits all survive. Few digits always do (IEEE 754: 15 in a double); of more, and
 * of what is nearly zero, those of the value are compared: written shortly, or with every digit.
 */
function isDouble(text: string, value: string): string {
  const { sure, all, tiny, never_tiny } = DOUBLE_DIGITS;
  const kept = [`${value}::VARCHAR`, `format('{:.${all - 1}e}', ${value})`]
    .map((written) => `${digitsOf(text)} = ${digitsOf(written)}`)
    .join(" OR ");
  return (
    `(${matches(text, NUMBER)} AND coalesce(isfinite(${value}), false) AND ` +
    `CASE WHEN strlen(${text}) <= ${sure + 1} AND abs(${value}) > ${tiny} THEN true ` +
    `WHEN strlen(${text}) <= ${never_tiny} THEN true ELSE ${kept} END)`
  );
}

/** The digits that count: no sign, point or exponent, and no zeros at either end. */
export function digitsOf(text: string): string {
  return `trim(regexp_replace(${text}, '[eE].*|[-+.]', '', 'g'), '0')`;
}

/** The rule that a type is inferred by. */
export function candidateOf(type: string): Candidate | undefined {
  return CANDIDATES.find((candidate) => candidate.type === type);
}

/** SQL that is true or false for texts that are not NULL. */
export function fitsText(candidate: Candidate, text: string): string {
  return candidate.fits(text, candidate.value(text));
}
