// Manifests of the files a commit adds: written once, however often the commit is tried.
import type { Call } from "#kernel/call.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { defaultSpec } from "./iceberg/table-metadata.ts";
import type { IcebergDataFile, TableMetadata } from "./iceberg/table-types.ts";
import { inParts, type ManifestPlanner, type PlannedManifest } from "./plan-manifests.ts";

export interface Added {
  readonly manifests: readonly PlannedManifest[];
  /** Resolves when they are put; the next try needs them again and not put again. */
  put(parts: CatalogParts, call: Call): Promise<void>;
}

export type AddedPlan = (
  planner: ManifestPlanner,
  present: TableMetadata,
  files: readonly IcebergDataFile[],
) => Added;

/** Manifests of added files are kept from try to try: they do not depend on what is there. */
export function createAddedPlan({ settings }: CatalogParts, snapshot_id: string): AddedPlan {
  let held: { readonly key: string; readonly added: Added } | undefined;
  return (planner, present, files) => {
    const spec = defaultSpec(present);
    const key = `${present["current-schema-id"]} ${spec["spec-id"]} ${present.location}`;
    if (held?.key === key) return held.added;
    const inherits = { sequence_number: null, file_sequence_number: null };
    const entries = files.map((data_file) => ({
      status: 1 as const,
      snapshot_id,
      ...inherits,
      data_file,
    }));
    const manifests = inParts(entries, settings.manifest_files_max).map((part) =>
      planner.plan(spec, 0, part),
    );
    let putting: Promise<unknown> | undefined;
    const added: Added = {
      manifests,
      async put({ objects }, call) {
        putting ??= Promise.all(manifests.map((one) => objects.put(one.object, call)));
        await putting;
      },
    };
    held = { key, added };
    return added;
  };
}
