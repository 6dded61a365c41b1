// Partitioning: Iceberg's transforms of values, and partition specs from and to columns.
import type { Cell, PartitionField } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { floorDivide, monthsOfDays, whole, type Whole } from "./iso-times.ts";
import { murmur3 } from "./murmur-hash.ts";
import {
  cellOf,
  primitiveOf,
  printType,
  rawOf,
  requirePrimitive,
  type Primitive,
  type Raw,
  type RawKind,
} from "./raw-values.ts";
import { fieldById, fieldByName } from "./schema-walk.ts";
import { encodeRaw, firstCodePoints } from "./single-values.ts";
import type { IcebergSchema, IcebergType, PartitionSpec, SpecField } from "./table-types.ts";

export const FIRST_PARTITION_ID = 1000;

/** The spec of tables that are not partitioned. */
export const UNPARTITIONED: PartitionSpec = { "spec-id": 0, fields: [] };

export type TransformKind =
  | "identity"
  | "bucket"
  | "truncate"
  | "year"
  | "month"
  | "day"
  | "hour"
  | "void";

export interface Transform {
  readonly kind: TransformKind;
  /** Buckets of `bucket`, width of `truncate`; 0 otherwise. */
  readonly size: number;
}

const DAY_MICROS = 86_400_000_000;
const DATES: readonly RawKind[] = ["date", "timestamp", "timestamptz"];
const TAKES: Readonly<Record<TransformKind, readonly RawKind[] | "any">> = {
  identity: "any",
  void: "any",
  bucket: [
    "int",
    "long",
    "decimal",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "string",
    "uuid",
    "fixed",
    "binary",
  ],
  truncate: ["int", "long", "decimal", "string", "binary"],
  year: DATES,
  month: DATES,
  day: DATES,
  hour: ["timestamp", "timestamptz"],
};

/** The transform of its text, `bucket[16]`. Error: `invalid` with reason `bad_partitioning`. */
export function parseTransform(text: string): Transform {
  const transform = readTransform(text);
  if (transform !== undefined) return transform;
  throw badPartitioning(
    `"${text}" is not a transform`,
    "it would be identity, year, month, day, hour, bucket[N], truncate[W] or void",
  );
}

/** As `parseTransform`; undefined for one that we don't know (a reader must bear them). */
export function readTransform(text: string): Transform | undefined {
  const sized = /^(bucket|truncate)\[(\d{1,10})\]$/.exec(text);
  if (sized !== null) {
    const size = Number(sized[2]);
    const in_range = size >= 1 && size <= 2_147_483_647;
    return in_range ? { kind: sized[1] as TransformKind, size } : undefined;
  }
  const plain = /^(identity|year|month|day|hour|void)$/.exec(text);
  return plain === null ? undefined : { kind: plain[1] as TransformKind, size: 0 };
}

/** Whether values of a type can be transformed so. */
export function canTransform({ kind }: Transform, type: IcebergType): boolean {
  const takes = TAKES[kind];
  const primitive = primitiveOf(type);
  if (primitive === undefined) return false;
  return takes === "any" || takes.includes(primitive.kind);
}

/**
 * The type of what a transform makes. `day` makes dates, as all implementations have it (the spec
 * says int, stored alike).
 */
export function transformResultType(transform: Transform | string, type: IcebergType): string {
  const { kind } = typeof transform === "string" ? parseTransform(transform) : transform;
  if (kind === "day") return "date";
  if (kind === "identity" || kind === "void" || kind === "truncate") return printType(type);
  return "int";
}

/**
 * The transformed value (table spec, "Partition Transforms"); null stays null. A value that is not
 * of the type is `invalid`.
 */
export function applyTransform(transform: Transform | string, type: IcebergType, cell: Cell): Cell {
  const how = typeof transform === "string" ? parseTransform(transform) : transform;
  if (cell === null || how.kind === "void") return null;
  const primitive = requirePrimitive(type);
  const raw = rawOf(primitive, cell);
  if (raw === undefined || !canTransform(how, type)) {
    throw new LakehouseError(
      "invalid",
      `${how.kind} cannot be applied to ${JSON.stringify(cell)} as ${printType(type)}`,
      { reason: "bad_partitioning" },
    );
  }
  return cellOf(
    requirePrimitive(transformResultType(how, type)),
    transformRaw(how, primitive, raw),
  );
}

/** The transformed raw value; the transform must be one that takes the type, and not `void`. */
export function transformRaw({ kind, size }: Transform, type: Primitive, raw: Raw): Raw {
  switch (kind) {
    case "bucket":
      return (murmur3(hashedBytes(type, raw)) & 0x7fffffff) % size;
    case "truncate":
      return truncateRaw(size, type, raw);
    case "year":
      return Math.floor(monthsOfDays(daysOfRaw(type, raw)) / 12);
    case "month":
      return monthsOfDays(daysOfRaw(type, raw));
    case "day":
      return daysOfRaw(type, raw);
    case "hour":
      return floorDivide(raw as Whole, 3_600_000_000);
    default:
      return raw;
  }
}

