// The files a commit adds: checked against storage and partitioning, put in Iceberg's words.
import type { DataFile } from "#contracts/catalog.ts";
import type { Cell } from "#contracts/table-nouns.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { eachOf } from "./check-dataset.ts";
import { badCommit } from "./commit-request.ts";
import { transformResultType } from "./iceberg/partitioning.ts";
import { encodeCell } from "./iceberg/single-values.ts";
import { currentSchema, defaultSpec } from "./iceberg/table-metadata.ts";
import { fieldById } from "./iceberg/table-schema.ts";
import type { IcebergDataFile, TableMetadata } from "./iceberg/table-types.ts";
import { locationOfKey, requireOurs } from "./table-places.ts";

/**
 * Throws `conflict` (`missing_object`) unless each file is in storage with the size said, and
 * `invalid` (`bad_commit`) for one in a bucket that is not there.
 */
export async function requireStored(
  { objects, settings, buckets }: CatalogParts,
  files: readonly IcebergDataFile[],
  call: Call,
): Promise<void> {
  const known = await buckets(call);
  // What a caller names wrongly does not make the dataset broken.
  for (const { file_path } of files) requireOurs(known, file_path, "bad_commit");
  const missing: string[] = [];
  await eachOf(files, settings.objects_at_once_max, async ({ file_path, file_size_in_bytes }) => {
    if ((await objects.sizeOf(file_path, call)) !== file_size_in_bytes) missing.push(file_path);
  });
  if (missing.length === 0) return;
  const message = `${missing.length} added files are not in storage with the size said: ${missing[0]}`;
  throw new LakehouseError("conflict", message, {
    reason: "missing_object",
    hint: "put the objects first, then commit them",
    extra: { missing_keys: missing.slice(0, 100) },
  });
}

/** Throws `invalid` (`bad_commit`) for a partition that is not one of the present partitioning. */
export function toIcebergFiles(
  metadata: TableMetadata,
  files: readonly DataFile[],
): IcebergDataFile[] {
  const toPartition = createPartitionReader(metadata);
  return files.map((file) => ({
    content: 0,
    file_path: locationOfKey(metadata.location, file.key, file.bucket),
    file_format: "PARQUET",
    partition: toPartition(file),
    record_count: file.rows,
    file_size_in_bytes: file.size_bytes,
    stats: file.stats,
    split_offsets: file.split_offsets.length === 0 ? null : file.split_offsets,
    sort_order_id: 0,
  }));
}

function createPartitionReader(metadata: TableMetadata) {
  const schema = currentSchema(metadata);
  const fields = defaultSpec(metadata).fields.map((field) => {
    const source = fieldById(schema, field["source-id"]);
    const type = source === undefined ? "string" : source.type;
    return { name: field.name, type: transformResultType(field.transform, type), field };
  });
  const known = new Set(fields.map((field) => field.name));
  return ({ key, partition }: DataFile): Record<string, Cell> => {
    const odd = Object.keys(partition).find((name) => !known.has(name));
    if (odd !== undefined) {
      const names = [...known].join(", ") || "none";
      throw badCommit(`${key}: the dataset is not partitioned by "${odd}"`, `fields: ${names}`);
    }
    const values: Record<string, Cell> = {};
    for (const { name, type } of fields) {
      const value = partition[name] ?? null;
      values[name] = value;
      if (value === null) continue;
      try {
        encodeCell(type, value);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw badCommit(`${key}: partition field "${name}" is a ${String(type)}: ${why}`);
      }
    }
    return values;
  };
}
