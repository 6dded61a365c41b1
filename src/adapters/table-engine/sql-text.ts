// Names, texts and lists as SQL writes them; nothing of a user reaches SQL text unquoted.
import type { Column } from "#contracts/nouns.ts";
import { toEngineType } from "./column-types.ts";

/** An identifier, whatever characters it has. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `['a', 'b']` */
export function textList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(", ")}]`;
}

/** `{'a': 'BIGINT', 'b': 'VARCHAR'}`, as the readers take their columns. */
export function columnMap(columns: readonly Column[]): string {
  const entries = columns.map(
    ({ name, type }) => `${quoteText(name)}: ${quoteText(toEngineType(type))}`,
  );
  return `{${entries.join(", ")}}`;
}
