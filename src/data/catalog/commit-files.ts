// A commit: manifest, manifest list and metadata are written, then the pointer is swapped.
import type { DataFile, Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { findMissing } from "./check-dataset.ts";
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
import { fileTotals, totalsOf, type ListedManifest } from "./manifests.ts";
import {
  currentSnapshot,
  follow,
  toArchive,
  withArchive,
  withSnapshot,
  type TableMetadata,
} from "./table-metadata.ts";

/** Commits once; a lost race is repeated on the new state if the commit may be rebased on it. */
export async function commitFiles(parts: CatalogParts, input: CommitInput, call: Call) {
  checkRequest(input);
  const at_once_max = parts.settings.objects_at_once_max;
  const missing = await findMissing({ storage: parts.storage, at_once_max }, input.added, call);
  if (missing.length > 0) throw missingObjects(missing);
  const attempt = createAttempt(parts, input, call);
  return parts.store.change(input.name, call, attempt);
}

function createAttempt({ objects, settings, clock }: CatalogParts, input: CommitInput, call: Call) {
  const snapshot_id = newSnapshotId();
  // An append keeps its manifest from try to try: what it adds does not depend on what is there.
  let added_key: string | undefined;
  let expected = input.expected_snapshot_id;

  return async (held: Held | undefined) => {
    const record = presentRecord(held, input.name);
    const { status, status_reason } = record.dataset;
    if (status === "tombstoned") throw tombstonedError(input.name);
    if (status === "quarantined" && !input.replace_all) {
      throw quarantinedError(input.name, status_reason ?? "");
    }
    const present = await objects.metadata(record.metadata_key, call);
    const current = currentSnapshot(present);
    const current_id = current?.snapshot_id ?? null;
    if (expected !== undefined && expected !== current_id) throw snapshotMoved(input, current_id);
    if (input.operation !== "append") expected = current_id;
    const sequence_number = present.last_sequence_number + 1;
    const id = { snapshot_id, sequence_number };
    const base = current === null ? [] : await objects.manifests(current.manifest_key, call);
    const edit = await removeFiles(objects, present.location, base, input, id, call);
    const added = fileTotals(input.added);
    const manifests: ListedManifest[] = [...edit.manifests];
    if (input.added.length > 0) {
      const entries = input.added.map(toEntry);
      added_key ??= await objects.writeManifest(present.location, entries, call);
      manifests.push({ key: added_key, ...id, ...added });
    }
    const merged = await mergeSmall(objects, present.location, manifests, settings, id, call);
    const totals = totalsOf(merged.manifests);
    const timestamp_ms = Math.max(clock.now(), current?.timestamp_ms ?? 0);
    const snapshot: Snapshot = {
      snapshot_id,
      parent_snapshot_id: current_id,
      sequence_number,
      timestamp_ms,
      operation: input.operation,
      schema_id: present.current_schema_id,
      manifest_key: `${present.location}metadata/snap-${snapshot_id}-${newId()}.json`,
      summary: {
        added_files: added.files,
        removed_files: edit.removed.files,
        added_rows: added.rows,
        removed_rows: edit.removed.rows,
        total_files: totals.files,
        total_rows: totals.rows,
        total_bytes: totals.size_bytes,
      },
      properties: input.properties,
    };
    const { metadata: grown, expired_keys } = follow(
      present,
      record.metadata_key,
      timestamp_ms,
      withSnapshot(present, snapshot),
    );
    const archived = await archive(objects, grown, settings.snapshots_inline_max, call);
    const version = (held?.version ?? 0) + 1;
    const [metadata_key] = await Promise.all([
      objects.writeMetadata(version, archived.metadata, call),
      objects.writeManifests(snapshot.manifest_key, snapshot_id, merged.manifests, call),
    ]);
    const dataset = toDataset(archived.metadata, HEALTHY);
    const written = [metadata_key, snapshot.manifest_key];
    return {
      change: {
        record: { ...record, dataset, metadata_key, quarantined_by: null },
        event: {
          action: "catalog.commit",
          before: current_id,
          after: snapshot_id,
          details: {
            dataset_id: dataset.dataset_id,
            operation: input.operation,
            ...snapshot.summary,
          },
        },
        written: [...written, ...edit.written, ...merged.written, ...archived.written],
        expired: expired_keys,
      },
      answer: { dataset, snapshot },
    };
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
