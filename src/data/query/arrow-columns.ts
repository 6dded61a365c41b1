// Column types as Arrow has them, and JSON values as Arrow arrays: exact, nothing is rounded.
import type * as Arrow from "apache-arrow";
import { LakehouseError } from "#kernel/problem.ts";
import { parseColumnType, type ColumnType } from "#ports/column-type.ts";
import {
  toDays,
  toMicros,
  toTimeMicros,
  toUnscaled,
  toWholeBig,
  writeWide,
} from "./arrow-scalars.ts";

export type ArrowModule = typeof Arrow;

/** The Arrow array of some values; `null` and `undefined` are null. */
export type ToArray = (values: readonly unknown[]) => Arrow.Data;

export interface ArrowColumn {
  readonly type: Arrow.DataType;
  readonly toArray: ToArray;
}

/**
 * Iceberg type → Arrow type: int Int32, long Int64, decimal Decimal128, date Date32, time Time64
 * (µs), timestamp Timestamp (µs; with zone: UTC), uuid Utf8, binary Binary, fixed FixedSizeBinary,
 * list, struct, map as such. Nanoseconds are cut to µs.
 */
export function arrowColumn(arrow: ArrowModule, type: string): ArrowColumn {
  return columnOf(arrow, parseColumnType(type));
}

function columnOf(arrow: ArrowModule, type: ColumnType): ArrowColumn {
  if (type.kind === "primitive") return primitiveOf(arrow, type.name);
  if (type.kind === "list") return listOf(arrow, columnOf(arrow, type.element));
  if (type.kind === "map") {
    return mapOf(arrow, columnOf(arrow, type.key), columnOf(arrow, type.value), type.key);
  }
  const fields = type.fields.map(({ name, type: inner }) => ({
    name,
    column: columnOf(arrow, inner),
  }));
  return structOf(arrow, fields);
}

function primitiveOf(arrow: ArrowModule, name: string): ArrowColumn {
  const make = PRIMITIVES[name];
  if (make !== undefined) return make(arrow);
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(name);
  if (decimal !== null) return decimalOf(arrow, Number(decimal[1]), Number(decimal[2]));
  const fixed = /^fixed\[(\d+)\]$/.exec(name);
  if (fixed !== null) return fixedOf(arrow, Number(fixed[1]));
  throw new LakehouseError("internal", `the type ${name} has no Arrow form`);
}

const PRIMITIVES: Readonly<Record<string, (arrow: ArrowModule) => ArrowColumn>> = {
  boolean: booleanOf,
  int: (arrow) => numbersOf(arrow, new arrow.Int32(), (size) => new Int32Array(size)),
  float: (arrow) => numbersOf(arrow, new arrow.Float32(), (size) => new Float32Array(size)),
  double: (arrow) => numbersOf(arrow, new arrow.Float64(), (size) => new Float64Array(size)),
  date: (arrow) => numbersOf(arrow, new arrow.DateDay(), (size) => new Int32Array(size), toDays),
  long: (arrow) => bigsOf(arrow, new arrow.Int64(), toWholeBig),
  time: (arrow) => bigsOf(arrow, new arrow.TimeMicrosecond(), toTimeMicros),
  timestamp: (arrow) => bigsOf(arrow, new arrow.TimestampMicrosecond(), toMicros),
  timestamptz: (arrow) => bigsOf(arrow, new arrow.TimestampMicrosecond("UTC"), toMicros),
  string: (arrow) => textOf(arrow),
  uuid: (arrow) => textOf(arrow),
  binary: (arrow) => binaryOf(arrow),
};

interface Validity {
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array | null;
}

function validityOf(values: readonly unknown[]): Validity {
  let nullCount = 0;
  let bitmap: Uint8Array | null = null;
  for (let at = 0; at < values.length; at++) {
    if (values[at] !== null && values[at] !== undefined) continue;
    bitmap ??= new Uint8Array(Math.ceil(values.length / 8)).fill(0xff);
    bitmap[at >> 3]! &= ~(1 << (at & 7));
    nullCount++;
  }
  return { nullCount, nullBitmap: bitmap };
}

function numbersOf(
  arrow: ArrowModule,
  type: Arrow.DataType,
  make: (size: number) => Int32Array | Float32Array | Float64Array,
  convert: (value: unknown) => number = Number,
): ArrowColumn {
  return {
    type,
    toArray(values) {
      const data = make(values.length);
      for (let at = 0; at < values.length; at++) {
        const value = values[at];
        if (typeof value === "number") data[at] = value;
        else if (value !== null && value !== undefined) data[at] = convert(value);
      }
      return makeOf(arrow, { type, length: values.length, ...validityOf(values), data });
    },
  };
}

function bigsOf(
  arrow: ArrowModule,
  type: Arrow.DataType,
  convert: (value: unknown) => bigint,
): ArrowColumn {
  return {
    type,
    toArray(values) {
      const data = new BigInt64Array(values.length);
      for (let at = 0; at < values.length; at++) {
        const value = values[at];
        if (value !== null && value !== undefined) data[at] = convert(value);
      }
      return makeOf(arrow, { type, length: values.length, ...validityOf(values), data });
    },
  };
}

function booleanOf(arrow: ArrowModule): ArrowColumn {
  const type = new arrow.Bool();
  return {
    type,
    toArray(values) {
      const data = new Uint8Array(Math.ceil(values.length / 8));
      for (let at = 0; at < values.length; at++) {
        if (values[at] === true || values[at] === "true") data[at >> 3]! |= 1 << (at & 7);
      }
      return makeOf(arrow, { type, length: values.length, ...validityOf(values), data });
    },
  };
}