/** What appendix B hashes: all whole numbers as 8 bytes, the others as their single-value bytes. */
function hashedBytes(type: Primitive, raw: Raw): Uint8Array {
  const kind = type.kind === "int" || type.kind === "date" ? "long" : type.kind;
  return encodeRaw({ ...type, kind }, raw);
}

function truncateRaw(width: number, { kind }: Primitive, raw: Raw): Raw {
  if (typeof raw === "string") return firstCodePoints(raw, width);
  if (typeof raw === "object") return raw.subarray(0, width);
  if (typeof raw === "number") {
    const low = raw - (((raw % width) + width) % width);
    if (Number.isSafeInteger(low) && (kind !== "int" || low === (low | 0))) return low;
  }
  const [value, by] = [BigInt(raw), BigInt(width)];
  const low = value - (((value % by) + by) % by);
  if (kind === "decimal") return low;
  // Below the least number of its type it wraps around, as in Java.
  return whole(BigInt.asIntN(kind === "int" ? 32 : 64, low));
}

function daysOfRaw(type: Primitive, raw: Raw): number {
  return type.kind === "date" ? Number(raw) : floorDivide(raw as Whole, DAY_MICROS);
}

export interface NewSpec {
  readonly spec: PartitionSpec;
  readonly last_partition_id: number;
}

/**
 * The spec that partitions a schema by columns; field ids come after `last_partition_id` (999 for
 * a new table). Names are those of Iceberg: `ts_day`, `id_bucket`, `name_trunc`; an identity has
 * that of its column. Error: `invalid` with reason `bad_partitioning`.
 */
export function newPartitionSpec(
  schema: IcebergSchema,
  fields: readonly PartitionField[],
  last_partition_id: number,
  spec_id: number,
): NewSpec {
  const made: SpecField[] = [];
  for (const { column, transform: text, name } of fields) {
    const source = fieldByName(schema, column);
    if (source === undefined) {
      const known = schema.fields.map((field) => field.name).join(", ");
      throw badPartitioning(`there is no column "${column}"`, `the columns are ${known}`);
    }
    const transform = parseTransform(text);
    if (!source.in_structs || !canTransform(transform, source.type)) {
      throw wrongType(column, source.type, transform);
    }
    const field: SpecField = {
      "source-id": source.id,
      "field-id": last_partition_id + made.length + 1,
      name: name ?? defaultName(column, transform),
      transform: text,
    };
    checkName(schema, made, field);
    made.push(field);
  }
  return {
    spec: { "spec-id": spec_id, fields: made },
    last_partition_id: last_partition_id + made.length,
  };
}

function defaultName(column: string, { kind }: Transform): string {
  if (kind === "identity") return column;
  if (kind === "truncate") return `${column}_trunc`;
  return kind === "void" ? `${column}_null` : `${column}_${kind}`;
}

function checkName(schema: IcebergSchema, made: readonly SpecField[], field: SpecField): void {
  const { name } = field;
  const twin = made.find(
    (one) => one["source-id"] === field["source-id"] && one.transform === field.transform,
  );
  if (twin !== undefined) {
    throw badPartitioning(
      `"${name}" divides by the same as "${twin.name}"`,
      "leave one of them out",
    );
  }
  if (made.some((one) => one.name === name)) {
    throw badPartitioning(`two partition fields are named "${name}"`, "give one another name");
  }
  const column = fieldByName(schema, name);
  const its_own = column?.id === field["source-id"] && field.transform === "identity";
  if (column !== undefined && !its_own) {
    throw badPartitioning(
      `a partition field cannot be named "${name}" as a column is`,
      "give it another name",
    );
  }
}

function wrongType(column: string, type: IcebergType, transform: Transform): LakehouseError {
  const shown = printType(type);
  const fitting = (Object.keys(TAKES) as TransformKind[]).filter((kind) =>
    canTransform({ kind, size: 1 }, type),
  );
  const hint = fitting.length === 0 ? "partition by a primitive column" : fitting.join(", ");
  return badPartitioning(
    `${transform.kind} cannot be applied to "${column}", which is ${shown}`,
    fitting.length === 0 ? hint : `for ${shown} there are ${hint}`,
  );
}

function badPartitioning(message: string, hint: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "bad_partitioning", hint });
}

/** Columns and transforms of a spec; `void` fields and those of dropped columns are left out. */
export function partitionBy(
  spec: PartitionSpec,
  schema: IcebergSchema,
): Required<PartitionField>[] {
  return spec.fields.flatMap(({ "source-id": id, name, transform }) => {
    const source = fieldById(schema, id);
    return source === undefined || transform === "void"
      ? []
      : [{ column: source.name, transform, name: name as string }];
  });
}
