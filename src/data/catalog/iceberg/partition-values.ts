// Partition values of manifests: from cells to what Avro writes, and back.
import type { Cell } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { avroName, type AvroSchema } from "./avro-types.ts";
import { decimalBytes, recordFields, typeOfAvro } from "./manifest-schemas.ts";
import { readTransform, transformResultType } from "./partitioning.ts";
import { cellOf, primitiveOf, rawOf, type Primitive, type Raw } from "./raw-values.ts";
import { fieldById } from "./schema-walk.ts";
import { encodeRaw, fromTwosComplement } from "./single-values.ts";
import type { IcebergSchema, PartitionSpec, SpecField } from "./table-types.ts";

/**
 * The result type of each field of a spec; undefined where the transform is not known or its column
 * is in none of the schemas any more.
 */
export function partitionTypes(
  fields: readonly SpecField[],
  schemas: readonly (IcebergSchema | undefined)[],
): (string | undefined)[] {
  return fields.map((field) => {
    const transform = readTransform(field.transform);
    if (transform === undefined) return undefined;
    for (const schema of schemas) {
      const source = schema === undefined ? undefined : fieldById(schema, field["source-id"]);
      if (source !== undefined) return transformResultType(transform, source.type);
    }
    return undefined;
  });
}

/** Values of a partition by Avro name. Error: `invalid` with reason `bad_partitioning`. */
export function encodePartition(
  spec: PartitionSpec,
  types: readonly string[],
  partition: Readonly<Record<string, Cell>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  spec.fields.forEach(({ name }, at) => {
    const cell = Object.hasOwn(partition, name) ? (partition[name] ?? null) : null;
    values[avroName(name)] = cell === null ? null : toAvro(types[at]!, cell, name);
  });
  return values;
}

function toAvro(type: string, cell: Cell, name: string): unknown {
  const primitive = primitiveOf(type);
  const raw = primitive === undefined ? undefined : rawOf(primitive, cell);
  if (primitive === undefined || raw === undefined) {
    throw new LakehouseError(
      "invalid",
      `${JSON.stringify(cell)} is not a value of partition field "${name}", which is ${type}`,
      { reason: "bad_partitioning" },
    );
  }
  if (primitive.kind !== "decimal") return typeof raw === "object" ? Buffer.from(raw) : raw;
  const bytes = encodeRaw(primitive, raw);
  const padded = Buffer.alloc(
    decimalBytes(primitive.precision),
    (bytes[0]! & 0x80) === 0 ? 0 : 255,
  );
  bytes.copy(padded, padded.length - bytes.length);
  return padded;
}

/** Reads the partition record of a data file; names are those of the spec, found by field id. */
export function partitionReader(
  schema: AvroSchema,
  fields: readonly SpecField[],
  types: readonly (string | undefined)[],
): (record: Readonly<Record<string, unknown>>) => Readonly<Record<string, Cell>> {
  const columns = recordFields(schema).map((column) => {
    const at = fields.findIndex((field) => field["field-id"] === column["field-id"]);
    const type = at < 0 ? undefined : types[at];
    return {
      from: avroName(column.name),
      to: fields[at]?.name ?? column["iceberg-field-name"] ?? column.name,
      type: primitiveOf(type ?? typeOfAvro(column.type) ?? ""),
    };
  });
  const nothing = Object.freeze({});
  if (columns.length === 0) return () => nothing;
  return (record) => {
    const partition: Record<string, Cell> = {};
    for (const { from, to, type } of columns) partition[to] = toCell(record[from], type);
    return partition;
  };
}

function toCell(value: unknown, type: Primitive | undefined): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) {
    if (type?.kind === "decimal") return cellOf(type, fromTwosComplement(value));
    const bytes = Buffer.from(value);
    return type === undefined ? bytes.toString("hex") : cellOf(type, bytes);
  }
  if (type === undefined)
    return typeof value === "object" ? JSON.stringify(value) : (value as Cell);
  // Whole numbers beyond 2^53 come as text.
  const numeric = typeof value === "string" && type.kind !== "string" && type.kind !== "uuid";
  return cellOf(type, numeric ? BigInt(value) : (value as Raw));
}