function decimalOf(arrow: ArrowModule, precision: number, scale: number): ArrowColumn {
  const type = new arrow.Decimal(scale, precision, 128);
  return {
    type,
    toArray(values) {
      const data = new Uint32Array(values.length * 4);
      const words = new BigInt64Array(data.buffer);
      for (let at = 0; at < values.length; at++) {
        const value = values[at];
        if (value !== null && value !== undefined) writeWide(words, at, toUnscaled(value, scale));
      }
      return makeOf(arrow, { type, length: values.length, ...validityOf(values), data });
    },
  };
}

function textOf(arrow: ArrowModule): ArrowColumn {
  const type = new arrow.Utf8();
  return {
    type,
    toArray(values) {
      const offsets = new Int32Array(values.length + 1);
      const texts = values.map((value) => {
        if (typeof value === "string") return value;
        return value === null || value === undefined ? "" : JSON.stringify(value);
      });
      const joined = texts.join("");
      const data = Buffer.from(joined);
      const ascii = data.length === joined.length;
      let end = 0;
      for (let at = 0; at < texts.length; at++) {
        end += ascii ? texts[at]!.length : Buffer.byteLength(texts[at]!);
        offsets[at + 1] = end;
      }
      const form = { type, length: values.length, ...validityOf(values) };
      return makeOf(arrow, { ...form, valueOffsets: offsets, data });
    },
  };
}

/** Bytes come as base64. */
function toBytes(value: unknown): Uint8Array {
  return Buffer.from(String(value), "base64");
}

const NO_BYTES = new Uint8Array(0);

function binaryOf(arrow: ArrowModule): ArrowColumn {
  const type = new arrow.Binary();
  return {
    type,
    toArray(values) {
      const offsets = new Int32Array(values.length + 1);
      const parts = values.map((value, at) => {
        const part = value === null || value === undefined ? NO_BYTES : toBytes(value);
        offsets[at + 1] = offsets[at]! + part.length;
        return part;
      });
      const form = { type, length: values.length, ...validityOf(values) };
      return makeOf(arrow, { ...form, valueOffsets: offsets, data: Buffer.concat(parts) });
    },
  };
}

function fixedOf(arrow: ArrowModule, size: number): ArrowColumn {
  const type = new arrow.FixedSizeBinary(size);
  return {
    type,
    toArray(values) {
      const data = new Uint8Array(values.length * size);
      values.forEach((value, at) => {
        if (value !== null && value !== undefined) data.set(toBytes(value), at * size);
      });
      return makeOf(arrow, { type, length: values.length, ...validityOf(values), data });
    },
  };
}

function listOf(arrow: ArrowModule, element: ArrowColumn): ArrowColumn {
  const type = new arrow.List(new arrow.Field("element", element.type, true));
  return {
    type,
    toArray(values) {
      const offsets = new Int32Array(values.length + 1);
      const items: unknown[] = [];
      values.forEach((value, at) => {
        for (const item of (value ?? []) as readonly unknown[]) items.push(item);
        offsets[at + 1] = items.length;
      });
      const form = { type, length: values.length, ...validityOf(values) };
      return makeOf(arrow, { ...form, valueOffsets: offsets, child: element.toArray(items) });
    },
  };
}

interface NamedColumn {
  readonly name: string;
  readonly column: ArrowColumn;
}

function structOf(arrow: ArrowModule, fields: readonly NamedColumn[]): ArrowColumn {
  const type = new arrow.Struct(
    fields.map(({ name, column }) => new arrow.Field(name, column.type, true)),
  );
  return {
    type,
    toArray(values) {
      const children = fields.map(({ name, column }) =>
        column.toArray(
          values.map((value) => (value as Record<string, unknown> | null | undefined)?.[name]),
        ),
      );
      return makeOf(arrow, { type, length: values.length, ...validityOf(values), children });
    },
  };
}

/** Maps come as objects, so their keys as text. */
function mapOf(
  arrow: ArrowModule,
  key: ArrowColumn,
  value: ArrowColumn,
  key_type: ColumnType,
): ArrowColumn {
  const nested_key = key_type.kind !== "primitive";
  const readKey = nested_key
    ? (text: string) => JSON.parse(text) as unknown
    : (text: string) => text;
  const entry = new arrow.Struct([
    new arrow.Field("key", key.type, false),
    new arrow.Field("value", value.type, true),
  ]);
  const type = new arrow.Map_(new arrow.Field("entries", entry, false) as never);
  return {
    type,
    toArray(values) {
      const offsets = new Int32Array(values.length + 1);
      const keys: unknown[] = [];
      const items: unknown[] = [];
      values.forEach((one, at) => {
        for (const [name, item] of Object.entries((one ?? {}) as Record<string, unknown>)) {
          keys.push(readKey(name));
          items.push(item);
        }
        offsets[at + 1] = keys.length;
      });
      const children = [key.toArray(keys), value.toArray(items)];
      const form = { length: keys.length, nullCount: 0, nullBitmap: null, children };
      const child = makeOf(arrow, { type: entry, ...form });
      const own = { type, length: values.length, ...validityOf(values) };
      return makeOf(arrow, { ...own, valueOffsets: offsets, child });
    },
  };
}

/** `makeData` has one signature for each type; which one is meant is known by `type` alone. */
function makeOf(arrow: ArrowModule, form: object): Arrow.Data {
  return (arrow.makeData as (form: object) => Arrow.Data)(form);
}
