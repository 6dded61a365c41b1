// Single values as bytes (table spec, appendix D, "Binary single-value serialization") and bounds.
import type { Cell } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { whole, type Whole } from "./iso-times.ts";
import {
  cellOf,
  compareRaw,
  printType,
  rawOf,
  requirePrimitive,
  type Primitive,
  type Raw,
} from "./raw-values.ts";
import type { IcebergType } from "./table-types.ts";

/** The longest text (code points) or binary (bytes) of a bound, as Iceberg's `truncate(16)`. */
const BOUND_LENGTH = 16;

/** Bytes of a value; null and values of another type are `invalid`. */
export function encodeCell(type: IcebergType, cell: Cell): Buffer {
  const primitive = requirePrimitive(type);
  return encodeRaw(primitive, requireRaw(type, primitive, cell));
}

/** The value of bytes; also of an `int` or `float` read as the wider type it was promoted to. */
export function decodeCell(type: IcebergType, bytes: Uint8Array): Cell {
  const primitive = requirePrimitive(type);
  const raw = decodeRaw(primitive, bytes);
  if (raw !== undefined) return cellOf(primitive, raw);
  throw new LakehouseError(
    "invalid",
    `${bytes.length} bytes are not a value of type ${printType(type)}`,
  );
}

/** Negative, zero or positive, in the order of the type; null and other types are `invalid`. */
export function compareCells(type: IcebergType, a: Cell, b: Cell): number {
  const primitive = requirePrimitive(type);
  return compareRaw(requireRaw(type, primitive, a), requireRaw(type, primitive, b));
}

/** `rawOf` for a value that must be of the type. */
function requireRaw(type: IcebergType, primitive: Primitive, cell: Cell): Raw {
  const raw = rawOf(primitive, cell);
  if (raw !== undefined) return raw;
  throw new LakehouseError(
    "invalid",
    `${JSON.stringify(cell)} is not a value of type ${printType(type)}`,
    {
      hint: "values are written as in the Iceberg table spec, appendix D (JSON single values)",
    },
  );
}

/**
 * Bounds as a manifest keeps them: text over 16 code points and binary over 16 bytes are cut, the
 * upper one is then counted up at its end; left out where that is not possible.
 */
export function boundsOf(
  type: IcebergType,
  lower: Cell | undefined,
  upper: Cell | undefined,
): { lower?: Cell; upper?: Cell } {
  const primitive = requirePrimitive(type);
  const low = lower === undefined ? undefined : lowerBound(primitive, lower);
  const high = upper === undefined ? undefined : upperBound(primitive, upper);
  return {
    ...(low === undefined ? {} : { lower: low }),
    ...(high === undefined ? {} : { upper: high }),
  };
}

/** A lower bound as `boundsOf` cuts it. */
export function lowerBound({ kind }: Primitive, cell: Cell): Cell | undefined {
  if (kind === "string") return firstCodePoints(String(cell), BOUND_LENGTH);
  if (kind === "binary" || kind === "fixed") return String(cell).slice(0, BOUND_LENGTH * 2);
  return cell === null || isNaNCell(kind, cell) ? undefined : cell;
}

/** An upper bound as `boundsOf` cuts it; undefined where it cannot be counted up. */
export function upperBound({ kind }: Primitive, cell: Cell): Cell | undefined {
  if (kind === "string") return upperText(String(cell));
  if (kind === "binary" || kind === "fixed") return upperHex(String(cell));
  return cell === null || isNaNCell(kind, cell) ? undefined : cell;
}

function isNaNCell(kind: string, cell: Cell): boolean {
  return (kind === "float" || kind === "double") && Number.isNaN(Number(cell));
}

