// Checks that the metadata of a dataset can be read and that its files are there, whole.
import type { Call } from "#kernel/call.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { currentSnapshot } from "./iceberg/table-metadata.ts";
import type { ManifestListEntry, TableMetadata } from "./iceberg/table-types.ts";
import { liveEntries, liveManifests } from "./live-files.ts";
import { BrokenMetadata, type TableObjects } from "./table-objects.ts";
import { splitLocation } from "./table-places.ts";

export interface CheckResult {
  /** undefined: it cannot be read. */
  readonly metadata: TableMetadata | undefined;
  /** Objects that are missing or damaged; with their location where that is no plain key. */
  readonly missing_keys: string[];
  /** Why the dataset is broken; null when it is sound. */
  readonly fault: string | null;
}

interface CheckedObject {
  readonly location: string;
  readonly size_bytes: number;
}

type CheckNeeds = Pick<CatalogParts, "objects" | "settings">;

/** Looks at the current snapshot: all files of it, or the `newest_max` last added. */
export async function checkDataset(
  needs: CheckNeeds,
  metadata_location: string,
  call: Call,
  newest_max = Infinity,
): Promise<CheckResult> {
  let metadata: TableMetadata | undefined;
  try {
    needs.objects.forget(metadata_location);
    metadata = await needs.objects.metadata(metadata_location, call);
    const { files, manifests } = await currentObjects(needs.objects, metadata, call, newest_max);
    const missing = await findMissing(needs, [...manifests, ...files], call);
    return { metadata, missing_keys: missing.map(toKey), fault: describeMissing(missing) };
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw error;
    return { metadata, missing_keys: [toKey(error.location)], fault: error.message };
  }
}

function toKey(location: string): string {
  return splitLocation(location)?.key ?? location;
}

async function currentObjects(
  objects: TableObjects,
  metadata: TableMetadata,
  call: Call,
  newest_max: number,
): Promise<{ files: CheckedObject[]; manifests: CheckedObject[] }> {
  const current = currentSnapshot(metadata);
  if (current !== undefined) objects.forget(current["manifest-list"]);
  const listed = (await liveManifests(objects, current, call)).toSorted(byAge);
  const files: CheckedObject[] = [];
  const manifests: CheckedObject[] = [];
  for (const one of listed) {
    if (files.length >= newest_max) break;
    objects.forget(one.manifest_path);
    manifests.push({ location: one.manifest_path, size_bytes: one.manifest_length });
    for (const { data_file } of (await liveEntries(objects, one, call)).toReversed()) {
      if (files.length >= newest_max) break;
      files.push({ location: data_file.file_path, size_bytes: data_file.file_size_in_bytes });
    }
  }
  return { files, manifests };
}

/** The newest first. */
function byAge(a: ManifestListEntry, b: ManifestListEntry): number {
  return b.sequence_number - a.sequence_number;
}

/** Locations of what is not in storage, or is there with another size. */
async function findMissing(
  { objects, settings }: CheckNeeds,
  wanted: readonly CheckedObject[],
  call: Call,
): Promise<string[]> {
  const missing: string[] = [];
  await eachOf(wanted, settings.objects_at_once_max, async ({ location, size_bytes }) => {
    if ((await objects.sizeOf(location, call)) !== size_bytes) missing.push(location);
  });
  return missing;
}

/** Runs `work` on every item, at most `at_once_max` side by side. */
export async function eachOf<T>(
  items: readonly T[],
  at_once_max: number,
  work: (item: T, at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  async function run(): Promise<void> {
    while (next < items.length) {
      const at = next++;
      await work(items[at]!, at);
    }
  }
  await Promise.all(Array.from({ length: Math.min(at_once_max, items.length) }, run));
}

function describeMissing(locations: readonly string[]): string | null {
  if (locations.length === 0) return null;
  const more = locations.length > 1 ? ` and ${locations.length - 1} more` : "";
  return `objects are missing or have another size: ${locations[0]}${more}`;
}
