// A commit: manifest, manifest list and metadata are written, then the pointer is swapped.
import type { DataFile, Dataset, Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { findMissing } from "./check-dataset.ts";
import { differenceOf, fieldsAfterCommit, fingerprintOf } from "./dataset-fields.ts";
import { checkRequest, snapshotMoved, type CommitInput } from "./commit-request.ts";
import {
  HEALTHY,
  presentRecord,
  quarantinedError,
  tombstonedError,
  toDataset,
  type Held,
} from "./dataset-record.ts";
import { mergeSmall, removeFiles } from "./edit-manifests.ts";
import { fileTotals, totalsOf, type FileTotals, type ListedManifest } from "./manifests.ts";
import {
  currentSnapshot,
  follow,
  toArchive,
  withArchive,
  withSchema,
  withSnapshot,
  type TableMetadata,
} from "./table-metadata.ts";

interface Committed {
  readonly dataset: Dataset;
  readonly snapshot: Snapshot;
}

/** Commits once; a lost race is repeated on the new state if the commit may be rebased on it. */
export async function commitFiles(parts: CatalogParts, input: CommitInput, call: Call) {
  checkRequest(input);
  const at_once_max = parts.settings.objects_at_once_max;
  const missing = await findMissing({ storage: parts.storage, at_once_max }, input.added, call);
  if (missing.length > 0) throw missingObjects(missing);
  const attempt = createAttempt(parts, input, call);
  return parts.store.change(input.name, call, attempt);
}

function createAttempt(parts: CatalogParts, input: CommitInput, call: Call) {
  const { objects, clock } = parts;
  const snapshot_id = newSnapshotId();
  // An append keeps its manifest from try to try: what it adds does not depend on what is there.
  let added_key: string | undefined;
  let expected = input.expected_snapshot_id;

  return async (held: Held | undefined): Promise<Step<Committed>> => {
    const record = presentRecord(held, input.name);
    requireCommittable(record.dataset, input);
    const before = await objects.metadata(record.metadata_key, call);
    const current = currentSnapshot(before);
    const current_id = current?.snapshot_id ?? null;
    if (expected !== undefined && expected !== current_id) throw snapshotMoved(input, current_id);
    const present = evolved(before, record.dataset, input);
    if (input.operation !== "append") expected = current_id;
    if (input.added.length > 0) {
      const entries = input.added.map(toEntry);
      added_key ??= await objects.writeManifest(present.location, entries, call);
    }
    const id = { snapshot_id, sequence_number: present.last_sequence_number + 1 };
    const edit = await editManifests(parts, present, input, id, added_key, call);
    const timestamp_ms = Math.max(clock.now(), current?.timestamp_ms ?? 0);
    const snapshot: Snapshot = {
      ...id,
      parent_snapshot_id: current_id,
      timestamp_ms,
      operation: input.operation,
      schema_id: present.current_schema_id,
      manifest_key: `${present.location}metadata/snap-${snapshot_id}-${newId()}.json`,
      summary: summaryOf(input, edit),
      properties: input.properties,
    };
    const written = await writeSnapshot(parts, held!, present, snapshot, edit.manifests, call);
    const dataset = toDataset(written.metadata, HEALTHY);
    const details = detailsOf(input, snapshot, record.dataset, dataset);
    return {
      change: {
        record: { ...record, dataset, metadata_key: written.metadata_key, quarantined_by: null },
        event: { action: "catalog.commit", before: current_id, after: snapshot_id, details },
        written: [...written.keys, ...edit.written],
        expired: written.expired_keys,
      },
      answer: { dataset, snapshot },
    };
  };
}

/**
 * The metadata with the schema that the commit brings along; as it is when that changes nothing.
 */
function evolved(before: TableMetadata, dataset: Dataset, input: CommitInput): TableMetadata {
  if (input.fields === undefined) return before;
  const fields = fieldsAfterCommit(input.name, dataset.fields, input.fields, {
    last_field_id: before.last_field_id,
    has_rows: dataset.rows > 0,
    replaces: input.replace_all,
  });
  if (fingerprintOf(fields) === dataset.fingerprint) return before;
  return { ...before, ...withSchema(before, fields) };
}

const SOURCES_TOLD_MAX = 10;

/** What the journal is told: enough to know by whom and of what the rows came. */
function detailsOf(input: CommitInput, snapshot: Snapshot, before: Dataset, after: Dataset) {
  const { dataset_id, schema_id } = after;
  const sources = input.added.flatMap((file) => file.source ?? []).slice(0, SOURCES_TOLD_MAX);
  const evolves = schema_id !== before.schema_id;
  const difference = differenceOf(before.fields, after.fields);
  return {
    dataset_id,
    operation: input.operation,
    ...snapshot.summary,
    ...(sources.length > 0 ? { sources } : {}),
    ...(evolves ? { schema_id, difference } : {}),
  };
}

function requireCommittable(dataset: Dataset, input: CommitInput): void {
  if (dataset.status === "tombstoned") throw tombstonedError(input.name);
  // Replacing every file is a way out of quarantine.
  if (dataset.status === "quarantined" && !input.replace_all) {
    throw quarantinedError(input.name, dataset.status_reason ?? "no reason was given");
  }
}

/** The manifests of the next snapshot: what stays, what is added, small ones merged. */
async function editManifests(
  { objects, settings }: CatalogParts,
  present: TableMetadata,
  input: CommitInput,
  id: { readonly snapshot_id: string; readonly sequence_number: number },
  added_key: string | undefined,
  call: Call,
) {
  const { location } = present;
  const current = currentSnapshot(present);
  const base = current === null ? [] : await objects.manifests(current.manifest_key, call);
  const kept = await removeFiles(objects, location, base, input, id, call);
  const manifests: ListedManifest[] = [...kept.manifests];
  if (added_key !== undefined)
    manifests.push({ key: added_key, ...id, ...fileTotals(input.added) });
  const merged = await mergeSmall(objects, location, manifests, settings, id, call);
  const written = [...kept.written, ...merged.written];
  return { manifests: merged.manifests, removed: kept.removed, written };
}

function summaryOf(
  input: CommitInput,
  edit: { readonly manifests: readonly ListedManifest[]; readonly removed: FileTotals },
): Snapshot["summary"] {
  const added = fileTotals(input.added);
  const totals = totalsOf(edit.manifests);
  return {
    added_files: added.files,
    removed_files: edit.removed.files,
    added_rows: added.rows,
    removed_rows: edit.removed.rows,
    total_files: totals.files,
    total_rows: totals.rows,
    total_bytes: totals.size_bytes,
  };
}

/** Writes all that the snapshot needs; nothing refers to it until the pointer is swapped. */
async function writeSnapshot(
  { objects, settings }: CatalogParts,
  held: Held,
  present: TableMetadata,
  snapshot: Snapshot,
  manifests: ListedManifest[],
  call: Call,
) {
  const { metadata_key } = held.record;
  const changes = withSnapshot(present, snapshot);
  const next = follow(present, metadata_key, snapshot.timestamp_ms, changes);
  const archived = await archive(objects, next.metadata, settings.snapshots_inline_max, call);
  const { manifest_key, snapshot_id } = snapshot;
  const [new_key] = await Promise.all([
    objects.writeMetadata(held.version + 1, archived.metadata, call),
    objects.writeManifests(manifest_key, snapshot_id, manifests, call),
  ]);
  return {
    metadata: archived.metadata,
    metadata_key: new_key,
    keys: [new_key, manifest_key, ...archived.written],
    expired_keys: next.expired_keys,
  };
}

async function archive(
  objects: CatalogParts["objects"],
  metadata: TableMetadata,
  inline_max: number,
  call: Call,
): Promise<{ metadata: TableMetadata; written: string[] }> {
  const moved = toArchive(metadata, inline_max);
  if (moved.length === 0) return { metadata, written: [] };
  const key = await objects.writeArchive(metadata.location, moved, call);
  return { metadata: withArchive(metadata, key, moved), written: [key] };
}

function toEntry(file: DataFile) {
  return { snapshot_id: null, sequence_number: null, file };
}

/** 19 digits that fit a signed 64-bit integer, as Iceberg's snapshot ids do. */
function newSnapshotId(): string {
  const bits = BigInt(`0x${newId().replaceAll("-", "").slice(17)}`);
  return String(10n ** 18n + (bits % (8n * 10n ** 18n)));
}

function missingObjects(keys: readonly string[]): LakehouseError {
  const message = `${keys.length} added files are not in storage with the size said: ${keys[0]}`;
  return new LakehouseError("conflict", message, {
    reason: "missing_object",
    hint: "put the objects first, then commit them",
    extra: { missing_keys: keys.slice(0, 100) },
  });
}
