// A commit: all objects are worked out in memory, put side by side, then the pointer is swapped.
import { randomBytes } from "node:crypto";
import type { Dataset, Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import { requireStored, toIcebergFiles } from "./added-files.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { badCommit, checkRequest, snapshotMoved, type CommitInput } from "./commit-request.ts";
import { differenceOf } from "./dataset-fields.ts";
import {
  presentRecord,
  quarantinedError,
  tombstonedError,
  type DatasetRecord,
  type Held,
} from "./dataset-record.ts";
import { mergeSmall, removeFiles, type ManifestEdit } from "./edit-manifests.ts";
import { evolveForCommit } from "./evolve-schema.ts";
import { encodeManifestList } from "./iceberg/manifest-list.ts";
import {
  currentSchema,
  currentSnapshot,
  defaultSpec,
  withSnapshot,
} from "./iceberg/table-metadata.ts";
import type {
  IcebergDataFile,
  ManifestListEntry,
  TableMetadata,
  TableSnapshot,
} from "./iceberg/table-types.ts";
import { liveFiles, liveManifests } from "./live-files.ts";
import { planMetadata } from "./next-metadata.ts";
import {
  createManifestPlanner,
  inParts,
  type ManifestPlanner,
  type PlannedManifest,
} from "./plan-manifests.ts";
import { indexDeletes, keyOfPartition } from "./position-deletes.ts";
import { checkRebase } from "./rebase-commit.ts";
import {
  fileTotals,
  NOTHING,
  summaryOf,
  toSnapshot,
  totalsOf,
  type SnapshotTotals,
} from "./snapshot-summary.ts";
import { noteSources } from "./source-ledger.ts";
import type { NewObject } from "./table-objects.ts";
import { locationOfKey, sameSpelling } from "./table-places.ts";
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
    const snapshot: TableSnapshot = {
      "snapshot-id": snapshot_id,
      ...(current_id === null ? {} : { "parent-snapshot-id": current_id }),
      "sequence-number": id.sequence_number,
      "timestamp-ms": now_ms,
      "manifest-list": manifest_list,
      summary: summary.texts,
      "schema-id": present["current-schema-id"],
    };
    const list = toListObject(parts, manifest_list, edit.manifests, { ...id, current_id });
    const next = withSnapshot(present, snapshot, now_ms);
    const planned = planMetadata(parts, record, next);
    const written = [...edit.objects, list, planned.object];
    const source_epoch = record.source_epoch + (input.replace_all ? 1 : 0);
    const ledger = await planLedger(parts, record, before, input, snapshot, source_epoch);
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
          source_epoch,
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

interface Added {
  readonly manifests: readonly PlannedManifest[];
  /** Resolves when they are put; the next try needs them again and not put again. */
  put(parts: CatalogParts, call: Call): Promise<void>;
}

type AddedPlan = (
  planner: ManifestPlanner,
  present: TableMetadata,
  files: readonly IcebergDataFile[],
) => Added;

/** Manifests of added files are kept from try to try: they do not depend on what is there. */
function createAddedPlan({ settings }: CatalogParts, snapshot_id: string): AddedPlan {
  let held: { readonly key: string; readonly added: Added } | undefined;
  return (planner, present, files) => {
    const spec = defaultSpec(present);
    const key = `${present["current-schema-id"]} ${spec["spec-id"]} ${present.location}`;
    if (held?.key === key) return held.added;
    const inherits = { sequence_number: null, file_sequence_number: null };
    const entries = files.map((data_file) => ({
      status: 1 as const,
      snapshot_id,
      ...inherits,
      data_file,
    }));
    const manifests = inParts(entries, settings.manifest_files_max).map((part) =>
      planner.plan(spec, 0, part),
    );
    let putting: Promise<unknown> | undefined;
    const added: Added = {
      manifests,
      async put({ objects }, call) {
        putting ??= Promise.all(manifests.map((one) => objects.put(one.object, call)));
        await putting;
      },
    };
    held = { key, added };
    return added;
  };
}

interface PlannedEdit extends ManifestEdit {
  readonly added: Added;
}

/** The manifests of the next snapshot: what stays, what is added, small ones merged. */
async function planEdit(
  parts: CatalogParts,
  present: TableMetadata,
  input: CommitInput,
  id: { readonly snapshot_id: string; readonly sequence_number: number },
  files: readonly IcebergDataFile[],
  planAdded: AddedPlan,
  call: Call,
): Promise<PlannedEdit> {
  const { objects, settings } = parts;
  const planner = createManifestPlanner(objects, present.location, currentSchema(present));
  const needs = { objects, planner, metadata: present, id, call };
  const replaced = input.replace_all && input.based_on_snapshot_id === undefined;
  const base = await baseOf(parts, present, replaced, call);
  const named = input.removed_keys.map((key) => locationOfKey(present.location, key));
  const removed = input.replace_all ? ("all" as const) : new Set(named);
  await checkRebase(objects, present, base, input, removed, call);
  const added_paths = new Set(files.map((file) => sameSpelling(file.file_path)));
  const edit = await removeFiles(needs, base, { name: input.name, added: added_paths, removed });
  if (input.operation === "replace") await requireSameRows(parts, present, base, edit, files, call);
  const added = planAdded(planner, present, files);
  const listed = added.manifests.map((one) => planner.list(one, id));
  const merged = await mergeSmall(needs, [...edit.manifests, ...listed], settings);
  return {
    ...edit,
    manifests: merged.manifests,
    objects: [...edit.objects, ...merged.objects],
    added,
  };
}

/** The present manifests; of a broken dataset that is replaced as a whole, none are needed. */
async function baseOf(
  { objects, log }: CatalogParts,
  present: TableMetadata,
  replaced: boolean,
  call: Call,
): Promise<readonly ManifestListEntry[]> {
  const snapshot = currentSnapshot(present);
  if (!replaced) return liveManifests(objects, snapshot, call);
  try {
    const manifests = await liveManifests(objects, snapshot, call);
    for (const { manifest_path } of manifests) await objects.manifest(manifest_path, call);
    return manifests;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "BrokenMetadata") throw error;
    log.warn({ err: error }, "what replace_all replaces cannot be listed any more");
    return [];
  }
}

