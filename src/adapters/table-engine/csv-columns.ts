// Columns of a CSV file as SQL: each field as text, and its value where the text says one exactly.
import { LakehouseError } from "#kernel/problem.ts";
import { acceptedText } from "./accepted-text.ts";
import type { PlannedColumn } from "./column-plan.ts";
import { toEngineType } from "./column-types.ts";
import { candidateOf } from "./csv-types.ts";
import type { CheckedPart } from "./fitting-rows.ts";
import { quoteName } from "./sql-text.ts";

export interface CsvColumn extends PlannedColumn {
  /** The type is one that the column has already, not one inferred from the file. */
  readonly wanted: boolean;
}

export interface CsvColumns {
  /** For an inner SELECT: each text as `t<i>`, its value as `v<i>`, so that it is made once. */
  readonly texts: readonly string[];
  /** For the outer one. */
  readonly parts: readonly CheckedPart[];
  /** The texts of a row in the file's order. */
  readonly row_texts: readonly string[];
}

/** `types`: what the file's columns (`names`) are of themselves. */
export function checkedParts(
  columns: readonly CsvColumn[],
  names: readonly string[],
  types: readonly (string | undefined)[],
): CsvColumns {
  const texts: string[] = [];
  const parts = columns.map((column, at): CheckedPart => {
    const { name, source, type } = column;
    const shown = `t${at}`;
    if (source === undefined) {
      const value = `NULL::${toEngineType(type!)}`;
      return { name, type: type!, found: type!, value, shown: "NULL" };
    }
    texts.push(`${quoteName(source)} AS t${at}`);
    const own = types[names.indexOf(source)];
    const found = own === undefined || own === type ? "string" : own;
    const base = { name, type: type ?? "string", found, shown };
    if (type === "string") return { ...base, value: shown };
    // A column that was seen empty must stay so.
    if (type === undefined) return { ...base, value: shown, fits: `coalesce(${shown}, '') = ''` };
    const rule = column.wanted ? acceptedText(type) : candidateOf(type);
    if (rule === undefined) throw noText(name, type);
    texts.push(`${rule.value(quoteName(source))} AS v${at}`);
    // Whether there is a value at all is asked of the few that do not fit. A quoted empty text is
    // empty text in a text column, and no value in any other.
    const empty = `coalesce(${shown}, '') = ''`;
    const held = rule.fits(shown, `v${at}`);
    // What is inferred this way is told sooner than all that a column takes.
    const usual = column.wanted ? candidateOf(type)?.fits(shown, `v${at}`) : undefined;
    const rest = usual === undefined ? empty : `coalesce(${held} OR ${empty}, false)`;
    const fits = `(CASE WHEN ${usual ?? held} THEN true ELSE ${rest} END)`;
    return { ...base, value: `v${at}`, fits };
  });
  const row_texts = names.map((name) => `t${columns.findIndex((one) => one.source === name)}`);
  return { texts, parts, row_texts };
}

function noText(name: string, type: string): LakehouseError {
  return new LakehouseError("conflict", `"${name}" is ${type}, and CSV text cannot become that`, {
    reason: "schema_differs",
    hint: "send the rows as JSON or Parquet",
  });
}
