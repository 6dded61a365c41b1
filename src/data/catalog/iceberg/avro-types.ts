// Avro types for manifests through the avsc library: exact longs, quick optionals, raw statistics.
import avsc from "avsc";

/** What we use of avsc's reading position; its typings leave it out. */
interface Tap {
  buf: Buffer;
  pos: number;
  readLong(): number;
  writeLong(value: number): void;
  writeFixed(bytes: Uint8Array, length: number): void;
}

/** The inner methods of an avsc type by which record types read and write their fields. */
interface InnerType {
  _read(tap: Tap): unknown;
  _write(tap: Tap, value: unknown): void;
  _skip(tap: Tap): void;
}

/** An Avro schema as parsed JSON. */
export type AvroSchema = string | readonly AvroSchema[] | { readonly [key: string]: unknown };

export interface AvroCodec {
  /** The values of a block; throws when the bytes do not fit the schema. */
  readonly decodeAll: (block: Buffer, count: number) => unknown[];
  readonly encode: (value: unknown) => Buffer;
}

/**
 * A codec for one schema. Whole numbers beyond 2^53 are read as text of digits and written from it;
 * optional maps that are arrays of key and value (Iceberg's `logicalType: map`) stay the bytes that
 * they are. Values of other types are those of avsc.
 */
export function avroCodec(schema: AvroSchema): AvroCodec {
  const type = avsc.Type.forSchema(cleaned(schema) as avsc.Schema, {
    typeHook: ((inner: AvroSchema, options: avsc.ForSchemaOptions) =>
      hooked(inner, options)) as never,
  });
  return {
    encode: (value) => type.toBuffer(value),
    decodeAll: (block, count) => {
      const values: unknown[] = [];
      let at = 0;
      while (values.length < count) {
        const read = type.decode(block, at);
        if (read.offset <= at && values.length > 0) throw new RangeError("the block is too short");
        if (read.offset < 0) throw new RangeError("the block is too short");
        values.push(read.value);
        at = read.offset;
      }
      return values;
    },
  };
}

/** Codecs that are made once for each schema; making one takes as long as reading 100 records. */
export type AvroCodecs = (schema: AvroSchema) => AvroCodec;

/** Keeps the codecs used last. A catalog has one of these for all its manifests. */
export function createAvroCodecs(codecs_max = 64): AvroCodecs {
  const kept = new Map<string, AvroCodec>();
  return (schema) => {
    const key = JSON.stringify(schema);
    const codec = kept.get(key) ?? avroCodec(schema);
    kept.delete(key);
    kept.set(key, codec);
    if (kept.size > codecs_max) kept.delete(kept.keys().next().value!);
    return codec;
  };
}

/** Without defaults, which only readers of other schemas need, and with names avsc takes. */
function cleaned(schema: AvroSchema): AvroSchema {
  if (typeof schema === "string") return schema;
  if (Array.isArray(schema)) return schema.map(cleaned);
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "type" || key === "items" || key === "values") copy[key] = cleaned(value as never);
    else if (key === "fields") copy[key] = (value as AvroSchema[]).map(cleaned);
    else if (key === "name") copy[key] = avroName(String(value));
    else if (key === "size" || key === "symbols" || key === "logicalType") copy[key] = value;
  }
  return copy;
}

/** A name as Avro allows it; Iceberg writes others with their bytes in hex. */
export function avroName(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  return Array.from(name, (char, at) => {
    if (/[A-Za-z_]/.test(char) || (at > 0 && /\d/.test(char))) return char;
    if (/\d/.test(char)) return `_${char}`;
    return `_x${char.codePointAt(0)!.toString(16).toUpperCase()}`;
  }).join("");
}

function hooked(schema: AvroSchema, options: avsc.ForSchemaOptions): avsc.Type | undefined {
  if (schema === "long" || (isObject(schema) && schema["type"] === "long")) return exactLong();
  if (!Array.isArray(schema) || schema.length !== 2 || !schema.includes("null")) return undefined;
  const null_at = schema.indexOf("null");
  const branch = schema[1 - null_at] as AvroSchema;
  const values = mapValues(branch);
  const inner =
    values === undefined
      ? (avsc.Type.forSchema(branch as avsc.Schema, options) as unknown as InnerType)
      : rawMap(values);
  return optional(inner, null_at);
}

