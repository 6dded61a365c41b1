// Column types: Iceberg's names (what contracts say) and DuckDB's (what SQL says), both ways.
import type { DuckDBType } from "@duckdb/node-api";
import { parseColumnType, printColumnType, type ColumnType } from "#ports/column-type.ts";

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
  return printColumnType(typeTree(type, () => undefined));
}

/** As `toColumnType`, but for what would be another value there: `json`, `timestamp_ns`. */
export function toSourceType(type: DuckDBType): ColumnType {
  return typeTree(type, (leaf) => {
    if (leaf.alias === "JSON") return "json";
    return leaf.typeId === TYPE_ID.timestamp_ns ? "timestamp_ns" : undefined;
  });
}

type NameOfLeaf = (leaf: DuckDBType) => string | undefined;

function typeTree(type: DuckDBType, nameOf: NameOfLeaf): ColumnType {
  const plain = nameOf(type) ?? ICEBERG_OF_ID[type.typeId];
  if (plain !== undefined) return { kind: "primitive", name: plain };
  if ("scale" in type) return { kind: "primitive", name: `decimal(${type.width},${type.scale})` };
  if ("keyType" in type) {
    const [key, value] = [typeTree(type.keyType, nameOf), typeTree(type.valueType, nameOf)];
    return { kind: "map", key, value };
  }
  if ("valueType" in type) return { kind: "list", element: typeTree(type.valueType, nameOf) };
  if (type.typeId === TYPE_ID.struct && "entryNames" in type) {
    const fields = type.entryNames.map((name, at) => ({
      name,
      type: typeTree(type.entryTypes[at]!, nameOf),
    }));
    return { kind: "struct", fields };
  }
  return { kind: "primitive", name: "string" };
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
  json: "JSON",
  timestamp_ns: "TIMESTAMP_NS",
};

/** DuckDB's name of an Iceberg type. Unknown type: `invalid`. */
export function toEngineType(type: string): string {
  return engineType(parseColumnType(type));
}

/** DuckDB's name of a parsed type; `fixed[n]` is a BLOB there. */
export function engineType(type: ColumnType): string {
  if (type.kind === "list") return `${engineType(type.element)}[]`;
  if (type.kind === "map") return `MAP(${engineType(type.key)}, ${engineType(type.value)})`;
  if (type.kind === "struct") {
    const fields = type.fields.map(
      ({ name, type: inner }) => `"${name.replaceAll('"', '""')}" ${engineType(inner)}`,
    );
    return `STRUCT(${fields.join(", ")})`;
  }
  return ENGINE_OF[type.name] ?? (type.name.startsWith("fixed") ? "BLOB" : type.name.toUpperCase());
}
