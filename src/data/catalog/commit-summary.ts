// What a commit did, in figures: for the summary of its snapshot and for the journal.
import type { Dataset, Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { CommitInput } from "./commit-request.ts";
import { differenceOf } from "./dataset-fields.ts";
import type { ManifestEdit } from "./edit-manifests.ts";
import { defaultSpec } from "./iceberg/table-metadata.ts";
import type { IcebergDataFile, TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";
import { keyOfPartition } from "./position-deletes.ts";
import {
  fileTotals,
  NOTHING,
  summaryOf,
  totalsOf,
  type SnapshotTotals,
} from "./snapshot-summary.ts";

/** Totals of the snapshot to be, and its summary as Iceberg writes it. */
export async function summarize(
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
  const gone = input.replace_all ? NOTHING : removed;
  const deletes = input.replace_all ? NOTHING : dropped;
  const totals: SnapshotTotals = {
    files: less(before.files + added.files, gone.files),
    rows: less(before.rows + added.rows, gone.rows),
    size_bytes: less(before.size_bytes + added.size_bytes, gone.size_bytes + deletes.size_bytes),
    delete_files: less(before.delete_files, deletes.files),
    deletes: less(before.deletes, deletes.rows),
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

/** Totals that another engine wrote may be too low. */
function less(from: number, by: number): number {
  return Math.max(0, from - by);
}

const SOURCES_TOLD_MAX = 10;

/** What the journal is told: enough to know by whom and of what the rows came. */
export function detailsOf(input: CommitInput, snapshot: Snapshot, before: Dataset, after: Dataset) {
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
