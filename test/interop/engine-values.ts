// Our values in the form that the engines' scripts give theirs, so that both can be compared.
import type { Clients } from "#contracts/all-contracts.ts";
import { parseColumnType, type ColumnType } from "#ports/column-type.ts";

/** Rows of a SELECT as objects by column, comparable with what `peer_lines.py` makes of theirs. */
export async function ourRows(
  clients: Clients,
  sql: string,
  at?: string,
): Promise<Record<string, unknown>[]> {
  const options = at === undefined ? {} : { at };
  const { columns, rows, truncated } = await clients.query.rows({ sql, ...options });
  if (truncated) throw new Error(`not all rows of ${sql}`);
  return comparableRows(columns, rows);
}

export function comparableRows(
  columns: readonly { readonly name: string; readonly type: string }[],
  rows: readonly (readonly unknown[])[],
): Record<string, unknown>[] {
  const types = columns.map(({ type }) => parseColumnType(type));
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name }, at) => [name, comparable(types[at]!, row[at])])),
  );
}

function comparable(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type.kind === "list") return (value as unknown[]).map((one) => comparable(type.element, one));
  if (type.kind === "map") {
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.map(([key, one]) => [key, comparable(type.value, one)]));
  }
  if (type.kind === "struct") {
    const fields = value as Record<string, unknown>;
    return Object.fromEntries(
      type.fields.map(({ name, type: inner }) => [name, comparable(inner, fields[name])]),
    );
  }
  return primitive(type.name, value);
}

function primitive(name: string, value: unknown): unknown {
  const decimal = /^decimal\(\d+,(\d+)\)$/.exec(name);
  if (decimal !== null) {
    return typeof value === "number" ? value.toFixed(Number(decimal[1])) : value;
  }
  if (name === "int" || name === "long") return String(value);
  if (name === "binary" || name.startsWith("fixed")) {
    return Buffer.from(value as string, "base64").toString("hex");
  }
  if (name.startsWith("time")) return withMicros((value as string).replace(/(Z|\+00(:00)?)$/, ""));
  return value;
}

/** Six digits behind the second. */
function withMicros(text: string): string {
  const [whole = "", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(6, "0")}`;
}
