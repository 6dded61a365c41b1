// A row becomes a text by a template such as "{role} in {place}: {notes}".
import { nearestName } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";

export interface RowTemplate {
  /** Columns that the template names, each once. */
  readonly columns: readonly string[];
  /** The text of a row; "" when no column has a value. */
  render(row: Readonly<Record<string, unknown>>): string;
}

interface Part {
  /** Text between the column before and this one. */
  readonly lead: string;
  readonly column: string;
}

/**
 * Reads a template. A column without a value takes the words before it along: "{a} in {b}: {c}"
 * without b is "{a}: {c}". Unknown columns and stray braces are `invalid` (bad_template).
 */
export function parseRowTemplate(template: string, known_columns: readonly string[]): RowTemplate {
  const parts: Part[] = [];
  let end = 0;
  for (const match of template.matchAll(/\{([^{}]*)\}/gu)) {
    const column = match[1]!.trim();
    checkColumn(column, known_columns);
    parts.push({ lead: template.slice(end, match.index), column });
    end = match.index + match[0].length;
  }
  const tail = template.slice(end);
  const literal = parts.map((part) => part.lead).join("") + tail;
  if (/[{}]/u.test(literal)) throw badTemplate("a brace is open or stray", undefined);
  if (parts.length === 0) throw badTemplate("it names no column", "write columns as {column}");
  return {
    columns: [...new Set(parts.map((part) => part.column))],
    render: (row) => renderParts(parts, tail, row),
  };
}

function renderParts(
  parts: readonly Part[],
  tail: string,
  row: Readonly<Record<string, unknown>>,
): string {
  let text = "";
  for (const { lead, column } of parts) {
    const value = valueText(row[column]);
    if (value === "") continue;
    text += (text === "" ? lead.replace(/^[\s,;:.)\]–-]+/u, "") : lead) + value;
  }
  return text === "" ? "" : (text + tail).replace(/\s+/gu, " ").trim();
}

/** A value as text; null, missing and blank values are "". */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value.trim();
  if (Array.isArray(value))
    return value
      .map(valueText)
      .filter((it) => it !== "")
      .join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value as number | boolean | bigint);
}

/** Throws `bad_template` when a dataset has no such column; names the nearest. */
export function checkColumn(column: string, known_columns: readonly string[]): void {
  if (known_columns.includes(column)) return;
  const nearest = nearestName(column, known_columns);
  throw badTemplate(
    `there is no column "${column}"`,
    nearest === undefined ? `columns: ${known_columns.join(", ")}` : `did you mean "${nearest}"?`,
  );
}

function badTemplate(message: string, hint: string | undefined): LakehouseError {
  return new LakehouseError("invalid", `the template cannot be used: ${message}`, {
    reason: "bad_template",
    ...(hint === undefined ? {} : { hint }),
  });
}
