// Whether a rewrite that read an earlier snapshot may stand on the present one.
import type { Call } from "#kernel/call.ts";
import { snapshotMoved, type CommitInput } from "./commit-request.ts";
import { createPruner } from "./iceberg/pruning.ts";
import { currentSchema, currentSnapshot, snapshotById } from "./iceberg/table-metadata.ts";
import type { ManifestListEntry, TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";
import { liveFilesIn, specOf } from "./live-files.ts";
import { indexDeletes, type LiveFile } from "./position-deletes.ts";
import { BrokenMetadata, type TableObjects } from "./table-objects.ts";
import { sameSpelling } from "./table-places.ts";

/**
 * Throws `conflict` (`snapshot_moved`) with what stands in the way, unless the commit may be made
 * on top of what came since the snapshot it read:
 * - its files to remove are all still there, without new deletes that apply to them;
 * - nobody has added rows that its condition may match; the same rows written anew are none.
 */
export async function checkRebase(
  objects: TableObjects,
  metadata: TableMetadata,
  manifests: readonly ManifestListEntry[],
  input: CommitInput,
  removed: ReadonlySet<string> | "all",
  call: Call,
): Promise<void> {
  const current = currentSnapshot(metadata);
  const current_id = current?.["snapshot-id"] ?? null;
  const based_on = input.based_on_snapshot_id;
  if (based_on === undefined || based_on === current_id) return;
  const refuse = (why: string) => snapshotMoved(input, current_id, why);
  const since = snapshotsSince(metadata, current, based_on);
  if (since === undefined) throw refuse(`snapshot ${based_on} is not in its history`);
  const newer = await filesAddedBy(objects, metadata, since, call).catch((error: unknown) => {
    if (error instanceof BrokenMetadata)
      throw refuse(`a snapshot between cannot be read: ${error}`);
    throw error;
  });
  const addition = input.operation === "replace" ? undefined : conflicting(metadata, input, newer);
  if (addition !== undefined) {
    throw refuse(`rows that the change may concern were added: ${addition.file.file_path}`);
  }
  if (newer.deletes.length === 0) return;
  const deletes = indexDeletes(newer.deletes);
  for (const listed of manifests) {
    if (listed.content !== 0) continue;
    for (const one of await liveFilesIn(objects, metadata, listed, call)) {
      const path = sameSpelling(one.file.file_path);
      const concerns = removed === "all" || removed.has(path);
      if (!concerns || deletes.of(one).length === 0) continue;
      throw refuse(`rows were deleted from a file it replaces: ${path}`);
    }
  }
}

/** The snapshots after `based_on` up to the current one; undefined when it is no ancestor. */
function snapshotsSince(
  metadata: TableMetadata,
  current: TableSnapshot | undefined,
  based_on: string | null,
): ReadonlyMap<string, TableSnapshot> | undefined {
  const since = new Map<string, TableSnapshot>();
  let at = current;
  while (at !== undefined && at["snapshot-id"] !== based_on) {
    since.set(at["snapshot-id"], at);
    const parent = at["parent-snapshot-id"] ?? undefined;
    at = parent === undefined ? undefined : snapshotById(metadata, parent);
    // A parent that has expired: what came before it cannot be told any more.
    if (parent !== undefined && at === undefined) return undefined;
  }
  return at?.["snapshot-id"] === (based_on ?? undefined) ? since : undefined;
}

interface Newer {
  readonly data: readonly { readonly one: LiveFile; readonly listed: ManifestListEntry }[];
  readonly deletes: readonly LiveFile[];
}

/**
 * What these snapshots added, as each of them tells it: rows added by one may have been moved to
 * another file by the next. Files of a `replace` hold no new rows.
 */
async function filesAddedBy(
  objects: TableObjects,
  metadata: TableMetadata,
  since: ReadonlyMap<string, TableSnapshot>,
  call: Call,
): Promise<Newer> {
  const data: { one: LiveFile; listed: ManifestListEntry }[] = [];
  const deletes: LiveFile[] = [];
  for (const [id, snapshot] of since) {
    const replaces = snapshot.summary["operation"] === "replace";
    for (const listed of await objects.manifests(snapshot["manifest-list"], call)) {
      if (listed.added_snapshot_id !== id || (replaces && listed.content === 0)) continue;
      for (const one of await liveFilesIn(objects, metadata, listed, call)) {
        if (one.added_snapshot_id !== id) continue;
        if (listed.content === 1) deletes.push(one);
        else data.push({ one, listed });
      }
    }
  }
  return { data, deletes };
}

function conflicting(
  metadata: TableMetadata,
  { conflict_where }: CommitInput,
  { data }: Newer,
): LiveFile | undefined {
  if (conflict_where === undefined) return data[0]?.one;
  const pruner = createPruner(currentSchema(metadata), conflict_where);
  return data.find(({ one, listed }) => pruner.fileMayMatch(one.file, specOf(metadata, listed)))
    ?.one;
}
