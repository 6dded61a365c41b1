// Writes the rows of a source whose values fit their columns exactly, and tells of the others.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ConvertResult, IdColumn, RejectedRow } from "#ports/table-engine.ts";
import { schemaDiffers } from "./column-plan.ts";
import { resultOf } from "./convert-result.ts";
import { quoteName } from "./sql-text.ts";
import type { FileWriter } from "./write-files.ts";

/** One column of the result, as SQL over the source. */
export interface CheckedPart {
  readonly name: string;
  /** Type of the column, and that of the source's values: to say what does not fit. */
  readonly type: string;
  readonly found: string;
  readonly value: string;
  /** true where the value is what the source says, false elsewhere, never NULL; absent: always. */
  readonly fits?: string;
  /** The value as text. */
  readonly shown: string;
}

export interface CheckedSource {
  /** What stands after FROM. */
  readonly from: string;
  readonly parts: readonly CheckedPart[];
  readonly columns: readonly IdColumn[];
  readonly writer: FileWriter;
}

/** A row with a value that does not fit its column. */
export interface MisfitRow {
  /** From 1, among the rows that the source yields. */
  readonly row: number;
  readonly part: CheckedPart;
  /** The value's beginning. */
  readonly shown: string;
  /** The texts of `row_texts`. */
  readonly texts: readonly (string | null)[];
}

/** How rows of a source become rejects; a source without it is refused as a whole. */
export interface Rejecting {
  /** SQL: the texts that a row consists of. */
  readonly row_texts: readonly string[];
  /** Ascending by row; with the lines that they stand in. */
  toRejects(rows: readonly MisfitRow[]): Promise<readonly RejectedRow[]>;
}

/** Rows that a file may have rejected for their values: so many are kept, and none is lost. */
const MISFITS_MAX = 10_000;
const SHOWN_CHARACTERS = 200;

const MISFIT = "lakehouse: value does not fit column ";

/** A value at the part `at` that does not fit: nothing was written. */
export interface Misfit {
  readonly at: number;
}

/** Writes every row, in one pass; stops at the first value that does not fit. */
export async function writeWhole(source: CheckedSource): Promise<ConvertResult | Misfit> {
  const parts = source.parts.map(({ name, value, fits }, at) => {
    const checked =
      fits === undefined
        ? value
        : `CASE WHEN ${fits} THEN ${value} ELSE error('${MISFIT}${at}') END`;
    return `${checked} AS ${quoteName(name)}`;
  });
  const select = `SELECT ${parts.join(", ")} FROM ${source.from}`;
  try {
    return resultOf(source.columns, await source.writer.write(select, [], source.columns));
  } catch (error) {
    const text = (error as Error).message;
    const found = text.indexOf(MISFIT);
    if (found < 0) throw error;
    return { at: Number.parseInt(text.slice(found + MISFIT.length), 10) };
  }
}

/**
 * Writes the rows that fit and rejects the others. `conflict` (`schema_differs`), with a value as
 * example, where rows are not to be rejected, none fits, or more do not than rejects are kept of.
 */
export async function writeFitting(
  connection: DuckDBConnection,
  source: CheckedSource,
  rejecting: Rejecting | undefined,
): Promise<ConvertResult> {
  const misfits = await findMisfits(connection, source, rejecting);
  if (rejecting === undefined || misfits.length > MISFITS_MAX) throw refusal(misfits);
  const all = source.parts.flatMap(({ fits }) => fits ?? []).join(" AND ");
  const parts = source.parts.map(({ name, value, fits }) => {
    const kept = fits === undefined ? value : `CASE WHEN ${fits} THEN ${value} END`;
    return `${kept} AS ${quoteName(name)}`;
  });
  const select = `SELECT ${parts.join(", ")} FROM ${source.from} WHERE ${all}`;
  const files = await source.writer.write(select, [], source.columns);
  if (files.length === 0) throw refusal(misfits);
  const rejects = await rejecting.toRejects(misfits);
  return { ...resultOf(source.columns, files), rejects, rejected_rows: misfits.length };
}

/** The reason of a reject. */
export function misfitReason({ part, shown }: MisfitRow): string {
  return `${JSON.stringify(shown)} does not fit ${part.type}`;
}

async function findMisfits(
  connection: DuckDBConnection,
  { from, parts }: CheckedSource,
  rejecting: Rejecting | undefined,
): Promise<MisfitRow[]> {
  const checked = parts.flatMap((part) => (part.fits === undefined ? [] : part));
  const pick = (of: (part: CheckedPart, at: number) => string) => {
    const cases = checked.map((part, at) => `WHEN NOT (${part.fits}) THEN ${of(part, at)}`);
    return `CASE ${cases.join(" ")} END`;
  };
  const texts = (rejecting?.row_texts ?? []).map((text) => `CAST(${text} AS VARCHAR)`);
  const reader = await connection.runAndReadAll(
    `SELECT lakehouse_misfit_row, ${pick((_, at) => String(at))},
            ${pick(({ shown }) => `left(${shown}, ${SHOWN_CHARACTERS})`)}
            ${texts.map((text) => `, ${text}`).join("")}
     FROM (SELECT row_number() OVER () AS lakehouse_misfit_row, * FROM ${from})
     WHERE NOT (${checked.map(({ fits }) => fits).join(" AND ")})
     LIMIT ${rejecting === undefined ? 1 : MISFITS_MAX + 1}`,
  );
  return reader
    .getRows()
    .map(([row, at, shown, ...rest]) => ({
      row: Number(row),
      part: checked[Number(at)]!,
      shown: String(shown),
      texts: rest as (string | null)[],
    }))
    .toSorted((a, b) => a.row - b.row);
}

function refusal(misfits: readonly MisfitRow[]) {
  const changed = misfits.slice(0, 1).map(({ row, part, shown }) => {
    const { name, type, found } = part;
    return { name, from: type, to: found, example: { value: shown, row } };
  });
  return schemaDiffers({ added: [], removed: [], changed });
}
