// Trino's types as Iceberg names, and its values as the JSON values that every engine here gives.
import type { TrinoColumn, TrinoTypeSignature } from "./trino-client.ts";
import { isoTimestamp, zonedTimestamp, plainTime } from "./trino-times.ts";

export interface TrinoType {
  /** Iceberg's name; what Iceberg lacks (json, interval, ipaddress …) is `string`. */
  readonly name: string;
  readonly toJson: (value: unknown) => unknown;
}

/** Type of a column of the client protocol. */
export function trinoType({ type, typeSignature }: TrinoColumn): TrinoType {
  return typeOf(typeSignature ?? { rawType: type });
}

function typeOf(signature: TrinoTypeSignature): TrinoType {
  const { rawType } = signature;
  const plain = PLAIN[rawType];
  if (plain !== undefined) return nullable(plain.name, plain.toJson);
  const given = (signature.arguments ?? []).map((one) => one.value);
  if (rawType === "decimal") {
    const [precision = 38, scale = 0] = given as number[];
    return nullable(`decimal(${precision},${scale})`, decimalToJson);
  }
  if (rawType === "array") {
    const element = typeOf(given[0] as TrinoTypeSignature);
    const toJson = (value: unknown) => (value as unknown[]).map(element.toJson);
    return nullable(`list<${element.name}>`, toJson);
  }
  if (rawType === "map") return mapOf(given as TrinoTypeSignature[]);
  if (rawType === "row") return rowOf(given as NamedType[]);
  return nullable("string", (value) => (typeof value === "string" ? value : JSON.stringify(value)));
}

function nullable(name: string, toJson: TrinoType["toJson"]): TrinoType {
  return {
    name,
    toJson: (value) => (value === null || value === undefined ? null : toJson(value)),
  };
}

const same = (value: unknown) => value;

const PLAIN: Readonly<Record<string, TrinoType>> = {
  boolean: { name: "boolean", toJson: (value) => value === true || value === "true" },
  tinyint: { name: "int", toJson: Number },
  smallint: { name: "int", toJson: Number },
  integer: { name: "int", toJson: Number },
  bigint: { name: "long", toJson: bigToJson },
  real: { name: "float", toJson: (value) => doubleToJson(Math.fround(Number(value))) },
  double: { name: "double", toJson: (value) => doubleToJson(Number(value)) },
  date: { name: "date", toJson: same },
  time: { name: "time", toJson: (value) => plainTime(String(value)) },
  timestamp: { name: "timestamp", toJson: (value) => isoTimestamp(String(value)) },
  "timestamp with time zone": {
    name: "timestamptz",
    toJson: (value) => zonedTimestamp(String(value)),
  },
  varchar: { name: "string", toJson: String },
  // Spaces at its end fill a char(n) up and mean nothing.
  char: { name: "string", toJson: (value) => String(value).replace(/ +$/, "") },
  varbinary: { name: "binary", toJson: same },
  uuid: { name: "uuid", toJson: same },
};

function bigToJson(value: unknown): number | string {
  if (typeof value === "number") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function doubleToJson(double: number): number | string {
  return Number.isFinite(double) ? double : String(double);
}

/** Numbers while a double holds them exactly (15 digits), text beyond. */
function decimalToJson(value: unknown): number | string {
  const text = String(value);
  const digits = text.replace(/^-/, "").replace(".", "").replace(/^0+/, "");
  return digits.length <= 15 ? Number(text) : text;
}

function mapOf([key_type, value_type]: readonly TrinoTypeSignature[]): TrinoType {
  const key = typeOf(key_type!);
  const item = typeOf(value_type!);
  return nullable(`map<${key.name}, ${item.name}>`, (value) =>
    Object.fromEntries(
      Object.entries(value as Record<string, unknown>).map(([name, one]) => [
        String(key.toJson(name)),
        item.toJson(one),
      ]),
    ),
  );
}

interface NamedType {
  readonly fieldName?: { readonly name: string } | null;
  readonly typeSignature: TrinoTypeSignature;
}

/** Rows come as arrays by position; fields without a name are `field0`, `field1` … */
function rowOf(fields: readonly NamedType[]): TrinoType {
  const parts = fields.map(({ fieldName, typeSignature }, at) => ({
    name: fieldName?.name ?? `field${at}`,
    type: typeOf(typeSignature),
  }));
  const shown = parts.map(({ name, type }) => `${quoted(name)}: ${type.name}`);
  return nullable(`struct<${shown.join(", ")}>`, (value) =>
    Object.fromEntries(
      parts.map(({ name, type }, at) => [name, type.toJson((value as unknown[])[at])]),
    ),
  );
}

function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
