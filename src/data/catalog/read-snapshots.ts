// Reading: the files of a snapshot, where each can be read, and the snapshots there are.
import type { catalog, DataFile, Dataset, Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { OutputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { eachOf } from "./check-dataset.ts";
import { presentRecord, quarantinedError, requireHealthy, toDataset } from "./dataset-record.ts";
import { BrokenMetadata, type MetadataObjects } from "./metadata-objects.ts";
import { currentSnapshot, parsePointInTime, pick, type TableMetadata } from "./table-metadata.ts";
import { createWeighedCache } from "./weighed-cache.ts";

export type FilesAnswer = OutputOf<(typeof catalog)["operations"]["files"]>;
type LocatedFile = DataFile & { uri: string };

export interface SnapshotReader {
  files(name: string, at: string | undefined, call: Call): Promise<FilesAnswer>;
  snapshots(name: string, limit: number, call: Call): Promise<Snapshot[]>;
  /** Forgets where the files of a dataset are, after some were found missing. */
  forget(dataset: Dataset): void;
}

/** Located files are kept for each snapshot: both are immutable. */
export function createSnapshotReader(parts: CatalogParts): SnapshotReader {
  const { store, objects, settings } = parts;
  const located = createWeighedCache<readonly LocatedFile[]>(settings.cached_entries_max);

  async function locate(snapshot: Snapshot, call: Call): Promise<readonly LocatedFile[]> {
    const held = located.get(snapshot.snapshot_id);
    if (held !== undefined) return held;
    const files: DataFile[] = [];
    for (const { key } of await objects.manifests(snapshot.manifest_key, call)) {
      const { entries } = await objects.manifest(key, call);
      for (const entry of entries) files.push(entry.file);
    }
    const result: LocatedFile[] = [];
    await eachOf(files, settings.objects_at_once_max, async (file, at) => {
      result[at] = { ...file, uri: await uriOf(parts, file, call) };
    });
    located.set(snapshot.snapshot_id, result, result.length + 1);
    return result;
  }

  /** An old snapshot that cannot be read is no reason to quarantine the present one. */
  async function readPast(metadata: TableMetadata, at: string, call: Call): Promise<FilesAnswer> {
    try {
      const snapshot = await findSnapshot(objects, metadata, at, call);
      const state = { status: "healthy", status_reason: null } as const;
      const dataset = toDataset(metadata, state, snapshot, snapshot.schema_id);
      return { dataset, snapshot, files: [...(await locate(snapshot, call))] };
    } catch (error) {
      if (!(error instanceof BrokenMetadata)) throw error;
      throw quarantinedError(`${metadata.name} at ${at}`, error.message);
    }
  }

  return {
    files: (name, at, call) =>
      store.read(name, call, async (held) => {
        const record = presentRecord(held, name);
        requireHealthy(record);
        const metadata = await objects.metadata(record.metadata_key, call);
        if (at !== undefined) return readPast(metadata, at, call);
        const snapshot = currentSnapshot(metadata);
        const files = snapshot === null ? [] : [...(await locate(snapshot, call))];
        return { dataset: record.dataset, snapshot, files };
      }),
    snapshots: (name, limit, call) =>
      store.read(name, call, async (held) => {
        const metadata = await objects.metadata(presentRecord(held, name).metadata_key, call);
        const newest = metadata.snapshots.toReversed();
        for (const { key } of metadata.archives.toReversed()) {
          if (newest.length >= limit) break;
          newest.push(...(await objects.archive(key, call)).toReversed());
        }
        return newest.slice(0, limit);
      }),
    forget(dataset) {
      if (dataset.current_snapshot_id !== null) located.delete(dataset.current_snapshot_id);
    },
  };
}

async function findSnapshot(
  objects: MetadataObjects,
  metadata: TableMetadata,
  at: string,
  call: Call,
): Promise<Snapshot> {
  const point = parsePointInTime(at);
  const inline = pick(metadata.snapshots, point);
  if (inline !== undefined) return inline;
  for (const archive of metadata.archives.toReversed()) {
    if (point.kind === "time" && archive.first_timestamp_ms > point.time_ms) continue;
    const found = pick(await objects.archive(archive.key, call), point);
    if (found !== undefined) return found;
  }
  throw new LakehouseError("not_found", `"${metadata.name}" has no snapshot at ${at}`, {
    reason: "no_such_snapshot",
  });
}

async function uriOf(parts: CatalogParts, file: DataFile, call: Call): Promise<string> {
  try {
    return (await parts.storage.locate({ key: file.key }, call)).uri;
  } catch (error) {
    if (error instanceof LakehouseError && error.reason === "no_such_object") {
      throw new BrokenMetadata(file.key, "is missing");
    }
    throw error;
  }
}
