// The next metadata of a table: with a snapshot more, without some, with another schema.
import { LakehouseError } from "#kernel/problem.ts";
import { sameSchema } from "./table-schema.ts";
import type {
  IcebergSchema,
  SnapshotLogEntry,
  SnapshotRef,
  TableMetadata,
  TableSnapshot,
} from "./table-types.ts";

/** A snapshot more, which becomes the current one. Its id must be new: `conflict` otherwise. */
export function withSnapshot(
  metadata: TableMetadata,
  snapshot: TableSnapshot,
  now_ms: number,
): TableMetadata {
  const added = addedSnapshot(metadata, snapshot, now_ms);
  // The log has the snapshot's own time, so that reading at that time finds it.
  const current = withCurrent(added, snapshot["snapshot-id"], snapshot["timestamp-ms"]);
  return { ...current, "last-updated-ms": now_ms };
}

/** A snapshot more that no reference names yet. */
export function addedSnapshot(
  metadata: TableMetadata,
  snapshot: TableSnapshot,
  now_ms: number,
): TableMetadata {
  const id = snapshot["snapshot-id"];
  if (metadata.snapshots.some((one) => one["snapshot-id"] === id)) {
    throw new LakehouseError("conflict", `the table has a snapshot ${id} already`, {
      reason: "requirement_failed",
    });
  }
  return {
    ...metadata,
    "last-sequence-number": Math.max(metadata["last-sequence-number"], snapshot["sequence-number"]),
    "last-updated-ms": now_ms,
    snapshots: [...metadata.snapshots, snapshot],
  };
}

/** `main` at another snapshot of the table: a commit, or a step back. */
export function withCurrent(
  metadata: TableMetadata,
  snapshot_id: string,
  now_ms: number,
  ref: Omit<SnapshotRef, "snapshot-id" | "type"> = metadata.refs["main"] ?? {},
): TableMetadata {
  const main: SnapshotRef = { ...ref, "snapshot-id": snapshot_id, type: "branch" };
  const entry: SnapshotLogEntry = { "snapshot-id": snapshot_id, "timestamp-ms": now_ms };
  return {
    ...metadata,
    "last-updated-ms": now_ms,
    "current-snapshot-id": snapshot_id,
    refs: { ...metadata.refs, main },
    "snapshot-log":
      metadata["current-snapshot-id"] === snapshot_id
        ? metadata["snapshot-log"]
        : [...metadata["snapshot-log"], entry],
  };
}

/** The schema becomes the current one; one that the table had before keeps its schema id. */
export function withSchema(
  metadata: TableMetadata,
  schema: IcebergSchema,
  last_column_id: number,
  now_ms: number,
): TableMetadata {
  const added = addedSchema(metadata, schema, last_column_id, now_ms);
  return { ...added.metadata, "current-schema-id": added.schema_id };
}

/** The schema is among the table's: with its id, or a new one where it is new. */
export function addedSchema(
  metadata: TableMetadata,
  schema: IcebergSchema,
  last_column_id: number,
  now_ms: number,
): { metadata: TableMetadata; schema_id: number } {
  const next = {
    ...metadata,
    "last-updated-ms": now_ms,
    "last-column-id": Math.max(metadata["last-column-id"], last_column_id),
  };
  const same = metadata.schemas.find((one) => sameSchema(one, schema));
  if (same !== undefined) return { metadata: next, schema_id: same["schema-id"] };
  const schema_id = 1 + Math.max(-1, ...metadata.schemas.map((one) => one["schema-id"]));
  const schemas = [...metadata.schemas, { ...schema, "schema-id": schema_id }];
  return { metadata: { ...next, schemas }, schema_id };
}

/**
 * Without some snapshots, with their statistics and the references to them, as the Java
 * implementation does it: the log ends before the newest one removed, for what was current in
 * between is no longer known. The current snapshot cannot go: `conflict`.
 */
export function withoutSnapshots(
  metadata: TableMetadata,
  ids: readonly string[],
  now_ms: number = metadata["last-updated-ms"],
): TableMetadata {
  const gone = new Set(ids);
  const current = metadata["current-snapshot-id"];
  if (current !== null && gone.has(current)) {
    throw new LakehouseError("conflict", `snapshot ${current} is the current one: it must stay`, {
      reason: "snapshot_referenced",
    });
  }
  const stays = (one: { readonly "snapshot-id": string }) => !gone.has(one["snapshot-id"]);
  return {
    ...metadata,
    "last-updated-ms": now_ms,
    snapshots: metadata.snapshots.filter(stays),
    "snapshot-log": metadata["snapshot-log"].slice(
      metadata["snapshot-log"].findLastIndex((entry) => !stays(entry)) + 1,
    ),
    refs: Object.fromEntries(Object.entries(metadata.refs).filter(([, ref]) => stays(ref))),
    statistics: metadata.statistics.filter(stays),
    "partition-statistics": metadata["partition-statistics"].filter(stays),
  };
}

/**
 * Notes where the metadata before this one is stored. At most `keep_max` entries stay; the files of
 * those left out are answered, for they may be removed.
 */
export function withPreviousMetadata(
  metadata: TableMetadata,
  location: string,
  timestamp_ms: number,
  keep_max: number,
): { metadata: TableMetadata; expired: string[] } {
  const entry = { "metadata-file": location, "timestamp-ms": timestamp_ms };
  const log = [...metadata["metadata-log"], entry];
  const kept = log.slice(-Math.max(1, keep_max));
  const expired = log.slice(0, log.length - kept.length).map((one) => one["metadata-file"]);
  return { metadata: { ...metadata, "metadata-log": kept }, expired };
}
