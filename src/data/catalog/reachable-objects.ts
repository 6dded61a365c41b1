// Which objects the snapshots of a table refer to; and removing some that none does any more.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { eachOf } from "./check-dataset.ts";
import { currentSnapshot } from "./iceberg/table-metadata.ts";
import type {
  ManifestListEntry,
  StatisticsFile,
  TableMetadata,
  TableSnapshot,
} from "./iceberg/table-types.ts";
import { newLocation, sameSpelling, splitLocation } from "./table-places.ts";

/** Location → size in bytes, where it is known. */
export type ObjectSizes = Map<string, number | undefined>;

/** The manifests of some snapshots, each once, by location. */
export async function manifestsOf(
  { objects }: Pick<CatalogParts, "objects">,
  snapshots: readonly TableSnapshot[],
  call: Call,
): Promise<Map<string, ManifestListEntry>> {
  const found = new Map<string, ManifestListEntry>();
  for (const snapshot of snapshots) {
    for (const listed of await objects.manifests(snapshot["manifest-list"], call)) {
      found.set(sameSpelling(listed.manifest_path), listed);
    }
  }
  return found;
}

/** Calls `see` with each live file of these manifests; one manifest at a time is in memory. */
export async function eachLiveFile(
  { objects }: Pick<CatalogParts, "objects">,
  manifests: Iterable<ManifestListEntry>,
  call: Call,
  see: (location: string, size_bytes: number) => void,
): Promise<void> {
  for (const { manifest_path } of manifests) {
    const { entries } = await objects.manifest(manifest_path, call);
    for (const { status, data_file } of entries) {
      if (status !== 2) see(sameSpelling(data_file.file_path), data_file.file_size_in_bytes);
    }
  }
}

/** Everything that the metadata and all of its snapshots refer to. */
export async function reachableObjects(
  parts: Pick<CatalogParts, "objects">,
  metadata: TableMetadata,
  metadata_location: string,
  call: Call,
): Promise<Set<string>> {
  const reachable = new Set<string>([sameSpelling(metadata_location)]);
  const add = (location: string) => void reachable.add(sameSpelling(location));
  for (const entry of metadata["metadata-log"]) add(entry["metadata-file"]);
  for (const one of statisticsOf(metadata)) add(one["statistics-path"]);
  for (const snapshot of metadata.snapshots) add(snapshot["manifest-list"]);
  const manifests = await manifestsOf(parts, metadata.snapshots, call);
  for (const location of manifests.keys()) reachable.add(location);
  await eachLiveFile(parts, manifests.values(), call, add);
  return reachable;
}

export function statisticsOf(metadata: TableMetadata): StatisticsFile[] {
  return [...metadata.statistics, ...metadata["partition-statistics"]];
}

/**
 * Those of some objects that a dataset may remove: what stands below its own location. A snapshot
 * can name any object of the lake, also what other datasets and other parts of the house keep.
 */
export async function ownObjects(
  { buckets, log }: Pick<CatalogParts, "buckets" | "log">,
  { name, dataset_id, location }: Pick<Dataset, "name" | "dataset_id" | "location">,
  found: ObjectSizes,
  call: Call,
): Promise<ObjectSizes> {
  const { main } = await buckets(call);
  const below = `${sameSpelling(location)}/`;
  // Files of version 0.1 stood beside, named by their content.
  const made = /^datasets\/([^/]+)-[^/-]+$/.exec(splitLocation(location)?.key ?? "")?.[1] ?? "";
  const first = newLocation(main, made, dataset_id) === sameSpelling(location);
  const isFirst = (at: string): boolean => {
    const key = splitLocation(at)?.key ?? "";
    return first && at.startsWith(`s3://${main}/`) && key.startsWith(`datasets/${made}/`);
  };
  const own: ObjectSizes = new Map();
  for (const [at, size] of found) if (at.startsWith(below) || isFirst(at)) own.set(at, size);
  const left = found.size - own.size;
  if (left > 0) log.warn({ name, location, left }, "files outside of its location are left");
  return own;
}

export interface Removed {
  removed: number;
  removed_bytes: number;
}

const BATCH = 256;

/**
 * Removes objects that were found unreachable. Between batches others may commit; what has become
 * part of the current snapshot again (other engines may add a file anew) is left alone.
 */
export async function removeUnreachable(
  parts: CatalogParts,
  name: string,
  unreachable: ObjectSizes,
  call: Call,
): Promise<Removed> {
  const all = [...unreachable];
  const done: Removed = { removed: 0, removed_bytes: 0 };
  for (let at = 0; at < all.length; at += BATCH) {
    const batch = all.slice(at, at + BATCH);
    await parts.store.alone(name, async () => {
      const isUsed = await currentUse(parts, name, call);
      await eachOf(batch, parts.settings.objects_at_once_max, async ([location, size_bytes]) => {
        if (isUsed(location)) return;
        const size = size_bytes ?? (await parts.objects.sizeOf(location, call));
        await parts.objects.remove([location], call);
        done.removed++;
        done.removed_bytes += size ?? 0;
      });
    });
  }
  return done;
}

async function currentUse(
  { store, objects }: CatalogParts,
  name: string,
  call: Call,
): Promise<(location: string) => boolean> {
  const held = await store.get(name);
  if (held === undefined || held.broken !== undefined) return () => false;
  const { metadata_location } = held.record;
  const metadata = await objects.metadata(metadata_location, call);
  const current = currentSnapshot(metadata);
  if (current === undefined) return (location) => location === sameSpelling(metadata_location);
  const listed = await objects.manifests(current["manifest-list"], call);
  const own = new Set(
    [metadata_location, current["manifest-list"], ...listed.map((one) => one.manifest_path)].map(
      sameSpelling,
    ),
  );
  const lives: ReadonlySet<string>[] = [];
  for (const { manifest_path } of listed) {
    lives.push((await objects.manifest(manifest_path, call)).live);
  }
  return (location) => own.has(location) || lives.some((live) => live.has(location));
}
