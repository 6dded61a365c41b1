// A commit: all objects are worked out in memory, put side by side, then the pointer is swapped.
import { randomBytes } from "node:crypto";
import type { Dataset, Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import { requireStored, toIcebergFiles } from "./added-files.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { checkRequest, requireMadeFor, snapshotMoved, type CommitInput } from "./commit-request.ts";
import { detailsOf, summarize } from "./commit-summary.ts";
import {
  presentRecord,
  quarantinedError,
  tombstonedError,
  type DatasetRecord,
  type Held,
} from "./dataset-record.ts";
import { evolveForCommit } from "./evolve-schema.ts";
import { encodeManifestList } from "./iceberg/manifest-list.ts";
import { currentSnapshot, withSnapshot } from "./iceberg/table-metadata.ts";
import type { ManifestListEntry, TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";
import { planMetadata } from "./next-metadata.ts";
import { createAddedPlan, type Added } from "./plan-added.ts";
import { planEdit } from "./plan-commit.ts";
import { toSnapshot } from "./snapshot-summary.ts";
import { noteSources } from "./source-ledger.ts";
import { lineageTexts } from "./source-lineage.ts";
import type { NewObject } from "./table-objects.ts";
import { toDataset } from "./table-view.ts";

interface Committed {
  readonly dataset: Dataset;
  readonly snapshot: Snapshot;
}

/** Commits once; a lost race is repeated on the new state if the commit may be rebased on it. */
export async function commitFiles(parts: CatalogParts, input: CommitInput, call: Call) {
  checkRequest(input);
  return parts.store.change(input.name, call, createAttempt(parts, input, call));
}

function createAttempt(parts: CatalogParts, input: CommitInput, call: Call) {
  const { objects, clock } = parts;
  const snapshot_id = newSnapshotId();
  const planAdded = createAddedPlan(parts, snapshot_id);
  let expected = input.expected_snapshot_id;
  let stored = false;

  return async (held: Held | undefined): Promise<Step<Committed>> => {
    const record = presentRecord(held, input.name);
    requireCommittable(record.dataset, input);
    const before = await objects.metadata(record.metadata_location, call);
    requireMadeFor(record.dataset, before, input);
    const current = currentSnapshot(before);
    const current_id = current?.["snapshot-id"] ?? null;
    if (expected !== undefined && expected !== current_id) throw snapshotMoved(input, current_id);
    const now_ms = Math.max(clock.now(), before["last-updated-ms"]);
    const present = evolveForCommit(before, record.dataset.rows > 0, input, now_ms);
    const added = toIcebergFiles(present, input.added);
    if (!stored) await requireStored(parts, added, call);
    stored = true;
    const rebases = input.operation === "append" || input.based_on_snapshot_id !== undefined;
    if (!rebases) expected = current_id;
    const id = { snapshot_id, sequence_number: present["last-sequence-number"] + 1 };
    const edit = await planEdit(parts, present, input, id, added, planAdded, call);
    const summary = await summarize(parts, input, current, added, edit, present, call);
    const manifest_list = `${present.location}/metadata/snap-${snapshot_id}-1-${newId()}.avro`;
    const { sequence_number } = id;
    const history = lineageTexts(present, current, sequence_number, input.replace_all);
    const snapshot: TableSnapshot = {
      "snapshot-id": snapshot_id,
      ...(current_id === null ? {} : { "parent-snapshot-id": current_id }),
      "sequence-number": id.sequence_number,
      "timestamp-ms": now_ms,
      "manifest-list": manifest_list,
      summary: { ...summary.texts, ...history },
      "schema-id": present["current-schema-id"],
    };
    const list = toListObject(parts, manifest_list, edit.manifests, { ...id, current_id });
    const next = withSnapshot(present, snapshot, now_ms);
    const planned = planMetadata(parts, record, next);
    const written = [...edit.objects, list, planned.object];
    const ledger = await planLedger(parts, record, before, input, snapshot);
    await putAll(parts, edit.added, written, call);
    const dataset = toDataset(record.dataset, planned.metadata, snapshot, summary.totals);
    const told = toSnapshot(planned.metadata, snapshot, summary.totals);
    const details = detailsOf(input, told, record.dataset, dataset);
    return {
      change: {
        record: {
          ...record,
          dataset,
          metadata_location: planned.object.location,
          quarantined_by: null,
        },
        event: { action: "catalog.commit", before: current_id, after: snapshot_id, details },
        also: ledger,
        written: written.map((object) => object.location),
        expired: planned.expired,
      },
      answer: { dataset, snapshot: told },
    };
  };
}

function requireCommittable(dataset: Dataset, input: CommitInput): void {
  if (dataset.status === "tombstoned") throw tombstonedError(input.name);
  // Replacing every file is a way out of quarantine.
  if (dataset.status === "quarantined" && !input.replace_all) {
    throw quarantinedError(input.name, dataset.status_reason ?? "no reason was given");
  }
}

function toListObject(
  { objects }: CatalogParts,
  location: string,
  manifests: readonly ManifestListEntry[],
  of: {
    readonly snapshot_id: string;
    readonly current_id: string | null;
    readonly sequence_number: number;
  },
): NewObject {
  const { snapshot_id, sequence_number, current_id: parent_snapshot_id } = of;
  const id = { snapshot_id, parent_snapshot_id, sequence_number };
  const bytes = encodeManifestList(manifests, id, objects.codecs);
  objects.holdManifests(location, manifests);
  return { location, bytes };
}

function planLedger(
  { pointers, clock }: CatalogParts,
  record: DatasetRecord,
  metadata: TableMetadata,
  { sources, replace_all: replaces }: CommitInput,
  snapshot: TableSnapshot,
) {
  const committed_at = new Date(clock.now()).toISOString();
  const { "snapshot-id": snapshot_id, "sequence-number": sequence_number } = snapshot;
  const commit = { sources, snapshot_id, sequence_number, committed_at, replaces };
  return noteSources(pointers, { record, metadata }, commit);
}

/** Nothing refers to them until the pointer is swapped. */
async function putAll(
  parts: CatalogParts,
  added: Added,
  written: readonly NewObject[],
  call: Call,
): Promise<void> {
  const puts = written.map((object) => parts.objects.put(object, call));
  await Promise.all([added.put(parts, call), ...puts]);
}

/** 19 digits that fit a signed 64-bit integer, as Iceberg's snapshot ids do. */
function newSnapshotId(): string {
  const bits = randomBytes(8).readBigUInt64BE();
  return String(10n ** 18n + (bits % (8n * 10n ** 18n)));
}
