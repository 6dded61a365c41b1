// Single values as bytes (table spec, appendix D, "Binary single-value serialization") and bounds.
import type { Cell } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { whole } from "./iso-times.ts";
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
  const kind = requirePrimitive(type).kind;
  const low = lower ?? undefined;
  const high = upper ?? undefined;
  if (kind === "string") {
    const cut_high = high === undefined ? undefined : upperText(String(high));
    return {
      ...(low === undefined ? {} : { lower: firstCodePoints(String(low), BOUND_LENGTH) }),
      ...(cut_high === undefined ? {} : { upper: cut_high }),
    };
  }
  if (kind === "binary" || kind === "fixed") {
    const cut_high = high === undefined ? undefined : upperHex(String(high));
    return {
      ...(low === undefined ? {} : { lower: String(low).slice(0, BOUND_LENGTH * 2) }),
      ...(cut_high === undefined ? {} : { upper: cut_high }),
    };
  }
  return {
    ...(low === undefined || isNaNCell(kind, low) ? {} : { lower: low }),
    ...(high === undefined || isNaNCell(kind, high) ? {} : { upper: high }),
  };
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
  const points = Array.from(cut, (char) => char.codePointAt(0)!);
  while (points.length > 0) {
    const next = points.pop()! + 1;
    // Surrogates are no characters; past the last code point the one before is counted up.
    if (next <= 0x10ffff) return String.fromCodePoint(...points, next === 0xd800 ? 0xe000 : next);
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
  switch (type.kind) {
    case "boolean":
      return Buffer.from([raw === true ? 1 : 0]);
    case "int":
    case "date":
      return withBytes(4, (view) => view.writeInt32LE(Number(raw)));
    case "float":
      return withBytes(4, (view) => view.writeFloatLE(Number(raw)));
    case "double":
      return withBytes(8, (view) => view.writeDoubleLE(Number(raw)));
    case "string":
      return Buffer.from(raw as string, "utf8");
    case "decimal":
      return twosComplement(BigInt(raw as bigint));
    case "uuid":
    case "fixed":
    case "binary":
      return Buffer.from(raw as Uint8Array);
    default:
      return withBytes(8, (view) => view.writeBigInt64LE(BigInt(raw as bigint)));
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

function withBytes(length: number, write: (view: Buffer) => void): Buffer {
  const view = Buffer.alloc(length);
  write(view);
  return view;
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
