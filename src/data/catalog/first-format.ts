// The metadata of version 0.1: JSON objects below _catalog/, read here for migration only.
import { z } from "zod";
import type { storage } from "#contracts/storage.ts";
import { column, count, record } from "#contracts/nouns.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { pendingEvent } from "./dataset-record.ts";
import { BrokenMetadata, readAll } from "./table-objects.ts";

const status = z.enum(["healthy", "quarantined", "tombstoned"]);

export const firstRecord = z.looseObject({
  format_version: z.literal(1),
  dataset: z.looseObject({
    dataset_id: z.string(),
    name: z.string(),
    status,
    status_reason: z.string().nullable(),
    created_at: z.string(),
    updated_at: z.string(),
  }),
  metadata_key: z.string(),
  quarantined_by: z.enum(["check", "caller"]).nullable(),
  buried: z.strictObject({ status, status_reason: z.string().nullable() }).nullable(),
  outbox: z.array(pendingEvent),
});
export type FirstRecord = z.output<typeof firstRecord>;

const firstField = column.extend({ field_id: z.int().min(1) });

const firstSnapshot = z.looseObject({
  snapshot_id: z.string(),
  parent_snapshot_id: z.string().nullable(),
  sequence_number: count,
  timestamp_ms: count,
  operation: z.enum(["append", "overwrite", "delete"]),
  schema_id: count,
  manifest_key: z.string(),
  summary: z.looseObject({
    added_files: count,
    removed_files: count,
    added_rows: count,
    removed_rows: count,
    total_files: count,
    total_rows: count,
    total_bytes: count,
  }),
  properties: record,
});
export type FirstSnapshot = z.output<typeof firstSnapshot>;

const firstMetadata = z.looseObject({
  format_version: z.literal(1),
  created_at_ms: count,
  last_updated_ms: count,
  last_sequence_number: count,
  last_field_id: count,
  current_schema_id: count,
  schemas: z.array(z.looseObject({ schema_id: count, fields: z.array(firstField) })).min(1),
  properties: record,
  current_snapshot_id: z.string().nullable(),
  snapshots: z.array(firstSnapshot),
  archives: z.array(z.looseObject({ key: z.string() })),
});
export type FirstMetadata = z.output<typeof firstMetadata>;

const firstArchive = z.looseObject({ snapshots: z.array(firstSnapshot) });

const firstList = z.looseObject({
  manifests: z.array(
    z.looseObject({ key: z.string(), snapshot_id: z.string(), sequence_number: count }),
  ),
});
export type FirstListed = z.output<typeof firstList>["manifests"][number];

const firstManifest = z.looseObject({
  entries: z.array(
    z.looseObject({
      snapshot_id: z.string().nullable(),
      sequence_number: count.nullable(),
      file: z.looseObject({
        key: z.string(),
        rows: count,
        size_bytes: count,
        source: z
          .looseObject({ ingest_id: z.string(), content_sha256: z.string(), name: z.string() })
          .nullable(),
      }),
    }),
  ),
});
export type FirstEntry = z.output<typeof firstManifest>["entries"][number];

export interface FirstTable {
  readonly metadata: FirstMetadata;
  /** All of them, oldest first, those in archives too. */
  readonly snapshots: readonly FirstSnapshot[];
  /** Manifests by the key of the list that names them. */
  readonly lists: ReadonlyMap<string, readonly FirstListed[]>;
  /** Entries by the key of the manifest. */
  readonly manifests: ReadonlyMap<string, readonly FirstEntry[]>;
}

/** Reads all metadata of a dataset; what is missing or damaged is `BrokenMetadata`. */
export async function readFirstTable(
  client: Client<typeof storage>,
  metadata_key: string,
  call: Call,
): Promise<FirstTable> {
  async function read<S extends z.ZodType>(schema: S, key: string): Promise<z.output<S>> {
    const bytes = await readAll(client, key, { key }, call);
    try {
      return schema.parse(JSON.parse(bytes.toString("utf8")));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new BrokenMetadata(key, `is not what it should be: ${why}`);
    }
  }

  const metadata = await read(firstMetadata, metadata_key);
  const snapshots: FirstSnapshot[] = [];
  for (const { key } of metadata.archives) {
    snapshots.push(...(await read(firstArchive, key)).snapshots);
  }
  snapshots.push(...metadata.snapshots);
  const lists = new Map<string, readonly FirstListed[]>();
  const manifests = new Map<string, readonly FirstEntry[]>();
  for (const { manifest_key } of snapshots) {
    const listed = (await read(firstList, manifest_key)).manifests;
    lists.set(manifest_key, listed);
    for (const { key } of listed) {
      if (!manifests.has(key)) manifests.set(key, (await read(firstManifest, key)).entries);
    }
  }
  return { metadata, snapshots, lists, manifests };
}
