// Changes of schema, partitioning and properties that touch no file.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { checkNames, differenceOf } from "./dataset-fields.ts";
import { healthyRecord } from "./dataset-record.ts";
import { newPartitionSpec } from "./iceberg/partitioning.ts";
import { changeSchema } from "./iceberg/schema-change.ts";
import { currentSchema, defaultSpec, withSchema } from "./iceberg/table-metadata.ts";
import { sameSchema, toFields } from "./iceberg/table-schema.ts";
import type { PartitionSpec, TableMetadata } from "./iceberg/table-types.ts";
import { extendNameMapping } from "./name-mapping.ts";
import { changeTo } from "./next-metadata.ts";
import { toTexts } from "./text-properties.ts";

type AlterInput = ParsedInputOf<(typeof catalog)["operations"]["alter"]>;

export function alterDataset(parts: CatalogParts, input: AlterInput, call: Call): Promise<Dataset> {
  return parts.store.change(input.name, call, async (held): Promise<Step<Dataset>> => {
    const record = healthyRecord(held, input.name);
    const before = await parts.objects.metadata(record.metadata_location, call);
    const now_ms = Math.max(parts.clock.now(), before["last-updated-ms"]);
    const next = withProperties(withPartitioning(withChanges(before, input, now_ms), input), input);
    if (next === before) return { answer: record.dataset };
    const event = { action: "catalog.alter", before: null, after: null, details: {} };
    const altered = { ...next, "last-updated-ms": now_ms };
    const { change, dataset } = await changeTo(parts, record, altered, event, call);
    const told = {
      ...event,
      before: `schema:${record.dataset.schema_id}`,
      after: `schema:${dataset.schema_id}`,
      details: detailsOf(input, record.dataset, dataset),
    };
    return { change: { ...change, event: told }, answer: dataset };
  });
}

function detailsOf(input: AlterInput, before: Dataset, after: Dataset): Record<string, unknown> {
  const { dataset_id, schema_id, partition_by } = after;
  const { fields, set_properties, remove_properties } = input;
  const difference = differenceOf(before.fields, after.fields);
  return {
    dataset_id,
    ...(fields.length === 0 ? {} : { schema_id, changes: fields, difference }),
    ...(input.partition_by === undefined ? {} : { partition_by }),
    ...(Object.keys(set_properties).length === 0 ? {} : { set_properties }),
    ...(remove_properties.length === 0 ? {} : { remove_properties }),
  };
}

function withChanges(metadata: TableMetadata, input: AlterInput, now_ms: number): TableMetadata {
  if (input.fields.length === 0) return metadata;
  const old = currentSchema(metadata);
  const { schema, last_column_id } = changeSchema(old, input.fields, metadata["last-column-id"]);
  if (schema.fields.length === 0) {
    throw new LakehouseError("invalid", `"${input.name}" would have no field left`, {
      reason: "schema_differs",
      hint: "tombstone the dataset instead",
    });
  }
  checkNames(toFields(schema));
  requireSources(
    metadata,
    schema.fields.map((one) => one.id),
    input,
  );
  if (sameSchema(old, schema)) return metadata;
  return extendNameMapping(withSchema(metadata, schema, last_column_id, now_ms));
}

/** A field that files are divided by cannot be dropped while they are. */
function requireSources(metadata: TableMetadata, kept: number[], input: AlterInput): void {
  if (input.partition_by !== undefined) return;
  const lost = defaultSpec(metadata).fields.find((one) => {
    const name = currentSchema(metadata).fields.find((field) => field.id === one["source-id"]);
    return one.transform !== "void" && name !== undefined && !kept.includes(one["source-id"]);
  });
  if (lost === undefined) return;
  throw new LakehouseError("conflict", `"${input.name}" is partitioned by ${lost.name}`, {
    reason: "schema_differs",
    hint: "give another partition_by in the same call",
  });
}

/** Files that are there keep their partitioning; a spec the table had before is used again. */
function withPartitioning(metadata: TableMetadata, { partition_by }: AlterInput): TableMetadata {
  if (partition_by === undefined) return metadata;
  const specs = metadata["partition-specs"];
  const spec_id = 1 + Math.max(...specs.map((one) => one["spec-id"]));
  const last = metadata["last-partition-id"];
  const made = newPartitionSpec(currentSchema(metadata), partition_by, last, spec_id);
  const same = specs.find((one) => meaningOf(one) === meaningOf(made.spec));
  if (same !== undefined) {
    const id = same["spec-id"];
    return id === metadata["default-spec-id"] ? metadata : { ...metadata, "default-spec-id": id };
  }
  const spec = withKnownIds(made.spec, specs, last);
  return {
    ...metadata,
    "partition-specs": [...specs, spec],
    "default-spec-id": spec_id,
    "last-partition-id": Math.max(last, ...spec.fields.map((one) => one["field-id"])),
  };
}

function meaningOf({ fields }: PartitionSpec): string {
  return JSON.stringify(fields.map((one) => [one["source-id"], one.transform, one.name]));
}

/** The same source and transform keep their partition field id over all specs (table spec). */
function withKnownIds(
  spec: PartitionSpec,
  specs: readonly PartitionSpec[],
  last_partition_id: number,
): PartitionSpec {
  let next = last_partition_id;
  const known = specs.flatMap((one) => one.fields);
  const fields = spec.fields.map((field) => {
    const same = known.find(
      (one) =>
        one["source-id"] === field["source-id"] &&
        one.transform === field.transform &&
        one.name === field.name,
    );
    return { ...field, "field-id": same?.["field-id"] ?? ++next };
  });
  return { ...spec, fields };
}

function withProperties(metadata: TableMetadata, input: AlterInput): TableMetadata {
  const gone = new Set(input.remove_properties);
  const kept = Object.entries(metadata.properties).filter(([key]) => !gone.has(key));
  const properties = { ...Object.fromEntries(kept), ...toTexts(input.set_properties) };
  const before = Object.entries(metadata.properties);
  const same =
    Object.keys(properties).length === before.length &&
    before.every(([key, value]) => properties[key] === value);
  return same ? metadata : { ...metadata, properties };
}
