// Column types: Iceberg's names (what contracts say) and DuckDB's (what SQL says), both ways.
import type { DuckDBType } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";

/** Ids of DuckDB's C interface, which never change their meaning. */
export const TYPE_ID = {
  boolean: 1,
  tinyint: 2,
  smallint: 3,
  integer: 4,
  bigint: 5,
  utinyint: 6,
  usmallint: 7,
  uinteger: 8,
  ubigint: 9,
  float: 10,
  double: 11,
  timestamp: 12,
  date: 13,
  time: 14,
  interval: 15,
  hugeint: 16,
  varchar: 17,
  blob: 18,
  decimal: 19,
  timestamp_s: 20,
  timestamp_ms: 21,
  timestamp_ns: 22,
  enum: 23,
  list: 24,
  struct: 25,
  map: 26,
  uuid: 27,
  union: 28,
  bit: 29,
  timestamp_tz: 31,
  uhugeint: 32,
  array: 33,
  variant: 41,
} as const;

const ICEBERG_OF_ID: Readonly<Record<number, string>> = {
  [TYPE_ID.boolean]: "boolean",
  [TYPE_ID.tinyint]: "int",
  [TYPE_ID.smallint]: "int",
  [TYPE_ID.integer]: "int",
  [TYPE_ID.utinyint]: "int",
  [TYPE_ID.usmallint]: "int",
  [TYPE_ID.bigint]: "long",
  [TYPE_ID.uinteger]: "long",
  [TYPE_ID.ubigint]: "decimal(20,0)",
  [TYPE_ID.hugeint]: "decimal(38,0)",
  [TYPE_ID.uhugeint]: "decimal(38,0)",
  [TYPE_ID.float]: "float",
  [TYPE_ID.double]: "double",
  [TYPE_ID.date]: "date",
  [TYPE_ID.time]: "time",
  [TYPE_ID.timestamp]: "timestamp",
  [TYPE_ID.timestamp_s]: "timestamp",
  [TYPE_ID.timestamp_ms]: "timestamp",
  [TYPE_ID.timestamp_ns]: "timestamp",
  [TYPE_ID.timestamp_tz]: "timestamptz",
  [TYPE_ID.blob]: "binary",
  [TYPE_ID.uuid]: "uuid",
};

/** The Iceberg name of an engine type; what Iceberg lacks (JSON, enum, interval …) is `string`. */
export function toColumnType(type: DuckDBType): string {
  const plain = ICEBERG_OF_ID[type.typeId];
  if (plain !== undefined) return plain;
  if ("scale" in type) return `decimal(${type.width},${type.scale})`;
  if ("keyType" in type) {
    return `map<${toColumnType(type.keyType)}, ${toColumnType(type.valueType)}>`;
  }
  if ("valueType" in type) return `list<${toColumnType(type.valueType)}>`;
  if (type.typeId === TYPE_ID.struct && "entryNames" in type) {
    const parts = type.entryNames.map(
      (name, at) => `${structName(name)}: ${toColumnType(type.entryTypes[at]!)}`,
    );
    return `struct<${parts.join(", ")}>`;
  }
  return "string";
}

function structName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const ENGINE_OF: Readonly<Record<string, string>> = {
  boolean: "BOOLEAN",
  int: "INTEGER",
  long: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  date: "DATE",
  time: "TIME",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMPTZ",
  string: "VARCHAR",
  uuid: "UUID",
  binary: "BLOB",
};

/** DuckDB's name of an Iceberg type. Unknown type: `invalid`. */
export function toEngineType(type: string): string {
  const reader = { text: type, at: 0 };
  const result = readType(reader);
  skipSpace(reader);
  if (reader.at !== type.length) throw unknownType(type);
  return result;
}

interface TypeReader {
  readonly text: string;
  at: number;
}

function readType(reader: TypeReader): string {
  skipSpace(reader);
  const decimal = take(reader, /decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)/y);
  if (decimal !== undefined) return `DECIMAL(${decimal[1]},${decimal[2]})`;
  if (take(reader, /list\s*</y)) return `${readType(reader)}[]${close(reader)}`;
  if (take(reader, /map\s*</y)) {
    const key = readType(reader);
    if (!take(reader, /\s*,/y)) throw unknownType(reader.text);
    return `MAP(${key}, ${readType(reader)})${close(reader)}`;
  }
  if (take(reader, /struct\s*</y)) return `STRUCT(${readFields(reader)})${close(reader)}`;
  const word = take(reader, /[a-z]+/y);
  const plain = word === undefined ? undefined : ENGINE_OF[word[0]];
  if (plain === undefined) throw unknownType(reader.text);
  return plain;
}

function readFields(reader: TypeReader): string {
  const fields: string[] = [];
  do {
    skipSpace(reader);
    const name = take(reader, /"((?:[^"]|"")*)"|([A-Za-z_]\w*)/y);
    if (name === undefined || !take(reader, /\s*:/y)) throw unknownType(reader.text);
    fields.push(`"${name[1] ?? name[2]}" ${readType(reader)}`);
  } while (take(reader, /\s*,/y));
  return fields.join(", ");
}

function take(reader: TypeReader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text);
  if (match === null) return undefined;
  reader.at += match[0].length;
  return match;
}

function skipSpace(reader: TypeReader): void {
  take(reader, /\s*/y);
}

function close(reader: TypeReader): "" {
  if (!take(reader, /\s*>/y)) throw unknownType(reader.text);
  return "";
}

function unknownType(type: string): LakehouseError {
  return new LakehouseError("invalid", `"${type}" is not a column type`, {
    reason: "unknown_type",
    hint: "types are those of Apache Iceberg: long, double, string, date, timestamp, list<long> …",
  });
}
