// The manifests of the next snapshot: without removed files, small ones merged; old objects stay.
import type { Call } from "#kernel/call.ts";
import type { CatalogSettings } from "./catalog-settings.ts";
import { fileExists, noSuchFile } from "./commit-request.ts";
import { inherit } from "./iceberg/manifest-file.ts";
import type {
  IcebergDataFile,
  ManifestEntry,
  ManifestListEntry,
  TableMetadata,
} from "./iceberg/table-types.ts";
import { liveEntries, specOf, toLive } from "./live-files.ts";
import { inParts, type ManifestPlanner, type NewSnapshotId } from "./plan-manifests.ts";
import { referencedPath, type LiveFile } from "./position-deletes.ts";
import { liveFilesOf } from "./snapshot-summary.ts";
import type { NewObject, TableObjects } from "./table-objects.ts";
import { sameSpelling } from "./table-places.ts";

export interface ManifestEdit {
  readonly manifests: readonly ManifestListEntry[];
  readonly removed: readonly LiveFile[];
  readonly removed_deletes: readonly IcebergDataFile[];
  /** Manifests to be written for this. */
  readonly objects: readonly NewObject[];
}

export interface EditNeeds {
  readonly objects: TableObjects;
  readonly planner: ManifestPlanner;
  readonly metadata: TableMetadata;
  readonly id: NewSnapshotId;
  readonly call: Call;
}

export interface EditRequest {
  readonly name: string;
  /** Locations of the files to be added, none of which may be there already. */
  readonly added: ReadonlySet<string>;
  /** Locations of the files to be removed; "all": every one. */
  readonly removed: ReadonlySet<string> | "all";
}

/**
 * Manifests without the files to be removed, which are marked deleted in the manifests written
 * for this. Throws `conflict`: `no_such_file` when one to be removed is not there, `file_exists`
 * when one to be added is there already.
 */
export async function removeFiles(
  needs: EditNeeds,
  base: readonly ManifestListEntry[],
  request: EditRequest,
): Promise<ManifestEdit> {
  const data = base.filter((listed) => listed.content === 0);
  const edited = await editAll(needs, data, request);
  if (edited.removed.length === 0) return { ...edited, manifests: base, removed_deletes: [] };
  const deletes = base.filter((listed) => listed.content === 1);
  const kept = await keepDeletes(needs, deletes, edited);
  return {
    manifests: [...edited.manifests, ...kept.manifests],
    removed: edited.removed,
    removed_deletes: kept.removed.map((one) => one.file),
    objects: [...edited.objects, ...kept.objects],
  };
}

type Edited = Omit<ManifestEdit, "removed_deletes">;

async function editAll(
  needs: EditNeeds,
  base: readonly ManifestListEntry[],
  { name, added, removed }: EditRequest,
): Promise<Edited> {
  const parts: Edited[] = [];
  for (const listed of base) {
    const { live } = await needs.objects.manifest(listed.manifest_path, needs.call);
    const twice = firstIn(added, live);
    const goes = (path: string) => removed === "all" || removed.has(path);
    if (twice !== undefined && !goes(twice)) throw fileExists(name, twice);
    const hit = removed === "all" || firstIn(removed, live) !== undefined;
    parts.push(
      hit ? await rewrite(needs, listed, goes) : { manifests: [listed], removed: [], objects: [] },
    );
  }
  const edited = joined(parts);
  if (removed === "all" || edited.removed.length === removed.size) return edited;
  const found = new Set(edited.removed.map((one) => sameSpelling(one.file.file_path)));
  throw noSuchFile(
    name,
    [...removed].filter((path) => !found.has(path)),
  );
}

/** The first of `wanted` that is in `live`; looks through the smaller of the two. */
function firstIn(wanted: ReadonlySet<string>, live: ReadonlySet<string>): string | undefined {
  const [few, many] = wanted.size < live.size ? [wanted, live] : [live, wanted];
  for (const one of few) if (many.has(one)) return one;
  return undefined;
}

