// Checks that the metadata of a dataset can be read and that its files are there, whole.
import type { DataFile } from "#contracts/catalog.ts";
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { BrokenMetadata, type MetadataObjects } from "./metadata-objects.ts";
import { currentSnapshot, type TableMetadata } from "./table-metadata.ts";

export interface CheckResult {
  /** undefined: it cannot be read. */
  readonly metadata: TableMetadata | undefined;
  /** Objects that are missing or damaged. */
  readonly missing_keys: string[];
  /** Why the dataset is broken; null when it is sound. */
  readonly fault: string | null;
}

export interface CheckNeeds {
  readonly storage: Client<typeof storage>;
  readonly objects: MetadataObjects;
  readonly at_once_max: number;
}

/** Looks at the current snapshot: all files of it, or the `newest_max` last added. */
export async function checkDataset(
  needs: CheckNeeds,
  metadata_key: string,
  call: Call,
  newest_max = Infinity,
): Promise<CheckResult> {
  let metadata: TableMetadata | undefined;
  try {
    needs.objects.forget(metadata_key);
    metadata = await needs.objects.metadata(metadata_key, call);
    const files = await currentFiles(needs.objects, metadata, call, newest_max);
    const missing = await findMissing(needs, files, call);
    return { metadata, missing_keys: missing, fault: describeMissing(missing) };
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw error;
    return { metadata, missing_keys: [error.key], fault: error.message };
  }
}

async function currentFiles(
  objects: MetadataObjects,
  metadata: TableMetadata,
  call: Call,
  newest_max: number,
): Promise<DataFile[]> {
  const current = currentSnapshot(metadata);
  if (current === null) return [];
  objects.forget(current.manifest_key);
  const listed = await objects.manifests(current.manifest_key, call);
  const files: DataFile[] = [];
  for (const { key } of listed.toReversed()) {
    objects.forget(key);
    const { entries } = await objects.manifest(key, call);
    for (const entry of entries.toReversed()) {
      if (files.length >= newest_max) return files;
      files.push(entry.file);
    }
  }
  return files;
}

/** Keys of files that are not in storage, or are there with another size. */
export async function findMissing(
  needs: Pick<CheckNeeds, "storage" | "at_once_max">,
  files: readonly DataFile[],
  call: Call,
): Promise<string[]> {
  const missing: string[] = [];
  await eachOf(files, needs.at_once_max, async (file) => {
    const info = await headOr(needs.storage, file.key, call);
    if (info?.size_bytes !== file.size_bytes) missing.push(file.key);
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

async function headOr(client: Client<typeof storage>, key: string, call: Call) {
  try {
    return await client.head({ key }, call);
  } catch (error) {
    if (error instanceof LakehouseError && error.reason === "no_such_object") return undefined;
    throw error;
  }
}

export function describeMissing(keys: readonly string[]): string | null {
  if (keys.length === 0) return null;
  const more = keys.length > 1 ? ` and ${keys.length - 1} more` : "";
  return `objects are missing or have another size: ${keys[0]}${more}`;
}