/** A `replace` must hold the rows of the files it removes, less those that deletes took away. */
async function requireSameRows(
  { objects }: CatalogParts,
  present: TableMetadata,
  base: readonly ManifestListEntry[],
  edit: ManifestEdit,
  added: readonly IcebergDataFile[],
  call: Call,
): Promise<void> {
  const deletes = indexDeletes(await liveFiles(objects, present, base, 1, call));
  const applied = new Map(
    edit.removed
      .flatMap((one) => deletes.of(one))
      .map((one) => [one.file.file_path, one.file.record_count]),
  );
  const most = fileTotals(edit.removed.map((one) => one.file)).rows;
  const least = [...applied.values()].reduce((left, rows) => left - rows, most);
  const { rows } = fileTotals(added);
  if (rows <= most && rows >= least) return;
  throw badCommit(
    `a replace keeps the rows: ${most} are removed and ${rows} added`,
    "commit a change of rows as overwrite",
  );
}

async function summarize(
  { objects }: CatalogParts,
  input: CommitInput,
  current: TableSnapshot | undefined,
  files: readonly IcebergDataFile[],
  edit: ManifestEdit,
  present: TableMetadata,
  call: Call,
): Promise<{ totals: SnapshotTotals; texts: Record<string, string> }> {
  const before =
    current === undefined || input.replace_all ? NOTHING : await totalsOf(objects, current, call);
  const added = fileTotals(files);
  const removed = fileTotals(edit.removed.map((one) => one.file));
  const dropped = fileTotals(edit.removed_deletes);
  const gone = input.replace_all ? NOTHING : { ...removed, rows: removed.rows };
  const totals: SnapshotTotals = {
    files: before.files + added.files - gone.files,
    rows: before.rows + added.rows - gone.rows,
    size_bytes:
      before.size_bytes +
      added.size_bytes -
      gone.size_bytes -
      (input.replace_all ? 0 : dropped.size_bytes),
    delete_files: Math.max(0, before.delete_files - dropped.files),
    deletes: Math.max(0, before.deletes - dropped.rows),
  };
  const spec = defaultSpec(present);
  const partitions = new Set([
    ...files.map((file) => keyOfPartition(spec, file.partition)),
    ...edit.removed.map((one) => keyOfPartition(one.spec, one.file.partition)),
  ]);
  const texts = summaryOf({
    operation: input.operation,
    added,
    removed,
    removed_delete_files: dropped.files,
    changed_partitions: partitions.size,
    totals,
    properties: input.properties,
  });
  return { totals, texts };
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
  const bytes = encodeManifestList(manifests, { snapshot_id, parent_snapshot_id, sequence_number });
  objects.holdManifests(location, manifests);
  return { location, bytes };
}

function planLedger(
  { pointers, clock }: CatalogParts,
  record: DatasetRecord,
  metadata: TableMetadata,
  { sources }: CommitInput,
  snapshot: TableSnapshot,
  epoch: number,
) {
  const committed_at = new Date(clock.now()).toISOString();
  const commit = { sources, snapshot_id: snapshot["snapshot-id"], committed_at, epoch };
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

const SOURCES_TOLD_MAX = 10;

/** What the journal is told: enough to know by whom and of what the rows came. */
function detailsOf(input: CommitInput, snapshot: Snapshot, before: Dataset, after: Dataset) {
  const { dataset_id, schema_id } = after;
  const sources = input.sources.slice(0, SOURCES_TOLD_MAX);
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

/** 19 digits that fit a signed 64-bit integer, as Iceberg's snapshot ids do. */
function newSnapshotId(): string {
  const bits = randomBytes(8).readBigUInt64BE();
  return String(10n ** 18n + (bits % (8n * 10n ** 18n)));
}
