// The manifests of the next snapshot: without removed files, small ones merged; old objects stay.
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogSettings } from "./catalog-settings.ts";
import type { CommitInput } from "./commit-request.ts";
import {
  fileTotals,
  settle,
  toMerge,
  totalsOf,
  type FileTotals,
  type ListedManifest,
  type ManifestEntry,
} from "./manifests.ts";
import type { MetadataObjects } from "./metadata-objects.ts";

interface NewId {
  readonly snapshot_id: string;
  readonly sequence_number: number;
}

export interface ManifestEdit {
  readonly manifests: readonly ListedManifest[];
  readonly removed: FileTotals;
  /** Keys of manifests written for this. */
  readonly written: readonly string[];
}

/**
 * Manifests without the files the commit removes. Throws `conflict`: `no_such_file` when one to be
 * removed is not there, `file_exists` when one to be added is there already.
 */
export async function removeFiles(
  objects: MetadataObjects,
  location: string,
  base: readonly ListedManifest[],
  input: CommitInput,
  id: NewId,
  call: Call,
): Promise<ManifestEdit> {
  if (input.replace_all) return { manifests: [], removed: totalsOf(base), written: [] };
  const unwanted = new Set(input.removed_keys);
  const manifests: ListedManifest[] = [];
  const written: string[] = [];
  const removed: FileTotals[] = [];
  let found = 0;
  for (const listed of base) {
    const held = await objects.manifest(listed.key, call);
    const hits = input.removed_keys.filter((key) => held.keys.has(key)).length;
    const twice = input.added.find((file) => held.keys.has(file.key) && !unwanted.has(file.key));
    if (twice !== undefined) throw fileExists(input.name, twice.key);
    if (hits === 0) {
      manifests.push(listed);
      continue;
    }
    found += hits;
    const gone = held.entries.filter((entry) => unwanted.has(entry.file.key));
    removed.push(fileTotals(gone.map((entry) => entry.file)));
    const kept = held.entries.filter((entry) => !unwanted.has(entry.file.key));
    if (kept.length === 0) continue;
    const rewritten = await writeListed(objects, location, settle(kept, listed), id, call);
    manifests.push(rewritten);
    written.push(rewritten.key);
  }
  if (found < unwanted.size) throw noSuchFile(input.name, unwanted.size - found);
  return { manifests, removed: totalsOf(removed), written };
}

/** One manifest for each append would be many; small ones become one now and then. */
export async function mergeSmall(
  objects: MetadataObjects,
  location: string,
  manifests: ListedManifest[],
  settings: CatalogSettings,
  id: NewId,
  call: Call,
): Promise<{ manifests: ListedManifest[]; written: string[] }> {
  const small = toMerge(manifests, settings.small_manifests_max, settings.manifest_files_max);
  if (small.length === 0) return { manifests, written: [] };
  const entries: ManifestEntry[] = [];
  for (const listed of small) {
    const held = await objects.manifest(listed.key, call);
    for (const entry of settle(held.entries, listed)) entries.push(entry);
  }
  const merged: ListedManifest[] = [];
  for (let at = 0; at < entries.length; at += settings.manifest_files_max) {
    const some = entries.slice(at, at + settings.manifest_files_max);
    merged.push(await writeListed(objects, location, some, id, call));
  }
  const kept = manifests.filter((listed) => !small.includes(listed));
  return { manifests: [...kept, ...merged], written: merged.map((listed) => listed.key) };
}

async function writeListed(
  objects: MetadataObjects,
  location: string,
  entries: ManifestEntry[],
  id: NewId,
  call: Call,
): Promise<ListedManifest> {
  const key = await objects.writeManifest(location, entries, call);
  return { key, ...id, ...fileTotals(entries.map((entry) => entry.file)) };
}

function fileExists(name: string, key: string): LakehouseError {
  return new LakehouseError("conflict", `"${name}" has the file ${key} already`, {
    reason: "file_exists",
    extra: { key },
  });
}

function noSuchFile(name: string, missing: number): LakehouseError {
  const message = `${missing} of the files to remove are not in the current snapshot of "${name}"`;
  return new LakehouseError("conflict", message, { reason: "no_such_file" });
}
