// The JSON of table metadata (table spec, appendix C) as zod schemas; unknown keys are kept.
import { z } from "zod";
import { LakehouseError } from "#kernel/problem.ts";
import { primitiveOf } from "./raw-values.ts";
import type {
  IcebergSchema,
  IcebergType,
  PartitionSpec,
  SnapshotRef,
  SortOrder,
  StatisticsFile,
  TableSnapshot,
} from "./table-types.ts";

const id = z.int();
const millis = z.int();
const primitive = z
  .string()
  .transform((text) => text.replaceAll(/\s/g, ""))
  .refine((text) => primitiveOf(text) !== undefined, {
    error: (issue) => `${JSON.stringify(issue.input)} is not a type of Iceberg format v2`,
  });

const nestedType: z.ZodType<IcebergType> = z.lazy(() =>
  z.union([
    primitive,
    z.discriminatedUnion("type", [
      z.looseObject({ type: z.literal("struct"), fields: z.array(field) }),
      z.looseObject({
        type: z.literal("list"),
        "element-id": id,
        element: nestedType,
        "element-required": z.boolean(),
      }),
      z.looseObject({
        type: z.literal("map"),
        "key-id": id,
        key: nestedType,
        "value-id": id,
        value: nestedType,
        "value-required": z.boolean(),
      }),
    ]),
  ]),
);

const field = z.looseObject({
  id,
  name: z.string(),
  required: z.boolean(),
  type: nestedType,
  doc: z.string().optional(),
});

export const schemaJson = z.looseObject({
  type: z.literal("struct").default("struct"),
  "schema-id": id.default(0),
  "identifier-field-ids": z.array(id).optional(),
  fields: z.array(field),
});

/** In format v1 fields may have no ids; in a request they may be left to the server. */
export const specFieldJson = z.looseObject({
  "source-id": id,
  "field-id": id.optional(),
  name: z.string(),
  transform: z.string(),
});

export const specJson = z.looseObject({
  "spec-id": id.default(0),
  fields: z.array(specFieldJson),
});

export const orderJson = z.looseObject({
  "order-id": id.default(0),
  fields: z.array(
    z.looseObject({
      transform: z.string(),
      "source-id": id,
      direction: z.enum(["asc", "desc"]),
      "null-order": z.enum(["nulls-first", "nulls-last"]),
    }),
  ),
});

/** `parseLongJson` makes these text. */
export const snapshotId = z.string().regex(/^-?\d{1,19}$/, "a snapshot id is a whole number");

export const snapshotJson = z.looseObject({
  "snapshot-id": snapshotId,
  "parent-snapshot-id": snapshotId.nullish(),
  "sequence-number": z.int().min(0).default(0),
  "timestamp-ms": millis,
  "manifest-list": z.string({
    error: "a snapshot needs a manifest list; those of early format v1 without one are not read",
  }),
  summary: z.record(z.string(), z.string()).default({}),
  "schema-id": id.nullish(),
});

export const refJson = z.looseObject({
  "snapshot-id": snapshotId,
  type: z.enum(["tag", "branch"]),
  "max-ref-age-ms": millis.nullish(),
  "max-snapshot-age-ms": millis.nullish(),
  "min-snapshots-to-keep": z.int().nullish(),
});

export const statisticsJson = z.looseObject({
  "snapshot-id": snapshotId,
  "statistics-path": z.string(),
});

/** Metadata of format v1 or v2 as files have it. */
export const metadataJson = z.looseObject({
  "format-version": z.union([z.literal(1), z.literal(2)]),
  "table-uuid": z.string(),
  location: z.string(),
  "last-sequence-number": z.int().min(0).default(0),
  "last-updated-ms": millis,
  "last-column-id": id,
  schema: schemaJson.optional(),
  schemas: z.array(schemaJson).optional(),
  "current-schema-id": id.optional(),
  "partition-spec": z.array(specFieldJson).optional(),
  "partition-specs": z.array(specJson).optional(),
  "default-spec-id": id.optional(),
  "last-partition-id": id.optional(),
  properties: z.record(z.string(), z.string()).nullish(),
  "current-snapshot-id": snapshotId.nullish(),
  snapshots: z.array(snapshotJson).nullish(),
  "snapshot-log": z
    .array(z.looseObject({ "snapshot-id": snapshotId, "timestamp-ms": millis }))
    .nullish(),
  "metadata-log": z
    .array(z.looseObject({ "metadata-file": z.string(), "timestamp-ms": millis }))
    .nullish(),
  "sort-orders": z.array(orderJson).optional(),
  "default-sort-order-id": id.optional(),
  refs: z.record(z.string(), refJson).nullish(),
  statistics: z.array(statisticsJson).nullish(),
  "partition-statistics": z.array(statisticsJson).nullish(),
});

/** What a zod schema reads, or `invalid` with the reason and the places that are wrong. */
export function readJson<S extends z.ZodType>(
  shape: S,
  value: unknown,
  what: string,
  reason: string,
): z.output<S> {
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  const issues = read.error.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  const [first] = issues;
  const where = first === undefined || first.path === "" ? "" : ` at ${first.path}`;
  throw new LakehouseError("invalid", `${what} is not right${where}: ${first?.message}`, {
    reason,
    issues,
  });
}

/** An Iceberg schema of a request. Error: `invalid` with the reason given. */
export function parseSchema(value: unknown, reason = "bad_table"): IcebergSchema {
  return readJson(schemaJson, value, "the schema", reason);
}

/** A partition spec of a request; fields without ids get those after `last_partition_id`. */
export function parseSpec(
  value: unknown,
  last_partition_id: number,
  reason = "bad_table",
): PartitionSpec {
  return withFieldIds(readJson(specJson, value, "the partition spec", reason), last_partition_id);
}

export function parseOrder(value: unknown, reason = "bad_table"): SortOrder {
  return readJson(orderJson, value, "the sort order", reason);
}

export function parseSnapshot(value: unknown, reason: string): TableSnapshot {
  return readJson(snapshotJson, value, "the snapshot", reason);
}

export function parseRef(value: unknown, reason: string): SnapshotRef {
  return readJson(refJson, value, "the reference", reason);
}

export function parseStatistics(value: unknown, reason: string): StatisticsFile {
  return readJson(statisticsJson, value, "the statistics file", reason);
}

/** Ids for the fields of a spec that have none. */
export function withFieldIds(
  spec: z.output<typeof specJson>,
  last_partition_id: number,
): PartitionSpec {
  const taken = spec.fields.map((one) => one["field-id"] ?? 0);
  let last = Math.max(last_partition_id, ...taken);
  return {
    ...spec,
    fields: spec.fields.map((one) => ({ ...one, "field-id": one["field-id"] ?? ++last })),
  };
}
