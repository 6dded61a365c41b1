// What the pointer of a dataset holds: its summary, where its metadata stands, changes to journal.
import { z } from "zod";
import { dataset, type Dataset, type Snapshot } from "#contracts/catalog.ts";
import { count, record } from "#contracts/nouns.ts";
import type { Pointer } from "#ports/pointer-store.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { fingerprintOf } from "./dataset-fields.ts";
import { currentSnapshot, fieldsOf, type TableMetadata } from "./table-metadata.ts";

/** A change that is made, whose journal event may not be written yet. */
export const pendingEvent = z.strictObject({
  change_id: z.string(),
  at_ms: count,
  actor: z.string(),
  trace_id: z.string(),
  action: z.string(),
  subject: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  details: record,
});
export type PendingEvent = z.output<typeof pendingEvent>;

const status = dataset.shape.status;

export const datasetRecord = z.strictObject({
  format_version: z.literal(1),
  dataset,
  metadata_key: z.string(),
  /** Who found it broken: what a check found, a check may heal by itself. */
  quarantined_by: z.enum(["check", "caller"]).nullable(),
  /** What it was before its tombstone. */
  buried: z.strictObject({ status, status_reason: z.string().nullable() }).nullable(),
  outbox: z.array(pendingEvent),
});
export type DatasetRecord = z.output<typeof datasetRecord>;

export interface Held {
  readonly version: number;
  readonly record: DatasetRecord;
  /** Why the pointer itself cannot be read; then the record is a stand-in and is never written. */
  readonly broken: string | undefined;
}

/** The record of a pointer; one that cannot be read becomes a quarantined stand-in. */
export function toHeld(pointer: Pointer): Held {
  const parsed = datasetRecord.safeParse(pointer.value);
  if (parsed.success) return { version: pointer.version, record: parsed.data, broken: undefined };
  const issue = parsed.error.issues[0];
  const broken = `its pointer cannot be read: ${issue?.path.join(".")} ${issue?.message}`;
  return { version: pointer.version, record: standIn(pointer.name, broken), broken };
}

function standIn(name: string, status_reason: string): DatasetRecord {
  const never = new Date(0).toISOString();
  return {
    format_version: 1,
    dataset: {
      dataset_id: "unknown",
      name,
      status: "quarantined",
      status_reason,
      fields: [],
      schema_id: 0,
      fingerprint: fingerprintOf([]),
      current_snapshot_id: null,
      rows: 0,
      files: 0,
      size_bytes: 0,
      properties: {},
      created_at: never,
      updated_at: never,
    },
    metadata_key: "",
    quarantined_by: "check",
    buried: null,
    outbox: [],
  };
}

/** The dataset as a snapshot has it (default: the current one). */
export function toDataset(
  metadata: TableMetadata,
  state: Pick<Dataset, "status" | "status_reason">,
  at: Snapshot | null = currentSnapshot(metadata),
  schema_id: number = metadata.current_schema_id,
): Dataset {
  const fields = fieldsOf(metadata, schema_id);
  return {
    dataset_id: metadata.dataset_id,
    name: metadata.name,
    status: state.status,
    status_reason: state.status_reason,
    fields,
    schema_id,
    fingerprint: fingerprintOf(fields),
    current_snapshot_id: at?.snapshot_id ?? null,
    rows: at?.summary.total_rows ?? 0,
    files: at?.summary.total_files ?? 0,
    size_bytes: at?.summary.total_bytes ?? 0,
    properties: metadata.properties,
    created_at: new Date(metadata.created_at_ms).toISOString(),
    updated_at: new Date(metadata.last_updated_ms).toISOString(),
  };
}

export const HEALTHY = { status: "healthy", status_reason: null } as const;

/** The record, when there is a dataset whose pointer can be read. */
export function presentRecord(held: Held | undefined, name: string): DatasetRecord {
  if (held === undefined) throw noSuchDataset(name);
  if (held.broken !== undefined) throw quarantinedError(name, held.broken);
  return held.record;
}

/** Throws `conflict` (`tombstoned` or `quarantined`) unless the dataset is healthy. */
export function requireHealthy({ dataset: { name, status: now, status_reason } }: DatasetRecord) {
  if (now === "tombstoned") throw tombstonedError(name);
  if (now === "quarantined") throw quarantinedError(name, status_reason ?? "no reason was given");
}

export function noSuchDataset(name: string): LakehouseError {
  return new LakehouseError("not_found", `there is no dataset "${name}"`, {
    reason: "no_such_dataset",
  });
}

export function tombstonedError(name: string): LakehouseError {
  return new LakehouseError("conflict", `the dataset "${name}" is tombstoned`, {
    reason: "tombstoned",
    hint: "restore it first",
  });
}

export function quarantinedError(name: string, why: string): LakehouseError {
  return new LakehouseError("conflict", `the dataset "${name}" is quarantined: ${why}`, {
    reason: "quarantined",
    hint: "bring the objects back and verify it, or restore an earlier state",
    extra: { status_reason: why },
  });
}
