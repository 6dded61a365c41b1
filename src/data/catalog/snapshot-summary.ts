// The summary of a snapshot: Iceberg's own keys (table spec, appendix F), and what callers add.
import type { Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type {
  IcebergDataFile,
  ManifestListEntry,
  TableMetadata,
  TableSnapshot,
} from "./iceberg/table-types.ts";
import type { TableObjects } from "./table-objects.ts";
import { LINEAGE } from "./source-lineage.ts";
import { splitLocation } from "./table-places.ts";
import { fromTexts, toTexts } from "./text-properties.ts";

export interface FileTotals {
  readonly files: number;
  readonly rows: number;
  readonly size_bytes: number;
}

export interface SnapshotTotals extends FileTotals {
  readonly delete_files: number;
  /** Lines of all position-delete files. */
  readonly deletes: number;
}

export const NOTHING: SnapshotTotals = {
  files: 0,
  rows: 0,
  size_bytes: 0,
  delete_files: 0,
  deletes: 0,
};

export function fileTotals(files: Iterable<IcebergDataFile>): FileTotals {
  let [count, rows, size_bytes] = [0, 0, 0];
  for (const file of files) {
    count++;
    rows += file.record_count;
    size_bytes += file.file_size_in_bytes;
  }
  return { files: count, rows, size_bytes };
}

/** Files, rows and bytes of a snapshot: from its summary, or counted where that does not say. */
export async function totalsOf(
  objects: TableObjects,
  snapshot: TableSnapshot,
  call: Call,
): Promise<SnapshotTotals> {
  return totalsFromSummary(snapshot) ?? countTotals(objects, snapshot, call);
}

export function totalsFromSummary({ summary }: TableSnapshot): SnapshotTotals | undefined {
  const files = numberOf(summary["total-data-files"]);
  const rows = numberOf(summary["total-records"]);
  const size_bytes = numberOf(summary["total-files-size"]);
  if (files === undefined || rows === undefined || size_bytes === undefined) return undefined;
  const delete_files = numberOf(summary["total-delete-files"]) ?? 0;
  const deletes = numberOf(summary["total-position-deletes"]) ?? 0;
  return { files, rows, size_bytes, delete_files, deletes };
}

async function countTotals(
  objects: TableObjects,
  snapshot: TableSnapshot,
  call: Call,
): Promise<SnapshotTotals> {
  const totals = { ...NOTHING };
  for (const { manifest_path, content } of await objects.manifests(
    snapshot["manifest-list"],
    call,
  )) {
    const { entries } = await objects.manifest(manifest_path, call);
    const live = entries.filter((entry) => entry.status !== 2).map((entry) => entry.data_file);
    const found = fileTotals(live);
    totals.size_bytes += found.size_bytes;
    if (content === 1) {
      totals.delete_files += found.files;
      totals.deletes += found.rows;
    } else {
      totals.files += found.files;
      totals.rows += found.rows;
    }
  }
  return totals;
}

export interface SummaryOf {
  readonly operation: Snapshot["operation"];
  readonly added: FileTotals;
  readonly removed: FileTotals;
  readonly removed_delete_files: number;
  readonly changed_partitions: number;
  readonly totals: SnapshotTotals;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Text values, zeros of things that did not happen left out, as other writers do. */
export function summaryOf(values: SummaryOf): Record<string, string> {
  const { added, removed, totals } = values;
  const happened: Record<string, number> = {
    "added-data-files": added.files,
    "added-records": added.rows,
    "added-files-size": added.size_bytes,
    "deleted-data-files": removed.files,
    "deleted-records": removed.rows,
    "removed-files-size": removed.size_bytes,
    "removed-delete-files": values.removed_delete_files,
  };
  const always: Record<string, number> = {
    "changed-partition-count": values.changed_partitions,
    "total-records": totals.rows,
    "total-data-files": totals.files,
    "total-files-size": totals.size_bytes,
    "total-delete-files": totals.delete_files,
    "total-position-deletes": totals.deletes,
    "total-equality-deletes": 0,
  };
  const summary: Record<string, string> = { operation: values.operation };
  for (const [key, value] of Object.entries(happened)) if (value > 0) summary[key] = String(value);
  for (const [key, value] of Object.entries(always)) summary[key] = String(value);
  for (const [key, value] of Object.entries(toTexts(values.properties))) summary[key] ??= value;
  return summary;
}

const COUNTED =
  "data-files|delete-files|records|files-size|(position|equality)-(deletes|delete-files)|dvs";
const STANDARD = new RegExp(
  `^(operation|changed-partition-count|(added|deleted|removed|total)-(${COUNTED}))$`,
);

const OPERATIONS: ReadonlySet<string> = new Set(["append", "overwrite", "delete", "replace"]);

/** A snapshot in the words of our contract. */
export function toSnapshot(
  metadata: TableMetadata,
  snapshot: TableSnapshot,
  totals: SnapshotTotals,
): Snapshot {
  const { summary } = snapshot;
  const of = (key: string) => numberOf(summary[key]) ?? 0;
  const list = snapshot["manifest-list"];
  const own = Object.entries(summary).filter(([key]) => !STANDARD.test(key) && key !== LINEAGE);
  const operation = summary["operation"] ?? "";
  return {
    snapshot_id: snapshot["snapshot-id"],
    parent_snapshot_id: snapshot["parent-snapshot-id"] ?? null,
    sequence_number: snapshot["sequence-number"],
    timestamp_ms: snapshot["timestamp-ms"],
    operation: OPERATIONS.has(operation) ? (operation as Snapshot["operation"]) : "overwrite",
    schema_id: snapshot["schema-id"] ?? metadata["current-schema-id"],
    manifest_key: splitLocation(list)?.key ?? list,
    summary: {
      added_files: of("added-data-files"),
      removed_files: of("deleted-data-files"),
      added_rows: of("added-records"),
      removed_rows: of("deleted-records"),
      total_files: totals.files,
      total_rows: totals.rows,
      total_bytes: totals.size_bytes,
    },
    properties: fromTexts(Object.fromEntries(own)),
  };
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** Live files of a manifest, as far as its list says. */
export function liveFilesOf(listed: ManifestListEntry): number | undefined {
  const { added_files_count: added, existing_files_count: existing } = listed;
  return added === null || existing === null ? undefined : added + existing;
}
