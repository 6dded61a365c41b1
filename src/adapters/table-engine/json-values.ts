// Engine values to JSON values and back: numbers stay exact, what JSON cannot hold becomes text.
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import { TYPE_ID } from "./column-types.ts";

export type ToJson = (value: unknown) => unknown;

/**
 * How values of a type become JSON values. Integers and decimals are numbers while a double holds
 * them exactly (2^53, 15 digits) and text beyond; dates and times are ISO 8601, timestamps without
 * zone have none, those with zone are UTC with Z; bytes are base64; NaN and infinities are text.
 */
export function toJsonOf(type: DuckDBType): ToJson {
  const plain = BY_ID[type.typeId];
  if (plain !== undefined) return nullable(plain);
  if ("keyType" in type) return nullable(mapToJson(toJsonOf(type.keyType), type.valueType));
  if ("valueType" in type) {
    const inner = toJsonOf(type.valueType);
    return nullable((value) => (value as { items: readonly unknown[] }).items.map(inner));
  }
  if (type.typeId === TYPE_ID.struct && "entryNames" in type) {
    const fields = type.entryNames.map(
      (name, at) => [name, toJsonOf(type.entryTypes[at]!)] as const,
    );
    return nullable((value) => {
      const { entries } = value as { entries: Record<string, unknown> };
      return Object.fromEntries(fields.map(([name, convert]) => [name, convert(entries[name])]));
    });
  }
  return nullable(String);
}

function nullable(convert: ToJson): ToJson {
  return (value) => (value === null || value === undefined ? null : convert(value));
}

const same: ToJson = (value) => value;

const BY_ID: Readonly<Record<number, ToJson>> = {
  [TYPE_ID.boolean]: same,
  [TYPE_ID.tinyint]: same,
  [TYPE_ID.smallint]: same,
  [TYPE_ID.integer]: same,
  [TYPE_ID.utinyint]: same,
  [TYPE_ID.usmallint]: same,
  [TYPE_ID.uinteger]: same,
  [TYPE_ID.varchar]: same,
  [TYPE_ID.enum]: same,
  [TYPE_ID.bigint]: bigToJson,
  [TYPE_ID.ubigint]: bigToJson,
  [TYPE_ID.hugeint]: bigToJson,
  [TYPE_ID.uhugeint]: bigToJson,
  [TYPE_ID.float]: doubleToJson,
  [TYPE_ID.double]: doubleToJson,
  [TYPE_ID.decimal]: decimalToJson,
  [TYPE_ID.timestamp]: (value) => timestampToJson(value, micros(value), ""),
  [TYPE_ID.timestamp_tz]: (value) => timestampToJson(value, micros(value), "Z"),
  [TYPE_ID.timestamp_s]: (value) => isoText(String(value)),
  [TYPE_ID.timestamp_ms]: (value) => isoText(String(value)),
  [TYPE_ID.timestamp_ns]: (value) => isoText(String(value)),
  [TYPE_ID.blob]: (value) => Buffer.from((value as { bytes: Uint8Array }).bytes).toString("base64"),
};

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function bigToJson(value: unknown): number | string {
  const big = value as bigint;
  return big <= SAFE && big >= -SAFE ? Number(big) : big.toString();
}

function doubleToJson(value: unknown): number | string {
  const double = value as number;
  return Number.isFinite(double) ? double : String(double);
}

const DECIMAL_EXACT = 999_999_999_999_999n;

function decimalToJson(value: unknown): number | string {
  const { value: unscaled } = value as { value: bigint };
  const exact = unscaled <= DECIMAL_EXACT && unscaled >= -DECIMAL_EXACT;
  return exact ? Number(String(value)) : String(value);
}

function micros(value: unknown): bigint {
  return (value as { micros: bigint }).micros;
}

/** Years 0 to 9999; what lies outside (and infinity) is told in the engine's own words. */
const EARLIEST = -62_167_219_200_000_000n;
const LATEST = 253_402_300_799_999_999n;

function timestampToJson(value: unknown, us: bigint, zone: string): string {
  if (us < EARLIEST || us > LATEST) return String(value);
  const below_second = Number(((us % 1_000_000n) + 1_000_000n) % 1_000_000n);
  const seconds_ms = Number((us - BigInt(below_second)) / 1000n);
  const whole = new Date(seconds_ms).toISOString().slice(0, 19);
  if (below_second === 0) return whole + zone;
  const fraction = String(below_second).padStart(6, "0").replace(/0+$/, "");
  return `${whole}.${fraction}${zone}`;
}

function isoText(text: string): string {
  return text.replace(" ", "T");
}

function mapToJson(key: ToJson, value_type: DuckDBType): ToJson {
  const convert = toJsonOf(value_type);
  return (value) => {
    const { entries } = value as { entries: readonly { key: unknown; value: unknown }[] };
    return Object.fromEntries(
      entries.map((entry) => [String(key(entry.key)), convert(entry.value)]),
    );
  };
}

interface ValueMakers {
  listValue(items: readonly DuckDBValue[]): DuckDBValue;
  structValue(entries: Readonly<Record<string, DuckDBValue>>): DuckDBValue;
}

/** A JSON parameter as an engine value. Other kinds of value: `invalid`. */
export function fromJson(value: unknown, make: ValueMakers): DuckDBValue {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return value;
  if (Array.isArray(value)) return make.listValue(value.map((item) => fromJson(item, make)));
  if (typeof value === "object" && value !== undefined) {
    const entries = Object.entries(value).map(([name, item]) => [name, fromJson(item, make)]);
    return make.structValue(Object.fromEntries(entries));
  }
  throw new LakehouseError("invalid", "a parameter is a JSON value", { reason: "invalid_input" });
}