function isObject(schema: AvroSchema): schema is { readonly [key: string]: unknown } {
  return typeof schema === "object" && !Array.isArray(schema);
}

/** The type of the values of a map written as an array; undefined: it is something else. */
function mapValues(schema: AvroSchema): "long" | "bytes" | undefined {
  if (!isObject(schema) || schema["logicalType"] !== "map") return undefined;
  const items = schema["items"] as AvroSchema;
  const fields = isObject(items) ? (items["fields"] as { name: string; type: AvroSchema }[]) : [];
  const [key, value] = fields;
  if (fields.length !== 2 || key?.name !== "key" || key.type !== "int") return undefined;
  return value?.type === "long" || value?.type === "bytes" ? value.type : undefined;
}

/** An avsc type with other inner methods. */
function typeWith(base: avsc.Schema, methods: InnerType): avsc.Type {
  const type = avsc.Type.forSchema(base) as object;
  return Object.assign(Object.create(type) as avsc.Type, methods);
}

function optional(inner: InnerType, null_at: number): avsc.Type {
  return typeWith(["null", "int"], {
    _read: (tap) => (tap.readLong() === null_at ? null : inner._read(tap)),
    _skip: (tap) => {
      if (tap.readLong() !== null_at) inner._skip(tap);
    },
    _write: (tap, value) => {
      const is_null = value === null || value === undefined;
      tap.writeLong(is_null ? null_at : 1 - null_at);
      if (!is_null) inner._write(tap, value);
    },
  });
}

/** Iceberg's map as the bytes of its Avro blocks. */
function rawMap(values: "long" | "bytes"): InnerType {
  const skip = (tap: Tap) => {
    for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
      if (tap.pos > tap.buf.length) return;
      if (count < 0) {
        skipBytes(tap);
        continue;
      }
      for (let left = count; left > 0 && tap.pos <= tap.buf.length; left--) {
        while (tap.buf[tap.pos++]! & 0x80);
        if (values === "long") while (tap.buf[tap.pos++]! & 0x80);
        else skipBytes(tap);
      }
    }
  };
  return {
    _read: (tap) => {
      const start = tap.pos;
      skip(tap);
      return tap.buf.subarray(start, tap.pos);
    },
    _skip: skip,
    _write: (tap, value) => tap.writeFixed(value as Uint8Array, (value as Uint8Array).length),
  };
}

/** Past as many bytes as the long here says. */
function skipBytes(tap: Tap): void {
  const length = tap.readLong();
  tap.pos += length;
}

function exactLong(): avsc.Type {
  return typeWith("long", {
    _read: (tap) => {
      const start = tap.pos;
      const value = tap.readLong();
      // avsc counts in doubles: up to seven bytes hold 49 bits, which is exact.
      return tap.pos - start <= 7 ? value : longValue(tap.buf, start, tap.pos);
    },
    _skip: (tap) => {
      while (tap.buf[tap.pos++]! & 0x80);
    },
    _write: (tap, value) => {
      const short = Number(value);
      // On its way it is doubled.
      if (Number.isSafeInteger(short * 2)) return tap.writeLong(short);
      let rest = BigInt.asUintN(
        64,
        (BigInt(value as string) << 1n) ^ (BigInt(value as string) >> 63n),
      );
      const bytes: number[] = [];
      for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
      bytes.push(Number(rest));
      tap.writeFixed(Buffer.from(bytes), bytes.length);
    },
  });
}

/** A number where that is exact, text otherwise. */
function longValue(buf: Buffer, start: number, end: number): number | string {
  let bits = 0n;
  for (let at = end - 1; at >= start; at--) bits = (bits << 7n) | BigInt(buf[at]! & 0x7f);
  const value = BigInt.asIntN(64, (bits >> 1n) ^ -(bits & 1n));
  const short = Number(value);
  return Number.isSafeInteger(short) ? short : String(value);
}
