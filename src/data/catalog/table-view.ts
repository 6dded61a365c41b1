// A dataset in the words of our contract, out of Iceberg's table metadata.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { fingerprintOf } from "./dataset-fields.ts";
import { HEALTHY } from "./dataset-record.ts";
import { partitionBy } from "./iceberg/partitioning.ts";
import { currentSnapshot, defaultSpec, schemaById } from "./iceberg/table-metadata.ts";
import { toFields } from "./iceberg/table-schema.ts";
import type { TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";
import { NAME_MAPPING } from "./name-mapping.ts";
import { NOTHING, totalsOf, type SnapshotTotals } from "./snapshot-summary.ts";
import type { TableObjects } from "./table-objects.ts";
import { fromTexts } from "./text-properties.ts";

/** What stays the same through all metadata of a dataset. */
export type DatasetIdentity = Pick<Dataset, "dataset_id" | "name" | "created_at">;

/** The dataset as it stands. */
export async function viewDataset(
  objects: TableObjects,
  of: DatasetIdentity,
  metadata: TableMetadata,
  call: Call,
): Promise<Dataset> {
  const current = currentSnapshot(metadata);
  const totals = current === undefined ? NOTHING : await totalsOf(objects, current, call);
  return toDataset(of, metadata, current, totals);
}

/** The dataset as one of its snapshots has it, healthy. */
export function toDataset(
  { dataset_id, name, created_at }: DatasetIdentity,
  metadata: TableMetadata,
  snapshot: TableSnapshot | undefined,
  totals: SnapshotTotals,
  schema_id: number = metadata["current-schema-id"],
): Dataset {
  const schema = schemaById(metadata, schema_id);
  const fields = schema === undefined ? [] : toFields(schema);
  const spec = defaultSpec(metadata);
  return {
    dataset_id,
    name,
    ...HEALTHY,
    fields,
    schema_id,
    last_field_id: metadata["last-column-id"],
    fingerprint: fingerprintOf(fields),
    partition_by: (schema === undefined
      ? []
      : partitionBy(spec, schema)) as Dataset["partition_by"],
    partition_spec_id: metadata["default-spec-id"],
    location: metadata.location,
    tags: tagsOf(metadata),
    name_mapped: metadata.properties[NAME_MAPPING] !== undefined,
    current_snapshot_id: snapshot?.["snapshot-id"] ?? null,
    rows: totals.rows,
    files: totals.files,
    size_bytes: totals.size_bytes,
    properties: fromTexts(ownProperties(metadata)),
    created_at,
    updated_at: new Date(metadata["last-updated-ms"]).toISOString(),
  };
}

/** The name mapping is long and nobody's property. */
function ownProperties({ properties }: TableMetadata): Record<string, string> {
  const { [NAME_MAPPING]: _mapping, ...own } = properties;
  return own;
}

function tagsOf({ refs }: TableMetadata): Record<string, string> {
  const named = Object.entries(refs).filter(([ref]) => ref !== "main");
  return Object.fromEntries(named.map(([ref, at]) => [ref, at["snapshot-id"]]));
}
