// Pruning: which manifests and files cannot hold a row that meets the conditions of a query.
import type { Predicate } from "#contracts/table-nouns.ts";
import { countOf, findBytes } from "./data-file-stats.ts";
import { partitionTypes } from "./partition-values.ts";
import { readTransform, type Transform } from "./partitioning.ts";
import {
  conditionOf,
  mayMatch,
  project,
  wraps,
  type Condition,
  type ValueRange,
} from "./pruning-conditions.ts";
import { primitiveOf, rawOf, type Primitive, type Raw } from "./raw-values.ts";
import { decodeRaw } from "./single-values.ts";
import type {
  FieldSummary,
  IcebergDataFile,
  IcebergSchema,
  ManifestListEntry,
  PartitionSpec,
} from "./table-types.ts";

export interface Pruner {
  /** False: no file of the manifest can hold a matching row. */
  readonly manifestMayMatch: (entry: ManifestListEntry, spec: PartitionSpec) => boolean;
  /** False: no row of the file can match. Delete files are judged by their partition only. */
  readonly fileMayMatch: (file: IcebergDataFile, spec: PartitionSpec) => boolean;
}

/** A predicate made ready for a column of the schema. */
interface Ready {
  readonly field_id: number;
  readonly type: Primitive;
  readonly condition: Condition;
}

/** A condition projected onto a field of a spec. */
interface Projected {
  readonly at: number;
  readonly name: string;
  /** Of the column, and of what the transform makes of it. */
  readonly type: Primitive;
  readonly result: Primitive;
  readonly transform: Transform;
  readonly condition: Condition;
}

/**
 * Judges manifests and files by predicates that must all hold. It never drops what may match: where
 * a column, type, constant, statistic or transform is not known, everything is kept.
 */
export function createPruner(schema: IcebergSchema, predicates: readonly Predicate[]): Pruner {
  const ready = predicates.flatMap((predicate) => readyFor(schema, predicate));
  const by_spec = new Map<PartitionSpec, readonly Projected[]>();
  const projectedOn = (spec: PartitionSpec) => {
    const known = by_spec.get(spec);
    if (known !== undefined) return known;
    const made = ready.flatMap((one) => projections(one, spec, schema));
    by_spec.set(spec, made);
    return made;
  };
  return {
    manifestMayMatch: (entry, spec) => {
      const { partitions } = entry;
      if (partitions === null || partitions.length !== spec.fields.length) return true;
      return projectedOn(spec).every((one) =>
        mayMatchWithin(one, summaryRange(partitions[one.at]!, one.result)),
      );
    },
    fileMayMatch: (file, spec) =>
      projectedOn(spec).every((one) => mayMatchWithin(one, partitionRange(file, one))) &&
      (file.content !== 0 || ready.every((one) => mayMatch(one.condition, columnRange(file, one)))),
  };
}

function readyFor(schema: IcebergSchema, predicate: Predicate): Ready[] {
  const field = schema.fields.find((one) => one.name === predicate.column);
  const type = field === undefined ? undefined : primitiveOf(field.type);
  if (field === undefined || type === undefined) return [];
  const condition = conditionOf(predicate, type);
  return condition === undefined ? [] : [{ field_id: field.id, type, condition }];
}

function projections(
  { field_id, type, condition }: Ready,
  spec: PartitionSpec,
  schema: IcebergSchema,
): Projected[] {
  const types = partitionTypes(spec.fields, [schema]);
  return spec.fields.flatMap((field, at) => {
    const transform = readTransform(field.transform);
    const result = primitiveOf(types[at] ?? "");
    if (field["source-id"] !== field_id || transform === undefined || result === undefined) {
      return [];
    }
    const projected = project(condition, transform, type);
    if (projected === undefined) return [];
    return [{ at, name: field.name, type, result, transform, condition: projected }];
  });
}

function mayMatchWithin(one: Projected, range: ValueRange | undefined): boolean {
  if (range === undefined || wraps(one.transform, one.type, range.upper)) return true;
  return mayMatch(one.condition, range);
}

function isFloat({ kind }: Primitive): boolean {
  return kind === "float" || kind === "double";
}

function boundOf(type: Primitive, bytes: Uint8Array | null | undefined): Raw | undefined {
  if (bytes === null || bytes === undefined) return undefined;
  const raw = decodeRaw(type, bytes);
  return Number.isNaN(raw) ? undefined : raw;
}

function summaryRange(summary: FieldSummary, type: Primitive): ValueRange {
  const { contains_null, contains_nan } = summary;
  const may_nan = isFloat(type) && contains_nan !== false;
  const no_bounds = summary.lower_bound === null && summary.upper_bound === null;
  return {
    lower: boundOf(type, summary.lower_bound),
    upper: boundOf(type, summary.upper_bound),
    may_null: contains_null,
    // As in Java: nulls, no bounds and no NaN mean nothing but nulls.
    may_value: !(contains_null && no_bounds && !may_nan),
    may_nan,
  };
}

/** All rows of a file have the same partition values; undefined: not known. */
function partitionRange(file: IcebergDataFile, one: Projected): ValueRange | undefined {
  if (!Object.hasOwn(file.partition, one.name)) return undefined;
  const cell = file.partition[one.name]!;
  if (cell === null) {
    return { lower: undefined, upper: undefined, may_null: true, may_value: false, may_nan: false };
  }
  const raw = rawOf(one.result, cell);
  if (raw === undefined) return undefined;
  const may_nan = Number.isNaN(raw);
  return { lower: raw, upper: raw, may_null: false, may_value: true, may_nan };
}

/** What statistics say of a column; only those it needs are decoded. */
function columnRange(file: IcebergDataFile, { field_id, type, condition }: Ready): ValueRange {
  const nulls = countOf(file, field_id, "nulls");
  const values = countOf(file, field_id, "values");
  const bounds = condition.op !== "is_null" && condition.op !== "not_null";
  return {
    lower: bounds ? columnBound(file, field_id, type, "lower") : undefined,
    upper: bounds ? columnBound(file, field_id, type, "upper") : undefined,
    may_null: nulls !== 0,
    may_value: nulls === undefined || values === undefined || nulls < values || values < 0,
    may_nan: isFloat(type) && countOf(file, field_id, "nans") !== 0,
  };
}

function columnBound(
  file: IcebergDataFile,
  field_id: number,
  type: Primitive,
  which: "lower" | "upper",
): Raw | undefined {
  const raw = file.raw_stats;
  if (raw !== undefined) {
    const map = which === "lower" ? raw.lower_bounds : raw.upper_bounds;
    return boundOf(type, findBytes(map, field_id));
  }
  const cell = file.stats.find((one) => one.field_id === field_id)?.[which];
  const value = cell === undefined ? undefined : rawOf(type, cell);
  return Number.isNaN(value) ? undefined : value;
}
