// Column types as contracts write them (Iceberg's names): parsed, printed, and numbered with ids.
import type { Column } from "#contracts/nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** `long`, `decimal(9,2)`, `fixed[16]` are primitive; the others hold types. */
export type ColumnType =
  | { readonly kind: "primitive"; readonly name: string }
  | { readonly kind: "list"; readonly element: ColumnType }
  | { readonly kind: "map"; readonly key: ColumnType; readonly value: ColumnType }
  | { readonly kind: "struct"; readonly fields: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly type: ColumnType;
}

const PLAIN = "boolean|int|long|float|double|date|timestamptz|timestamp|time|string|uuid|binary";
const SIZED = String.raw`decimal\(\s*\d+\s*,\s*\d+\s*\)|fixed\[\s*\d+\s*\]`;
const PRIMITIVE = new RegExp(`(?:${PLAIN}|${SIZED})(?![a-z])`, "y");

/** Unknown type: `invalid` (`unknown_type`). */
export function parseColumnType(text: string): ColumnType {
  const reader = { text, at: 0 };
  const type = readType(reader);
  take(reader, /\s*/y);
  if (reader.at !== text.length) throw unknownType(text);
  return type;
}

/** The text of a type; `parseColumnType` reads it back. */
export function printColumnType(type: ColumnType): string {
  if (type.kind === "primitive") return type.name;
  if (type.kind === "list") return `list<${printColumnType(type.element)}>`;
  if (type.kind === "map") {
    return `map<${printColumnType(type.key)}, ${printColumnType(type.value)}>`;
  }
  const fields = type.fields.map(({ name, type: inner }) => {
    const shown = /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
    return `${shown}: ${printColumnType(inner)}`;
  });
  return `struct<${fields.join(", ")}>`;
}

interface TypeReader {
  readonly text: string;
  at: number;
}

function readType(reader: TypeReader): ColumnType {
  take(reader, /\s*/y);
  if (take(reader, /list\s*</y)) return closed(reader, { kind: "list", element: readType(reader) });
  if (take(reader, /map\s*</y)) {
    const key = readType(reader);
    if (!take(reader, /\s*,/y)) throw unknownType(reader.text);
    return closed(reader, { kind: "map", key, value: readType(reader) });
  }
  if (take(reader, /struct\s*</y)) {
    return closed(reader, { kind: "struct", fields: readFields(reader) });
  }
  const word = take(reader, PRIMITIVE);
  if (word === undefined) throw unknownType(reader.text);
  return { kind: "primitive", name: word[0].replaceAll(/\s/g, "") };
}

function readFields(reader: TypeReader): StructField[] {
  const fields: StructField[] = [];
  do {
    take(reader, /\s*/y);
    const name = take(reader, /"((?:[^"]|"")*)"|([A-Za-z_]\w*)/y);
    if (name === undefined || !take(reader, /\s*:/y)) throw unknownType(reader.text);
    const plain = name[1]?.replaceAll('""', '"') ?? name[2]!;
    fields.push({ name: plain, type: readType(reader) });
  } while (take(reader, /\s*,/y));
  return fields;
}

function take(reader: TypeReader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text);
  if (match === null) return undefined;
  reader.at += match[0].length;
  return match;
}

function closed(reader: TypeReader, type: ColumnType): ColumnType {
  if (!take(reader, /\s*>/y)) throw unknownType(reader.text);
  return type;
}

function unknownType(type: string): LakehouseError {
  return new LakehouseError("invalid", `"${type}" is not a column type`, {
    reason: "unknown_type",
    hint: "types are those of Apache Iceberg: long, double, string, date, timestamp, list<long> …",
  });
}

export interface Numbered<C extends Column> {
  readonly columns: (C & { field_id: number; nested_ids?: Record<string, number> })[];
  readonly last_field_id: number;
}

/**
 * Fresh ids after `last_field_id`, in the order Iceberg gives them: the fields of one level first,
 * then those inside each of them. `nested_ids` is left out for primitive columns.
 */
export function numberColumns<C extends Column>(
  columns: readonly C[],
  last_field_id: number,
): Numbered<C> {
  let last = last_field_id;
  const next = () => ++last;
  const ids = columns.map(next);
  const numbered = columns.map((column, at) => {
    const nested_ids: Record<string, number> = {};
    numberInside(parseColumnType(column.type), "", nested_ids, next);
    const nested = Object.keys(nested_ids).length === 0 ? {} : { nested_ids };
    return { ...column, field_id: ids[at]!, ...nested };
  });
  return { columns: numbered, last_field_id: last };
}

/** The fields directly inside a type, with their names on a path. */
export function fieldsInside(type: ColumnType): readonly StructField[] {
  if (type.kind === "list") return [{ name: "element", type: type.element }];
  if (type.kind === "struct") return type.fields;
  if (type.kind === "primitive") return [];
  return [
    { name: "key", type: type.key },
    { name: "value", type: type.value },
  ];
}

function numberInside(
  type: ColumnType,
  path: string,
  ids: Record<string, number>,
  next: () => number,
): void {
  const inside = fieldsInside(type);
  for (const { name } of inside) ids[`${path}${name}`] = next();
  for (const { name, type: inner } of inside) numberInside(inner, `${path}${name}.`, ids, next);
}
