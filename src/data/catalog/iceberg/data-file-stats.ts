// Column statistics of data files: the Avro maps of a manifest, decoded when somebody looks.
import type { ColumnStats } from "#contracts/table-nouns.ts";
import { cellOf, primitiveOf, printType, rawOf, type Primitive, type Raw } from "./raw-values.ts";
import { walkFields } from "./schema-walk.ts";
import { decodeRaw, encodeRaw, lowerBound, sizeOf, upperBound, writeRaw } from "./single-values.ts";
import type { FieldType, IcebergDataFile, IcebergSchema, RawStats } from "./table-types.ts";

/** Type by field id of all primitive fields of a schema. */
export type FieldTypes = ReadonlyMap<number, FieldType>;

export function fieldTypes(schema: IcebergSchema): FieldTypes {
  const types = new Map<number, FieldType>();
  for (const { id, type } of walkFields(schema)) {
    const primitive = primitiveOf(type);
    if (primitive !== undefined) types.set(id, { ...primitive, type: printType(type) });
  }
  return types;
}

/** What is known of one column in a file; decodes that column only. */
export function statsOf(file: IcebergDataFile, field_id: number): ColumnStats | undefined {
  const raw = file.raw_stats;
  if (raw === undefined) return file.stats.find((one) => one.field_id === field_id);
  const count = (map: Uint8Array | null) => findCount(map, field_id);
  return columnStats(raw, field_id, {
    size_bytes: count(raw.column_sizes),
    values: count(raw.value_counts),
    nulls: count(raw.null_value_counts),
    nans: count(raw.nan_value_counts),
    lower: findBytes(raw.lower_bounds, field_id),
    upper: findBytes(raw.upper_bounds, field_id),
  });
}

/** Statistics of all columns, ordered by field id. */
export function decodeStats(raw: RawStats): ColumnStats[] {
  const maps = {
    size_bytes: countsOf(raw.column_sizes),
    values: countsOf(raw.value_counts),
    nulls: countsOf(raw.null_value_counts),
    nans: countsOf(raw.nan_value_counts),
    lower: bytesOf(raw.lower_bounds),
    upper: bytesOf(raw.upper_bounds),
  };
  const ids = new Set(Object.values(maps).flatMap((map) => [...map.keys()]));
  return [...ids]
    .toSorted((a, b) => a - b)
    .flatMap((id) => {
      const stats = columnStats(raw, id, {
        size_bytes: maps.size_bytes.get(id),
        values: maps.values.get(id),
        nulls: maps.nulls.get(id),
        nans: maps.nans.get(id),
        lower: maps.lower.get(id),
        upper: maps.upper.get(id),
      });
      return stats === undefined ? [] : [stats];
    });
}

interface Found {
  readonly size_bytes: number | undefined;
  readonly values: number | undefined;
  readonly nulls: number | undefined;
  readonly nans: number | undefined;
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
}

function columnStats(raw: RawStats, field_id: number, found: Found): ColumnStats | undefined {
  const type = raw.types.get(field_id);
  const lower = boundOf(type, found.lower);
  const upper = boundOf(type, found.upper);
  const { size_bytes, values, nulls, nans } = found;
  const stats: ColumnStats = {
    field_id,
    ...(size_bytes === undefined ? {} : { size_bytes }),
    ...(values === undefined ? {} : { values }),
    ...(nulls === undefined ? {} : { nulls }),
    ...(nans === undefined ? {} : { nans }),
    ...(lower === undefined ? {} : { lower }),
    ...(upper === undefined ? {} : { upper }),
  };
  return Object.keys(stats).length === 1 ? undefined : stats;
}

function boundOf(type: Primitive | undefined, bytes: Uint8Array | undefined) {
  if (type === undefined || bytes === undefined) return undefined;
  const value = decodeRaw(type, bytes);
  return value === undefined || Number.isNaN(value) ? undefined : cellOf(type, value);
}

/**
 * The Avro maps of statistics; bounds are cut to 16 characters, those of columns without a type are
 * left out.
 */
export function encodeStats(stats: readonly ColumnStats[], types: FieldTypes): RawStats {
  return {
    types,
    column_sizes: encodeCounts(stats, "size_bytes"),
    value_counts: encodeCounts(stats, "values"),
    null_value_counts: encodeCounts(stats, "nulls"),
    nan_value_counts: encodeCounts(stats, "nans"),
    lower_bounds: encodeBounds(stats, types, "lower"),
    upper_bounds: encodeBounds(stats, types, "upper"),
  };
}

// The maps as Avro has them: blocks of a count and so many keys and values, ended by a 0.

/** The longest varint of a safe number. */
const VARINT_BYTES = 8;

