// The metadata object of a dataset: schemas and snapshots, immutable, one for each change.
import { z } from "zod";
import { field, snapshot, type Field, type Snapshot } from "#contracts/catalog.ts";
import { count, record } from "#contracts/nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** Older snapshots, moved out of the metadata object so that it does not grow for ever. */
export const snapshotArchive = z.strictObject({
  format_version: z.literal(1),
  /** Oldest first. */
  snapshots: z.array(snapshot),
});

export const tableMetadata = z.strictObject({
  format_version: z.literal(1),
  dataset_id: z.string(),
  name: z.string(),
  /** Prefix of all metadata objects. */
  location: z.string(),
  created_at_ms: count,
  last_updated_ms: count,
  last_sequence_number: count,
  last_field_id: count,
  current_schema_id: count,
  schemas: z.array(z.strictObject({ schema_id: count, fields: z.array(field) })),
  properties: record,
  current_snapshot_id: z.string().nullable(),
  /** The latest, oldest first; earlier ones stand in the archives. */
  snapshots: z.array(snapshot),
  /** When each of them became current. */
  snapshot_log: z.array(z.strictObject({ snapshot_id: z.string(), timestamp_ms: count })),
  archives: z.array(
    z.strictObject({
      key: z.string(),
      snapshots: count,
      first_timestamp_ms: count,
      last_timestamp_ms: count,
    }),
  ),
  /** Metadata objects before this one that are kept for readers who still hold them. */
  previous_keys: z.array(z.string()),
});
export type TableMetadata = z.output<typeof tableMetadata>;

const PREVIOUS_KEYS_MAX = 10;

export function newMetadata(values: {
  readonly dataset_id: string;
  readonly name: string;
  readonly fields: readonly Field[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly now_ms: number;
}): TableMetadata {
  return {
    format_version: 1,
    dataset_id: values.dataset_id,
    name: values.name,
    location: `_catalog/${values.dataset_id}/`,
    created_at_ms: values.now_ms,
    last_updated_ms: values.now_ms,
    last_sequence_number: 0,
    last_field_id: values.fields.length,
    current_schema_id: 0,
    schemas: [{ schema_id: 0, fields: [...values.fields] }],
    properties: { ...values.properties },
    current_snapshot_id: null,
    snapshots: [],
    snapshot_log: [],
    archives: [],
    previous_keys: [],
  };
}

/** The metadata after `present`, which stands under `present_key`, with what is new in it. */
export function follow(
  present: TableMetadata,
  present_key: string,
  now_ms: number,
  changes: Partial<TableMetadata>,
): { metadata: TableMetadata; expired_keys: string[] } {
  const keys = [...present.previous_keys, present_key];
  const previous_keys = keys.slice(-PREVIOUS_KEYS_MAX);
  const expired_keys = keys.slice(0, keys.length - previous_keys.length);
  const last_updated_ms = Math.max(now_ms, present.last_updated_ms);
  return { metadata: { ...present, last_updated_ms, previous_keys, ...changes }, expired_keys };
}

export function withSchema(present: TableMetadata, fields: Field[]): Partial<TableMetadata> {
  const schema_id = Math.max(...present.schemas.map((schema) => schema.schema_id)) + 1;
  return {
    schemas: [...present.schemas, { schema_id, fields }],
    current_schema_id: schema_id,
    last_field_id: Math.max(present.last_field_id, ...fields.map((one) => one.field_id)),
  };
}

export function withSnapshot(present: TableMetadata, added: Snapshot): Partial<TableMetadata> {
  const { snapshot_id, timestamp_ms } = added;
  return {
    last_sequence_number: added.sequence_number,
    current_snapshot_id: snapshot_id,
    snapshots: [...present.snapshots, added],
    snapshot_log: [...present.snapshot_log, { snapshot_id, timestamp_ms }],
  };
}

/** The older half of the snapshots, when there are more than `inline_max`. */
export function toArchive(metadata: TableMetadata, inline_max: number): Snapshot[] {
  if (metadata.snapshots.length <= inline_max) return [];
  return metadata.snapshots.slice(0, Math.ceil(metadata.snapshots.length / 2));
}

export function withArchive(
  metadata: TableMetadata,
  key: string,
  moved: readonly Snapshot[],
): TableMetadata {
  return {
    ...metadata,
    snapshots: metadata.snapshots.slice(moved.length),
    snapshot_log: metadata.snapshot_log.slice(moved.length),
    archives: [
      ...metadata.archives,
      {
        key,
        snapshots: moved.length,
        first_timestamp_ms: moved[0]!.timestamp_ms,
        last_timestamp_ms: moved.at(-1)!.timestamp_ms,
      },
    ],
  };
}

export function fieldsOf(metadata: TableMetadata, schema_id: number): Field[] {
  return metadata.schemas.find((schema) => schema.schema_id === schema_id)?.fields ?? [];
}

export function currentSnapshot(metadata: TableMetadata): Snapshot | null {
  return metadata.snapshots.find((one) => one.snapshot_id === metadata.current_snapshot_id) ?? null;
}

export type PointInTime =
  | { readonly kind: "snapshot"; readonly snapshot_id: string }
  | { readonly kind: "time"; readonly time_ms: number };

/** What `at` names: a snapshot id (19 digits) or an ISO time; `invalid` when neither. */
export function parsePointInTime(at: string): PointInTime {
  if (/^\d{19}$/.test(at)) return { kind: "snapshot", snapshot_id: at };
  const time_ms = /^\d{4}-/.test(at) ? Date.parse(at) : NaN;
  if (!Number.isNaN(time_ms)) return { kind: "time", time_ms };
  throw new LakehouseError("invalid", `"${at}" is neither a snapshot id nor an ISO time`, {
    reason: "bad_point_in_time",
    hint: "for example 2026-01-31T12:00:00Z",
  });
}

/** The snapshot that was current then, among some of the same dataset, oldest first. */
export function pick(snapshots: readonly Snapshot[], point: PointInTime): Snapshot | undefined {
  return snapshots.findLast((one) =>
    point.kind === "snapshot"
      ? one.snapshot_id === point.snapshot_id
      : one.timestamp_ms <= point.time_ms,
  );
}
