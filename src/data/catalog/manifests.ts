// Manifests: which files a snapshot has. The list of each names manifests that many may share.
import { z } from "zod";
import { dataFile, type DataFile } from "#contracts/catalog.ts";
import { count } from "#contracts/nouns.ts";

export const manifestEntry = z.strictObject({
  /** Snapshot and sequence number that added the file; null: those of the manifest itself. */
  snapshot_id: z.string().nullable(),
  sequence_number: count.nullable(),
  file: dataFile,
});
export type ManifestEntry = z.output<typeof manifestEntry>;

export const manifest = z.strictObject({
  format_version: z.literal(1),
  entries: z.array(manifestEntry),
});

export const listedManifest = z.strictObject({
  key: z.string(),
  snapshot_id: z.string(),
  sequence_number: count,
  files: count,
  rows: count,
  size_bytes: count,
});
export type ListedManifest = z.output<typeof listedManifest>;

export const manifestList = z.strictObject({
  format_version: z.literal(1),
  snapshot_id: z.string(),
  manifests: z.array(listedManifest),
});

export interface FileTotals {
  readonly files: number;
  readonly rows: number;
  readonly size_bytes: number;
}

/** Files, rows and bytes of some entries, or of some manifests. */
export function totalsOf(parts: readonly FileTotals[]): FileTotals {
  let [files, rows, size_bytes] = [0, 0, 0];
  for (const part of parts) {
    files += part.files;
    rows += part.rows;
    size_bytes += part.size_bytes;
  }
  return { files, rows, size_bytes };
}

export function fileTotals(files: readonly DataFile[]): FileTotals {
  return totalsOf(files.map(({ rows, size_bytes }) => ({ files: 1, rows, size_bytes })));
}

/** The entries with the snapshot they inherit written out, as they go into another manifest. */
export function settle(entries: readonly ManifestEntry[], from: ListedManifest): ManifestEntry[] {
  return entries.map((entry) => ({
    snapshot_id: entry.snapshot_id ?? from.snapshot_id,
    sequence_number: entry.sequence_number ?? from.sequence_number,
    file: entry.file,
  }));
}

/** The small manifests that should become one, when there are more than `small_max`. */
export function toMerge(
  manifests: readonly ListedManifest[],
  small_max: number,
  files_max: number,
): ListedManifest[] {
  const small = manifests.filter((one) => one.files < files_max);
  return small.length > small_max ? small : [];
}
