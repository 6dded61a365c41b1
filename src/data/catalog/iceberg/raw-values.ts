// Cells (JSON single values) as raw values: numbers, big integers, text and bytes that compare.
import type { Cell } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  daysOf,
  printDays,
  printStampMicros,
  printTimeMicros,
  stampMicrosOf,
  timeMicrosOf,
  whole,
  type Whole,
} from "./iso-times.ts";
import type { IcebergType } from "./table-types.ts";

/**
 * A value as it is stored: dates in days, times in microseconds, decimals unscaled, uuid, fixed and
 * binary as bytes. Whole numbers are `bigint` only beyond 2^53; JavaScript compares both exactly.
 */
export type Raw = boolean | Whole | string | Uint8Array;

/** The kinds of primitive that are stored alike. */
export type RawKind =
  | "boolean"
  | "int"
  | "long"
  | "float"
  | "double"
  | "date"
  | "time"
  | "timestamp"
  | "timestamptz"
  | "string"
  | "uuid"
  | "fixed"
  | "binary"
  | "decimal";

export interface Primitive {
  readonly kind: RawKind;
  /** Bytes of a `fixed`. */
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
}

const PLAIN =
  /^(boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary)$/;
const DECIMAL = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/;
const FIXED = /^fixed\[\s*(\d+)\s*\]$/;
const INT_MAX = 2_147_483_647;
const LONG_MAX = 2n ** 63n - 1n;

/** The primitive of a type; undefined: a nested type, or one that format v2 does not know. */
export function primitiveOf(type: IcebergType): Primitive | undefined {
  if (typeof type !== "string") return undefined;
  const of = { length: 0, precision: 0, scale: 0 };
  if (PLAIN.test(type)) return { ...of, kind: type as RawKind };
  const decimal = DECIMAL.exec(type);
  if (decimal !== null) {
    return { ...of, kind: "decimal", precision: Number(decimal[1]), scale: Number(decimal[2]) };
  }
  const fixed = FIXED.exec(type);
  return fixed === null ? undefined : { ...of, kind: "fixed", length: Number(fixed[1]) };
}

/** A type in an error message. */
export function printType(type: IcebergType): string {
  return typeof type === "string" ? type : type.type;
}

/** As `primitiveOf`, for a type that must be primitive: `invalid` otherwise. */
export function requirePrimitive(type: IcebergType): Primitive {
  const primitive = primitiveOf(type);
  if (primitive !== undefined) return primitive;
  throw new LakehouseError(
    "invalid",
    `${printType(type)} is not a primitive type of Iceberg format v2`,
  );
}

/** The raw value of a cell; undefined: the cell is null or not a value of this type. */
export function rawOf(type: Primitive, cell: Cell): Raw | undefined {
  if (cell === null) return undefined;
  if (typeof cell === "string") return rawOfText(type, cell);
  if (typeof cell === "boolean") return type.kind === "boolean" ? cell : undefined;
  switch (type.kind) {
    case "int":
      return Number.isInteger(cell) && Math.abs(cell) <= INT_MAX + 1 ? inInt(cell) : undefined;
    case "long":
      return Number.isSafeInteger(cell) ? cell + 0 : undefined;
    case "float":
    case "double":
      return cell;
    case "decimal":
      return unscaledOf(type, String(cell));
    default:
      return undefined;
  }
}

function rawOfText(type: Primitive, text: string): Raw | undefined {
  switch (type.kind) {
    case "string":
      return text;
    case "int":
      return /^-?\d{1,10}$/.test(text) ? inInt(Number(text)) : undefined;
    case "long":
      return longOf(text);
    case "float":
    case "double":
      return floatOf(text);
    case "date":
      return daysOf(text);
    case "time":
      return timeMicrosOf(text);
    case "timestamp":
    case "timestamptz":
      return stampMicrosOf(text, type.kind === "timestamptz");
    case "decimal":
      return unscaledOf(type, text);
    case "uuid":
      return /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i.test(text)
        ? Buffer.from(text.replaceAll("-", ""), "hex")
        : undefined;
    case "fixed":
    case "binary":
      return bytesOf(type, text);
    case "boolean":
      return undefined;
  }
}

/** The cell of a raw value (appendix D, JSON single-value form). */
export function cellOf(type: Primitive, raw: Raw): Cell {
  switch (type.kind) {
    case "date":
      return printDays(Number(raw));
    case "time":
      return printTimeMicros(Number(raw));
    case "timestamp":
    case "timestamptz":
      return printStampMicros(raw as Whole, type.kind === "timestamptz");
    case "decimal":
      return printUnscaled(type, BigInt(raw as Whole));
    case "uuid":
      return hexOf(raw).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    case "fixed":
    case "binary":
      return hexOf(raw);
    case "float":
    case "double":
      // JSON has no such numbers.
      return Number.isFinite(raw) ? Number(raw) : String(raw);
    default:
      return typeof raw === "bigint" ? String(raw) : (raw as Cell);
  }
}

/** Order of two raw values of one type: NaN is greatest, -0 equals 0 as SQL has it. */
export function compareRaw(a: Raw, b: Raw): number {
  if (typeof a === "string") return compareText(a, b as string);
  if (typeof a === "object") return Buffer.compare(a, b as Uint8Array);
  if (a < b) return -1;
  if (a > b) return 1;
  const [a_nan, b_nan] = [Number.isNaN(a), Number.isNaN(b)];
  return a_nan === b_nan ? 0 : a_nan ? 1 : -1;
}

/** By code points, which is the order of UTF-8 bytes (JavaScript's own is that of UTF-16). */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return inUtf8Order(left) - inUtf8Order(right);
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for code points past 0xFFFF, behind all others. */
function inUtf8Order(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

function inInt(value: number): number | undefined {
  return value <= INT_MAX && value >= -INT_MAX - 1 ? value + 0 : undefined;
}

function longOf(text: string): Whole | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= LONG_MAX && value >= -LONG_MAX - 1n ? whole(value) : undefined;
}

function floatOf(text: string): number | undefined {
  if (/^(NaN|-?Infinity)$/.test(text)) return Number(text);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function bytesOf(type: Primitive, text: string): Uint8Array | undefined {
  if (!/^([\da-f]{2})*$/i.test(text)) return undefined;
  const bytes = Buffer.from(text, "hex");
  return type.kind === "fixed" && bytes.length !== type.length ? undefined : bytes;
}

/** Only exact values: more digits after the point than the type has must be zeros. */
function unscaledOf(type: Primitive, text: string): bigint | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = (match[3] ?? "").replace(/0+$/, "").padEnd(type.scale, "0");
  if (fraction.length > type.scale) return undefined;
  const value = BigInt(match[2]! + fraction);
  if (String(value).length > type.precision && value !== 0n) return undefined;
  return match[1] === "-" ? -value : value;
}

function printUnscaled({ scale }: Primitive, value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const sign = value < 0n ? "-" : "";
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function hexOf(raw: Raw): string {
  const bytes = raw as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
