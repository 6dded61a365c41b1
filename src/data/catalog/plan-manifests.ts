// Manifests that are still to be written: encoded in memory, put all at once when all is known.
import { newId } from "#kernel/ids.ts";
import { encodeManifest } from "./iceberg/manifest-file.ts";
import { manifestListEntry } from "./iceberg/manifest-list.ts";
import { currentSchema } from "./iceberg/table-metadata.ts";
import type {
  IcebergSchema,
  ManifestContent,
  ManifestEntry,
  ManifestListEntry,
  PartitionSpec,
  TableMetadata,
} from "./iceberg/table-types.ts";
import type { NewObject, TableObjects } from "./table-objects.ts";

export interface NewSnapshotId {
  readonly snapshot_id: string;
  readonly sequence_number: number;
}

export interface PlannedManifest {
  readonly object: NewObject;
  readonly entries: readonly ManifestEntry[];
  readonly schema: IcebergSchema;
  readonly older_schemas: readonly IcebergSchema[];
  readonly spec: PartitionSpec;
  readonly content: ManifestContent;
}

export interface ManifestPlanner {
  /** Encodes a manifest under a fresh name. */
  plan(
    spec: PartitionSpec,
    content: ManifestContent,
    entries: readonly ManifestEntry[],
  ): PlannedManifest;
  /** How the manifest list of a snapshot names it. */
  list(planned: PlannedManifest, id: NewSnapshotId): ManifestListEntry;
}

export function createManifestPlanner(
  objects: TableObjects,
  metadata: TableMetadata,
): ManifestPlanner {
  const prefix = `${metadata.location}/metadata/${newId()}-m`;
  const schema = currentSchema(metadata);
  // Old partition specs may name columns that are no longer there.
  const { schemas: older_schemas } = metadata;
  let next = 0;
  return {
    plan(spec, content, entries) {
      const bytes = encodeManifest(
        { schema, spec, content, entries, older_schemas },
        objects.codecs,
      );
      const object = { location: `${prefix}${next++}.avro`, bytes };
      objects.holdManifest(object.location, entries);
      return { object, entries, schema, older_schemas, spec, content };
    },
    list: ({ object, ...planned }, id) =>
      manifestListEntry({
        path: object.location,
        length: object.bytes.length,
        ...planned,
        ...id,
      }),
  };
}

/** Parts of a list, none longer than `size_max`. */
export function inParts<T>(list: readonly T[], size_max: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < list.length; at += size_max) parts.push(list.slice(at, at + size_max));
  return parts;
}
