// What the pointer of a dataset holds: its summary, where its metadata stands, changes to journal.
import { z } from "zod";
import { dataset } from "#contracts/catalog.ts";
import { count, record } from "#contracts/nouns.ts";
import type { Pointer } from "#ports/pointer-store.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { fingerprintOf } from "./dataset-fields.ts";

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
  format_version: z.literal(2),
  dataset,
  /** s3://bucket/key of the current metadata.json. */
  metadata_location: z.string(),
  /** Sources of an earlier epoch made rows of another table that stood here. */
  source_epoch: count,
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
  const first = firstFormat.safeParse(pointer.value);
  const issue = parsed.error.issues[0];
  const broken = first.success
    ? "it is of version 0.1 and could not be brought to the present format; the log says why"
    : `its pointer cannot be read: ${issue?.path.join(".")} ${issue?.message}`;
  const found = first.success ? first.data : { dataset: { dataset_id: "unknown" }, outbox: [] };
  return { version: pointer.version, record: standIn(pointer.name, broken, found), broken };
}

/** As much of a record of version 0.1 as tells which dataset it is. */
const firstFormat = z.looseObject({
  format_version: z.literal(1),
  dataset: z.looseObject({ dataset_id: z.string() }),
  outbox: z.array(pendingEvent),
});

function standIn(
  name: string,
  status_reason: string,
  found: Pick<z.output<typeof firstFormat>, "dataset" | "outbox">,
): DatasetRecord {
  const never = new Date(0).toISOString();
  return {
    format_version: 2,
    dataset: {
      dataset_id: found.dataset.dataset_id,
      name,
      status: "quarantined",
      status_reason,
      fields: [],
      schema_id: 0,
      last_field_id: 0,
      fingerprint: fingerprintOf([]),
      partition_by: [],
      partition_spec_id: 0,
      location: "",
      tags: {},
      name_mapped: false,
      current_snapshot_id: null,
      rows: 0,
      files: 0,
      size_bytes: 0,
      properties: {},
      created_at: never,
      updated_at: never,
    },
    metadata_location: "",
    source_epoch: 0,
    quarantined_by: "check",
    buried: null,
    outbox: found.outbox,
  };
}

export const HEALTHY = { status: "healthy", status_reason: null } as const;

/** The record, when there is a dataset whose pointer can be read. */
export function presentRecord(held: Held | undefined, name: string): DatasetRecord {
  if (held === undefined) throw noSuchDataset(name);
  if (held.broken !== undefined) throw quarantinedError(name, held.broken);
  return held.record;
}

/** The record of a dataset that can be worked with; else as `requireHealthy` throws. */
export function healthyRecord(held: Held | undefined, name: string): DatasetRecord {
  const present = presentRecord(held, name);
  requireHealthy(present);
  return present;
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

export function datasetExists(name: string): LakehouseError {
  return new LakehouseError("conflict", `there is a dataset "${name}" already`, {
    reason: "dataset_exists",
    hint: "list with include_tombstoned shows soft-deleted ones too",
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
