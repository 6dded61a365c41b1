// The manifests of the snapshot that a commit makes: what stays, what is added, small ones merged.
import type { Call } from "#kernel/call.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { badCommit, type CommitInput } from "./commit-request.ts";
import { mergeSmall, removeFiles, type ManifestEdit } from "./edit-manifests.ts";
import { currentSnapshot } from "./iceberg/table-metadata.ts";
import type { IcebergDataFile, ManifestListEntry, TableMetadata } from "./iceberg/table-types.ts";
import { liveFiles, liveManifests } from "./live-files.ts";
import type { Added, AddedPlan } from "./plan-added.ts";
import { createManifestPlanner, type NewSnapshotId } from "./plan-manifests.ts";
import { indexDeletes } from "./position-deletes.ts";
import { checkRebase } from "./rebase-commit.ts";
import { fileTotals } from "./snapshot-summary.ts";
import { BrokenMetadata } from "./table-objects.ts";
import { locationOfKey, sameSpelling } from "./table-places.ts";

export interface PlannedEdit extends ManifestEdit {
  readonly added: Added;
}

/** The manifests of the next snapshot: what stays, what is added, small ones merged. */
export async function planEdit(
  parts: CatalogParts,
  present: TableMetadata,
  input: CommitInput,
  id: NewSnapshotId,
  files: readonly IcebergDataFile[],
  planAdded: AddedPlan,
  call: Call,
): Promise<PlannedEdit> {
  const { objects, settings } = parts;
  const planner = createManifestPlanner(objects, present);
  const needs = { objects, planner, metadata: present, id, call };
  const replaced = input.replace_all && input.based_on_snapshot_id === undefined;
  const base = await baseOf(parts, present, replaced, call);
  const named = input.removed_keys.map((key) => locationOfKey(present.location, key));
  const removed = input.replace_all ? ("all" as const) : new Set(named);
  await checkRebase(objects, present, base, input, removed, call);
  const added_paths = new Set(files.map((file) => sameSpelling(file.file_path)));
  const edit = await removeFiles(needs, base, { name: input.name, added: added_paths, removed });
  if (input.operation === "replace") await requireSameRows(parts, present, base, edit, files, call);
  const added = planAdded(planner, present, files);
  const listed = added.manifests.map((one) => planner.list(one, id));
  const merged = await mergeSmall(needs, [...edit.manifests, ...listed], settings);
  return {
    ...edit,
    manifests: merged.manifests,
    objects: [...edit.objects, ...merged.objects],
    added,
  };
}

/** The present manifests; of a broken dataset that is replaced as a whole, none are needed. */
async function baseOf(
  { objects, log }: CatalogParts,
  present: TableMetadata,
  replaced: boolean,
  call: Call,
): Promise<readonly ManifestListEntry[]> {
  const snapshot = currentSnapshot(present);
  if (!replaced) return liveManifests(objects, snapshot, call);
  try {
    const manifests = await liveManifests(objects, snapshot, call);
    for (const { manifest_path } of manifests) await objects.manifest(manifest_path, call);
    return manifests;
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw error;
    log.warn({ err: error }, "what replace_all replaces cannot be listed any more");
    return [];
  }
}

/** A `replace` must hold the rows of the files it removes, less those that deletes took away. */
async function requireSameRows(
  { objects }: CatalogParts,
  present: TableMetadata,
  base: readonly ManifestListEntry[],
  edit: ManifestEdit,
  added: readonly IcebergDataFile[],
  call: Call,
): Promise<void> {
  const deletes = indexDeletes(await liveFiles(objects, present, base, 1, call));
  const applied = new Map(
    edit.removed
      .flatMap((one) => deletes.of(one))
      .map((one) => [one.file.file_path, one.file.record_count]),
  );
  const most = fileTotals(edit.removed.map((one) => one.file)).rows;
  const least = [...applied.values()].reduce((left, rows) => left - rows, most);
  const { rows } = fileTotals(added);
  if (rows <= most && rows >= least) return;
  throw badCommit(
    `a replace keeps the rows: ${most} are removed and ${rows} added`,
    "commit a change of rows as overwrite",
  );
}