function joined(parts: readonly Edited[]): Edited {
  return {
    manifests: parts.flatMap((part) => part.manifests),
    removed: parts.flatMap((part) => part.removed),
    objects: parts.flatMap((part) => part.objects),
  };
}

/** A manifest written anew, files that go marked deleted by the new snapshot. */
async function rewrite(
  { objects, planner, metadata, id, call }: EditNeeds,
  listed: ManifestListEntry,
  goes: (path: string) => boolean,
): Promise<Edited> {
  const spec = specOf(metadata, listed);
  const removed: LiveFile[] = [];
  const entries = (await liveEntries(objects, listed, call)).map((entry): ManifestEntry => {
    if (!goes(sameSpelling(entry.data_file.file_path))) return { ...entry, status: 0 };
    removed.push(toLive(entry, spec, listed));
    return { ...entry, status: 2, snapshot_id: id.snapshot_id };
  });
  if (removed.length === 0) return { manifests: [listed], removed, objects: [] };
  const planned = planner.plan(spec, listed.content, entries);
  return { manifests: [planner.list(planned, id)], removed, objects: [planned.object] };
}

/** Position deletes stay while they may apply to a file that stays. */
async function keepDeletes(
  needs: EditNeeds,
  deletes: readonly ManifestListEntry[],
  data: Edited,
): Promise<Edited> {
  if (deletes.length === 0) return { manifests: [], removed: [], objects: [] };
  const oldest = Math.min(
    ...data.manifests
      .filter((listed) => liveFilesOf(listed) !== 0)
      .map((listed) => listed.min_sequence_number),
  );
  const gone = new Set(data.removed.map((one) => sameSpelling(one.file.file_path)));
  const parts: Edited[] = [];
  for (const listed of deletes) {
    const entries = await liveEntries(needs.objects, listed, needs.call);
    const useless = new Set(
      entries
        .filter((entry) => {
          if ((entry.sequence_number ?? listed.sequence_number) < oldest) return true;
          const path = referencedPath(entry.data_file);
          return path !== undefined && gone.has(path);
        })
        .map((entry) => sameSpelling(entry.data_file.file_path)),
    );
    parts.push(
      useless.size === 0
        ? { manifests: [listed], removed: [], objects: [] }
        : await rewrite(needs, listed, (path) => useless.has(path)),
    );
  }
  return joined(parts);
}

/** One manifest for each append would be many; small ones become one now and then. */
export async function mergeSmall(
  { objects, planner, metadata, id, call }: EditNeeds,
  manifests: readonly ManifestListEntry[],
  settings: CatalogSettings,
): Promise<Pick<ManifestEdit, "manifests" | "objects">> {
  const groups = Map.groupBy(
    // Those written for this snapshot tell what it changed, and are merged another time.
    manifests.filter((one) => one.added_snapshot_id !== id.snapshot_id),
    (one) => `${one.content} ${one.partition_spec_id}`,
  );
  const gone = new Set<ManifestListEntry>();
  const merged: ManifestListEntry[] = [];
  const written: NewObject[] = [];
  for (const group of groups.values()) {
    const small = group.filter((one) => (liveFilesOf(one) ?? 0) < settings.manifest_files_max);
    if (small.length <= settings.small_manifests_max) continue;
    const entries: ManifestEntry[] = [];
    for (const listed of small) {
      gone.add(listed);
      const held = await objects.manifest(listed.manifest_path, call);
      const live = held.entries.filter((entry) => entry.status !== 2);
      for (const entry of inherit(live, listed)) entries.push({ ...entry, status: 0 });
    }
    const first = small[0]!;
    for (const part of inParts(entries, settings.manifest_files_max)) {
      const planned = planner.plan(specOf(metadata, first), first.content, part);
      merged.push(planner.list(planned, id));
      written.push(planned.object);
    }
  }
  const kept = manifests.filter((listed) => !gone.has(listed));
  return { manifests: [...kept, ...merged], objects: written };
}
