// Datasets of version 0.1 become Iceberg tables on start: new metadata, the same data files.
import type { Field } from "#contracts/catalog.ts";
import { startCall, type Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import { numberColumns } from "#ports/column-type.ts";
import type { PointerChange } from "#ports/pointer-store.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { eachOf } from "./check-dataset.ts";
import { toHeld, type DatasetRecord } from "./dataset-record.ts";
import {
  firstRecord,
  readFirstTable,
  type FirstListed,
  type FirstMetadata,
  type FirstRecord,
  type FirstTable,
} from "./first-format.ts";
import { encodeManifestList } from "./iceberg/manifest-list.ts";
import { UNPARTITIONED } from "./iceberg/partitioning.ts";
import { currentSchema, newTableMetadata, schemaById } from "./iceberg/table-metadata.ts";
import { nameMapping, toIcebergSchema } from "./iceberg/table-schema.ts";
import type {
  IcebergSchema,
  ManifestEntry,
  ManifestListEntry,
  TableMetadata,
  TableSnapshot,
} from "./iceberg/table-types.ts";
import { NAME_MAPPING } from "./name-mapping.ts";
import { planMetadata } from "./next-metadata.ts";
import { createManifestPlanner, type ManifestPlanner } from "./plan-manifests.ts";
import { SPACE } from "./pointer-swaps.ts";
import { firstLedger } from "./source-ledger.ts";
import { summaryOf } from "./snapshot-summary.ts";
import type { NewObject } from "./table-objects.ts";
import { joinLocation, newLocation } from "./table-places.ts";
import { viewDataset } from "./table-view.ts";
import { toTexts } from "./text-properties.ts";

const MIGRATION_TIMEOUT_MS = 3_600_000;

/**
 * Brings every dataset of version 0.1 to the present format. One whose metadata cannot be read
 * stays as it is, quarantined; interrupted, a migration starts over on the next start.
 */
export async function migrateFirstFormat(parts: CatalogParts, signal: AbortSignal): Promise<void> {
  const principal = { name: "catalog", scopes: ["read", "write", "admin"] as const };
  const call = startCall({ signal, principal, timeout_ms: MIGRATION_TIMEOUT_MS });
  for (const pointer of await parts.pointers.list(SPACE)) {
    const parsed = firstRecord.safeParse(pointer.value);
    if (!parsed.success) continue;
    const dataset = pointer.name;
    try {
      const migrated = await migrate(parts, parsed.data, call);
      const one = { name: dataset, held: toHeld(pointer), ...migrated.change };
      if (!(await parts.store.swaps.swap([one], migrated.ledger, call))) continue;
      const left = `_catalog/${parsed.data.dataset.dataset_id}/`;
      parts.log.info({ dataset, left }, "a dataset of version 0.1 is an Iceberg table now");
    } catch (error) {
      parts.log.error({ err: error, dataset }, "a dataset of version 0.1 could not be migrated");
    }
  }
}

async function migrate(parts: CatalogParts, first: FirstRecord, call: Call) {
  const { dataset_id, name, created_at } = first.dataset;
  const { main } = await parts.buckets(call);
  const table = await readFirstTable(parts.storage, first.metadata_key, call);
  const location = newLocation(main, name, dataset_id);
  const empty = emptyTable(table.metadata, dataset_id, location);
  const planner = createManifestPlanner(parts.objects, empty);
  const converted = convertSnapshots(parts, table, { main, location, planner });
  const filled = withSnapshots(empty, table.metadata, converted.snapshots);
  const { metadata, object } = planMetadata(parts, undefined, filled);
  const all: NewObject[] = [...converted.objects, object];
  await eachOf(all, parts.settings.objects_at_once_max, (one) => parts.objects.put(one, call));
  const view = await viewDataset(parts.objects, { dataset_id, name, created_at }, metadata, call);
  const { status, status_reason, updated_at } = first.dataset;
  const record: Omit<DatasetRecord, "outbox"> = {
    format_version: 2,
    dataset: { ...view, status, status_reason, updated_at },
    metadata_location: object.location,
    source_epoch: 1,
    quarantined_by: first.quarantined_by,
    buried: first.buried,
  };
  const current = metadata["current-snapshot-id"];
  const details = { dataset_id, from: first.metadata_key, to: object.location };
  const event = { action: "catalog.migrate", before: current, after: current, details };
  const ledger: PointerChange[] = firstLedger(dataset_id, table);
  return { change: { record, event }, ledger };
}

/** Schemas and properties, without snapshots yet. */
function emptyTable(first: FirstMetadata, uuid: string, location: string): TableMetadata {
  const { schemas, last_field_id } = numberNested(first);
  const made = newTableMetadata({
    uuid,
    location,
    schema: schemas[0]!,
    properties: toTexts(first.properties),
    now_ms: first.created_at_ms,
  });
  const metadata: TableMetadata = {
    ...made,
    schemas,
    "current-schema-id": first.current_schema_id,
    "last-column-id": last_field_id,
    "last-sequence-number": first.last_sequence_number,
    "last-updated-ms": first.last_updated_ms,
  };
  const mapping = mappingOf(schemas, currentSchema(metadata));
  return { ...metadata, properties: { ...metadata.properties, [NAME_MAPPING]: mapping } };
}

/** Version 0.1 gave ids to columns only; what is inside nested ones gets ids after all of them. */
function numberNested(first: FirstMetadata): { schemas: IcebergSchema[]; last_field_id: number } {
  let last_field_id = first.last_field_id;
  const known = new Map<string, Record<string, number>>();
  const schemas = first.schemas.map(({ schema_id, fields }) => {
    const numbered = fields.map((field): Field => {
      const key = `${field.field_id} ${field.type}`;
      let nested_ids = known.get(key);
      if (nested_ids === undefined) {
        // Its own id is the one it had; only those inside are taken from here.
        const found = numberColumns([field], last_field_id - 1);
        nested_ids = found.columns[0]!.nested_ids ?? {};
        last_field_id = found.last_field_id;
        known.set(key, nested_ids);
      }
      return Object.keys(nested_ids).length === 0 ? field : { ...field, nested_ids };
    });
    return toIcebergSchema(numbered, schema_id);
  });
  return { schemas, last_field_id };
}

/** Its files carry no ids: present names first, then names only dropped fields have. */
function mappingOf(schemas: readonly IcebergSchema[], current: IcebergSchema): string {
  const fields = new Map(current.fields.map((field) => [field.name, field]));
  const ids = new Set(current.fields.map((field) => field.id));
  for (const field of schemas.toReversed().flatMap((schema) => schema.fields)) {
    if (fields.has(field.name) || ids.has(field.id)) continue;
    fields.set(field.name, field);
    ids.add(field.id);
  }
  return nameMapping({ ...current, fields: [...fields.values()] });
}

interface Target {
  readonly main: string;
  readonly location: string;
  readonly planner: ManifestPlanner;
}

/** Every snapshot gets a manifest list; manifests that snapshots shared stay shared. */
function convertSnapshots({ objects }: CatalogParts, table: FirstTable, target: Target) {
  const written: NewObject[] = [];
  const lines = new Map<string, ManifestListEntry>();
  const lineOf = (listed: FirstListed): ManifestListEntry => {
    const known = lines.get(listed.key);
    if (known !== undefined) return known;
    const entries = entriesOf(table, listed, target.main);
    const planned = target.planner.plan(UNPARTITIONED, 0, entries);
    const { snapshot_id, sequence_number } = listed;
    const line = target.planner.list(planned, { snapshot_id, sequence_number });
    written.push(planned.object);
    lines.set(listed.key, line);
    return line;
  };
  const snapshots = table.snapshots.map((first): TableSnapshot => {
    const { snapshot_id, parent_snapshot_id, sequence_number } = first;
    const list = `${target.location}/metadata/snap-${snapshot_id}-1-${newId()}.avro`;
    const manifests = (table.lists.get(first.manifest_key) ?? []).map(lineOf);
    const of = { snapshot_id, parent_snapshot_id, sequence_number };
    written.push({ location: list, bytes: encodeManifestList(manifests, of, objects.codecs) });
    objects.holdManifests(list, manifests);
    const parent = parent_snapshot_id === null ? {} : { "parent-snapshot-id": parent_snapshot_id };
    return {
      "snapshot-id": snapshot_id,
      ...parent,
      "sequence-number": sequence_number,
      "timestamp-ms": first.timestamp_ms,
      "manifest-list": list,
      summary: summaryOfFirst(first),
      "schema-id": first.schema_id,
    };
  });
  return { snapshots, objects: written };
}

function entriesOf(table: FirstTable, listed: FirstListed, bucket: string): ManifestEntry[] {
  return (table.manifests.get(listed.key) ?? []).map(({ snapshot_id, sequence_number, file }) => {
    const added = snapshot_id === null || snapshot_id === listed.snapshot_id;
    const sequence = added ? null : sequence_number;
    return {
      status: added ? 1 : 0,
      snapshot_id: snapshot_id ?? listed.snapshot_id,
      sequence_number: sequence,
      file_sequence_number: sequence,
      data_file: {
        content: 0,
        file_path: joinLocation({ bucket, key: file.key }),
        file_format: "PARQUET",
        partition: {},
        record_count: file.rows,
        file_size_in_bytes: file.size_bytes,
        stats: [],
      },
    };
  });
}

function summaryOfFirst({ operation, summary, properties }: FirstTable["snapshots"][number]) {
  const changed = summary.added_files + summary.removed_files > 0 ? 1 : 0;
  return summaryOf({
    operation,
    added: { files: summary.added_files, rows: summary.added_rows, size_bytes: 0 },
    removed: { files: summary.removed_files, rows: summary.removed_rows, size_bytes: 0 },
    removed_delete_files: 0,
    changed_partitions: changed,
    totals: {
      files: summary.total_files,
      rows: summary.total_rows,
      size_bytes: summary.total_bytes,
      delete_files: 0,
      deletes: 0,
    },
    properties,
  });
}

function withSnapshots(
  empty: TableMetadata,
  first: FirstMetadata,
  snapshots: readonly TableSnapshot[],
): TableMetadata {
  const id = first.current_snapshot_id;
  // A schema that only an old snapshot had is there; one that is lost reads as the present one.
  const known = snapshots.map((one) =>
    schemaById(empty, one["schema-id"] ?? -1) === undefined
      ? { ...one, "schema-id": first.current_schema_id }
      : one,
  );
  return {
    ...empty,
    "current-snapshot-id": id,
    snapshots: known,
    "snapshot-log": known.map((one) => ({
      "snapshot-id": one["snapshot-id"],
      "timestamp-ms": one["timestamp-ms"],
    })),
    refs: id === null ? {} : { main: { "snapshot-id": id, type: "branch" } },
  };
}
