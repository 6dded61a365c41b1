// Rows as JSON, NDJSON and CSV text; values come from the engine as JSON values already.
import type { Column } from "#contracts/nouns.ts";

export type Row = readonly unknown[];

/** Names as the keys of one object: a repeated one gets `_1`, `_2` … */
export function distinctNames(columns: readonly Column[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let distinct = name;
    for (let i = 1; taken.has(distinct); i++) distinct = `${name}_${i}`;
    taken.add(distinct);
    return distinct;
  });
}

/** Turns a row into the text of an object with these keys; keys are encoded once. */
export function objectEncoder(names: readonly string[]): (row: Row) => string {
  const keys = names.map((name, at) => `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  if (keys.length === 0) return () => "{}";
  return (row) => {
    let text = "";
    for (let at = 0; at < keys.length; at++) text += keys[at]! + JSON.stringify(row[at] ?? null);
    return `${text}}`;
  };
}

export function toNdjson(names: readonly string[]): (rows: readonly Row[]) => string {
  const encode = objectEncoder(names);
  return (rows) => rows.map((row) => `${encode(row)}\n`).join("");
}

/**
 * RFC 4180: CRLF, quotes doubled. NULL is nothing, an empty text is `""`; nested values are JSON.
 */
export function toCsv(rows: readonly Row[]): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
