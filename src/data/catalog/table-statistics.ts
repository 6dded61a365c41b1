// What manifests know of the rows of a dataset, without reading any.
import type { catalog } from "#contracts/catalog.ts";
import type { Cell, ColumnStats } from "#contracts/table-nouns.ts";
import type { Call } from "#kernel/call.ts";
import type { OutputOf } from "#kernel/contract.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { healthyRecord, quarantinedError } from "./dataset-record.ts";
import { compareCells } from "./iceberg/single-values.ts";
import { currentSchema, currentSnapshot, schemaById } from "./iceberg/table-metadata.ts";
import { toFields } from "./iceberg/table-schema.ts";
import type { IcebergField, TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";
import { liveFilesIn, liveManifests } from "./live-files.ts";
import type { LiveFile } from "./position-deletes.ts";
import { requireSnapshot } from "./read-snapshots.ts";
import { BrokenMetadata } from "./table-objects.ts";

export type Statistics = OutputOf<(typeof catalog)["operations"]["statistics"]>;

const TARGET_PROPERTY = "write.target-file-size-bytes";
const TARGET_BYTES = 128 * 1024 * 1024;

export function readStatistics(
  parts: CatalogParts,
  { name, at }: { readonly name: string; readonly at?: string | undefined },
  call: Call,
): Promise<Statistics> {
  const { store, objects } = parts;
  return store.read(name, call, async (held) => {
    const record = healthyRecord(held, name);
    const metadata = await objects.metadata(record.metadata_location, call);
    if (at === undefined) return collect(parts, name, metadata, currentSnapshot(metadata), call);
    const snapshot = requireSnapshot(name, metadata, at);
    try {
      return await collect(parts, name, metadata, snapshot, call);
    } catch (error) {
      if (!(error instanceof BrokenMetadata)) throw error;
      throw quarantinedError(`${name} at ${at}`, error.message);
    }
  });
}

async function collect(
  { objects }: CatalogParts,
  name: string,
  metadata: TableMetadata,
  snapshot: TableSnapshot | undefined,
  call: Call,
): Promise<Statistics> {
  const current = snapshot?.["snapshot-id"] === metadata["current-snapshot-id"];
  const then = current ? undefined : schemaById(metadata, snapshot?.["schema-id"] ?? -1);
  const schema = then ?? currentSchema(metadata);
  const sums = schema.fields.map(startColumn);
  const partitions = new Map<
    string,
    { partition: Record<string, Cell>; files: number; rows: number }
  >();
  const target = Number(metadata.properties[TARGET_PROPERTY] ?? TARGET_BYTES);
  const totals = { rows: 0, files: 0, delete_files: 0, size_bytes: 0, small_files: 0 };
  const manifests = await liveManifests(objects, snapshot, call);
  for (const listed of manifests) {
    for (const live of await liveFilesIn(objects, metadata, listed, call)) {
      const { file } = live;
      totals.size_bytes += file.file_size_in_bytes;
      if (listed.content === 1) {
        totals.delete_files++;
        continue;
      }
      totals.files++;
      totals.rows += file.record_count;
      if (file.file_size_in_bytes < target / 2) totals.small_files++;
      addPartition(partitions, live);
      const stats = new Map(file.stats.map((one) => [one.field_id, one]));
      for (const sum of sums) addFile(sum, stats.get(sum.field.id), file.record_count);
    }
  }
  const types = new Map(toFields(schema).map((one) => [one.field_id, one.type]));
  return {
    dataset: name,
    snapshot_id: snapshot?.["snapshot-id"] ?? null,
    ...totals,
    snapshots: metadata.snapshots.length,
    manifests: manifests.length,
    columns: sums.map((sum) => toColumn(sum, types.get(sum.field.id) ?? "")),
    partitions: [...partitions.values()],
  };
}

interface ColumnSum {
  readonly field: IcebergField;
  /** undefined: some file does not say. */
  nulls: number | undefined;
  size_bytes: number | undefined;
  bounded: boolean;
  lower: Cell | undefined;
  upper: Cell | undefined;
}

function startColumn(field: IcebergField): ColumnSum {
  return {
    field,
    nulls: 0,
    size_bytes: 0,
    bounded: typeof field.type === "string",
    lower: undefined,
    upper: undefined,
  };
}

function addFile(sum: ColumnSum, stats: ColumnStats | undefined, rows: number): void {
  if (rows === 0) return;
  const { type } = sum.field;
  sum.nulls = plus(sum.nulls, stats?.nulls);
  sum.size_bytes = plus(sum.size_bytes, stats?.size_bytes);
  // A file of nulls only has no bounds and moves none.
  if (stats?.nulls === rows || !sum.bounded) return;
  const { lower, upper } = stats ?? {};
  sum.bounded = lower !== undefined && upper !== undefined;
  if (lower === undefined || upper === undefined) return;
  if (sum.lower === undefined || compareCells(type, lower, sum.lower) < 0) sum.lower = lower;
  if (sum.upper === undefined || compareCells(type, upper, sum.upper) > 0) sum.upper = upper;
}

function plus(sum: number | undefined, more: number | undefined): number | undefined {
  return sum === undefined || more === undefined ? undefined : sum + more;
}

function toColumn(sum: ColumnSum, type: string): Statistics["columns"][number] {
  return {
    name: sum.field.name,
    type,
    field_id: sum.field.id,
    nulls: sum.nulls ?? null,
    size_bytes: sum.size_bytes ?? null,
    lower: sum.bounded ? (sum.lower ?? null) : null,
    upper: sum.bounded ? (sum.upper ?? null) : null,
  };
}

function addPartition(
  partitions: Map<string, { partition: Record<string, Cell>; files: number; rows: number }>,
  { file, spec }: LiveFile,
): void {
  if (spec.fields.length === 0) return;
  const key = JSON.stringify([spec["spec-id"], file.partition]);
  const found = partitions.get(key) ?? { partition: { ...file.partition }, files: 0, rows: 0 };
  found.files++;
  found.rows += file.record_count;
  partitions.set(key, found);
}