function encodeCounts(
  stats: readonly ColumnStats[],
  name: "size_bytes" | "values" | "nulls" | "nans",
): Uint8Array | null {
  let count = 0;
  for (const one of stats) if (one[name] !== undefined) count++;
  if (count === 0) return null;
  const bytes = Buffer.allocUnsafe((count * 2 + 1) * VARINT_BYTES + 1);
  let at = writeVarint(bytes, 0, count);
  for (const one of stats) {
    const value = one[name];
    if (value === undefined) continue;
    at = writeVarint(bytes, at, one.field_id);
    at = writeVarint(bytes, at, value);
  }
  bytes[at++] = 0;
  return bytes.subarray(0, at);
}

/** A key, a length, and 16 characters of four bytes: what one bound takes at most. */
const BOUND_BYTES_MAX = 2 * VARINT_BYTES + 64;

function encodeBounds(
  stats: readonly ColumnStats[],
  types: FieldTypes,
  which: "lower" | "upper",
): Uint8Array | null {
  const bytes = Buffer.allocUnsafe(stats.length * BOUND_BYTES_MAX + VARINT_BYTES + 1);
  let count = 0;
  // Room for the count is left in front; it is moved up to the first bound.
  let at = VARINT_BYTES;
  for (const one of stats) {
    const type = types.get(one.field_id);
    const raw = type === undefined ? undefined : boundRaw(one, type, which);
    if (type === undefined || raw === undefined) continue;
    count++;
    at = writeVarint(bytes, at, one.field_id);
    at = writeSized(bytes, at, type, raw);
  }
  if (count === 0) return null;
  bytes[at++] = 0;
  const head = writeVarint(bytes, 0, count);
  bytes.copyWithin(VARINT_BYTES - head, 0, head);
  return bytes.subarray(VARINT_BYTES - head, at);
}

function boundRaw(stats: ColumnStats, type: FieldType, which: "lower" | "upper"): Raw | undefined {
  const cell = stats[which];
  if (cell === undefined) return undefined;
  const bound = which === "lower" ? lowerBound(type, cell) : upperBound(type, cell);
  return bound === undefined ? undefined : rawOf(type, bound);
}

/** A value behind its length, written in place where its length is known. */
function writeSized(bytes: Buffer, start: number, type: FieldType, raw: Raw): number {
  const length = type.kind === "string" ? Buffer.byteLength(raw as string) : sizeOf(type);
  if (length === undefined) {
    const encoded = encodeRaw(type, raw);
    const at = writeVarint(bytes, start, encoded.length);
    bytes.set(encoded, at);
    return at + encoded.length;
  }
  const at = writeVarint(bytes, start, length);
  writeRaw(type, raw, bytes, at);
  return at + length;
}

/** Zigzag varint of a number that is not negative. */
function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value * 2;
  // Bits are quicker than divisions, as long as there are no more than 31.
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80;
  for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function readVarint(cursor: Cursor): number {
  let value = 0;
  let weight = 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at++] ?? 0;
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) break;
    weight *= 128;
  }
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** Calls `see` at each value, until it answers false; `see` moves the cursor past the value. */
function eachEntry(map: Uint8Array, see: (key: number, cursor: Cursor) => boolean): void {
  const cursor = { bytes: map, at: 0 };
  for (let count = readVarint(cursor); count !== 0; count = readVarint(cursor)) {
    if (count < 0) readVarint(cursor);
    for (let left = Math.abs(count); left > 0; left--) {
      if (!see(readVarint(cursor), cursor)) return;
    }
  }
}

function readBytes(cursor: Cursor): Uint8Array {
  const length = readVarint(cursor);
  const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return bytes;
}

function countsOf(map: Uint8Array | null): Map<number, number> {
  const counts = new Map<number, number>();
  if (map !== null) eachEntry(map, (key, cursor) => !!counts.set(key, readVarint(cursor)));
  return counts;
}

function bytesOf(map: Uint8Array | null): Map<number, Uint8Array> {
  const bounds = new Map<number, Uint8Array>();
  if (map !== null) eachEntry(map, (key, cursor) => !!bounds.set(key, readBytes(cursor)));
  return bounds;
}

function findCount(map: Uint8Array | null, id: number): number | undefined {
  let found: number | undefined;
  if (map === null) return undefined;
  eachEntry(map, (key, cursor) => {
    const value = readVarint(cursor);
    if (key === id) found = value;
    return key !== id;
  });
  return found;
}

/** The single-value bytes of one column in a map of bounds. */
export function findBytes(map: Uint8Array | null, id: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  if (map === null) return undefined;
  eachEntry(map, (key, cursor) => {
    const value = readBytes(cursor);
    if (key === id) found = value;
    return key !== id;
  });
  return found;
}

/** One count of a column, without decoding the others. */
export function countOf(
  file: IcebergDataFile,
  field_id: number,
  name: "values" | "nulls" | "nans",
): number | undefined {
  const raw = file.raw_stats;
  if (raw === undefined) return file.stats.find((one) => one.field_id === field_id)?.[name];
  if (name === "values") return findCount(raw.value_counts, field_id);
  return findCount(name === "nulls" ? raw.null_value_counts : raw.nan_value_counts, field_id);
}
