// The live files of a snapshot, manifest by manifest, with what they inherit filled in.
import type { Call } from "#kernel/call.ts";
import { inherit } from "./iceberg/manifest-file.ts";
import { specById } from "./iceberg/table-metadata.ts";
import { UNPARTITIONED } from "./iceberg/partitioning.ts";
import type {
  ManifestEntry,
  ManifestListEntry,
  PartitionSpec,
  TableMetadata,
  TableSnapshot,
} from "./iceberg/table-types.ts";
import type { LiveFile } from "./position-deletes.ts";
import { liveFilesOf } from "./snapshot-summary.ts";
import type { TableObjects } from "./table-objects.ts";

export function specOf(metadata: TableMetadata, listed: ManifestListEntry): PartitionSpec {
  return specById(metadata, listed.partition_spec_id) ?? UNPARTITIONED;
}

/** The manifests that list a live file. */
export async function liveManifests(
  objects: TableObjects,
  snapshot: TableSnapshot | undefined,
  call: Call,
): Promise<readonly ManifestListEntry[]> {
  if (snapshot === undefined) return [];
  const listed = await objects.manifests(snapshot["manifest-list"], call);
  return listed.filter((one) => liveFilesOf(one) !== 0);
}

/** The entries of a manifest that are not deleted. */
export async function liveEntries(
  objects: TableObjects,
  listed: ManifestListEntry,
  call: Call,
): Promise<ManifestEntry[]> {
  const { entries } = await objects.manifest(listed.manifest_path, call);
  return inherit(
    entries.filter((entry) => entry.status !== 2),
    listed,
  );
}

export async function liveFilesIn(
  objects: TableObjects,
  metadata: TableMetadata,
  listed: ManifestListEntry,
  call: Call,
): Promise<LiveFile[]> {
  const spec = specOf(metadata, listed);
  const entries = await liveEntries(objects, listed, call);
  return entries.map((entry) => toLive(entry, spec, listed));
}

export function toLive(
  entry: ManifestEntry,
  spec: PartitionSpec,
  listed: ManifestListEntry,
): LiveFile {
  return {
    file: entry.data_file,
    spec,
    sequence_number: entry.sequence_number ?? listed.sequence_number,
    added_snapshot_id: entry.snapshot_id ?? listed.added_snapshot_id,
  };
}

/** All live files of one content: 0 data, 1 deletes. */
export async function liveFiles(
  objects: TableObjects,
  metadata: TableMetadata,
  manifests: readonly ManifestListEntry[],
  content: 0 | 1,
  call: Call,
): Promise<LiveFile[]> {
  const found: LiveFile[] = [];
  for (const listed of manifests) {
    if (listed.content !== content) continue;
    for (const one of await liveFilesIn(objects, metadata, listed, call)) found.push(one);
  }
  return found;
}