/** The first code points of a text; never half of a surrogate pair. */
export function firstCodePoints(text: string, count: number): string {
  if (text.length <= count) return text;
  let at = 0;
  for (let left = count; left > 0 && at < text.length; left--) {
    at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return text.slice(0, at);
}

function upperText(text: string): string | undefined {
  const cut = firstCodePoints(text, BOUND_LENGTH);
  if (cut === text) return text;
  let end = cut.length;
  while (end > 0) {
    const is_pair = end > 1 && cut.codePointAt(end - 2)! > 0xffff;
    const start = end - (is_pair ? 2 : 1);
    const next = cut.codePointAt(start)! + 1;
    // Surrogates are no characters; past the last code point the one before is counted up.
    if (next <= 0x10ffff) {
      return cut.slice(0, start) + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
    }
    end = start;
  }
  return undefined;
}

function upperHex(hex: string): string | undefined {
  if (hex.length <= BOUND_LENGTH * 2) return hex;
  const bytes = [...Buffer.from(hex.slice(0, BOUND_LENGTH * 2), "hex")];
  while (bytes.length > 0) {
    const next = bytes.pop()! + 1;
    if (next <= 0xff) return Buffer.from([...bytes, next]).toString("hex");
  }
  return undefined;
}

/** Bytes of a raw value. */
export function encodeRaw(type: Primitive, raw: Raw): Buffer {
  if (type.kind === "string") return Buffer.from(raw as string, "utf8");
  if (type.kind === "decimal") return twosComplement(BigInt(raw as bigint));
  const size = sizeOf(type);
  if (size === undefined) return Buffer.from(raw as Uint8Array);
  const bytes = Buffer.alloc(size);
  writeRaw(type, raw, bytes, 0);
  return bytes;
}

/** The bytes that all values of a type take; undefined: it depends on the value. */
export function sizeOf({ kind }: Primitive): number | undefined {
  switch (kind) {
    case "boolean":
      return 1;
    case "int":
    case "date":
    case "float":
      return 4;
    case "string":
    case "decimal":
    case "uuid":
    case "fixed":
    case "binary":
      return undefined;
    default:
      return 8;
  }
}

/** Writes text, or a value whose type has a size (`sizeOf`), in place. */
export function writeRaw({ kind }: Primitive, raw: Raw, bytes: Buffer, at: number): void {
  switch (kind) {
    case "boolean":
      bytes[at] = raw === true ? 1 : 0;
      break;
    case "int":
    case "date":
      bytes.writeInt32LE(Number(raw), at);
      break;
    case "float":
      bytes.writeFloatLE(Number(raw), at);
      break;
    case "double":
      bytes.writeDoubleLE(Number(raw), at);
      break;
    case "string":
      bytes.write(raw as string, at, "utf8");
      break;
    default:
      writeLong(raw as Whole, bytes, at);
  }
}

/** The raw value of bytes; undefined: they are too short or too long for the type. */
export function decodeRaw(type: Primitive, bytes: Uint8Array): Raw | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.length;
  switch (type.kind) {
    case "boolean":
      return length === 1 ? view[0] !== 0 : undefined;
    case "int":
    case "date":
      return length === 4 ? view.readInt32LE() : undefined;
    case "float":
      return length === 4 ? view.readFloatLE() : undefined;
    case "double":
      if (length === 4) return view.readFloatLE();
      return length === 8 ? view.readDoubleLE() : undefined;
    case "string":
      return view.toString("utf8");
    case "decimal":
      return length === 0 ? undefined : fromTwosComplement(view);
    case "uuid":
      return length === 16 ? view : undefined;
    case "fixed":
    case "binary":
      return view;
    default:
      if (length === 4 && type.kind === "long") return view.readInt32LE();
      return length === 8 ? readLong(view) : undefined;
  }
}

/** Exact without a `bigint` where the upper half is small. */
function readLong(view: Buffer): number | bigint {
  const high = view.readInt32LE(4);
  const value = high * 4_294_967_296 + view.readUInt32LE(0);
  return Number.isSafeInteger(value) ? value : whole(view.readBigInt64LE());
}

/** Without a `bigint` where a `number` is exact: two halves of 32 bits. */
function writeLong(value: Whole, bytes: Buffer, at: number): void {
  if (typeof value === "bigint") {
    bytes.writeBigInt64LE(value, at);
    return;
  }
  const high = Math.floor(value / 4_294_967_296);
  bytes.writeUInt32LE(value - high * 4_294_967_296, at);
  bytes.writeInt32LE(high, at + 4);
}

/** The fewest bytes of two's complement, big-endian (unscaled decimals). */
export function twosComplement(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  return Buffer.from(hex, "hex");
}

/** Two's complement, big-endian, of any length but none. */
export function fromTwosComplement(bytes: Uint8Array): bigint {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return BigInt.asIntN(view.length * 8, BigInt(`0x${view.toString("hex")}`));
}
