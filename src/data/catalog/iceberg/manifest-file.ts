// Manifests: Avro files that list data or delete files with partition and statistics (table spec).
import { z } from "zod";
import { parseLongJson } from "#kernel/long-json.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { readContainer, writeContainer, type AvroFile } from "./avro-container.ts";
import type { AvroCodecs } from "./avro-types.ts";
import { decodeStats, encodeStats, fieldTypes, type FieldTypes } from "./data-file-stats.ts";
import { fieldNames, fieldSchema, manifestSchema } from "./manifest-schemas.ts";
import { parseSchema, readJson, specFieldJson, withFieldIds } from "./metadata-json.ts";
import { FIRST_PARTITION_ID } from "./partitioning.ts";
import { encodePartition, partitionReader, partitionTypes } from "./partition-values.ts";
import type {
  EntryStatus,
  IcebergDataFile,
  IcebergSchema,
  ManifestContent,
  ManifestEntry,
  ManifestListEntry,
  PartitionSpec,
  RawStats,
  SpecField,
} from "./table-types.ts";

export { createAvroCodecs, type AvroCodecs } from "./avro-types.ts";
export { statsOf } from "./data-file-stats.ts";

export interface Manifest {
  readonly schema: IcebergSchema;
  readonly spec: PartitionSpec;
  readonly content: ManifestContent;
  readonly entries: readonly ManifestEntry[];
  /** Where the columns of the spec are found that the schema no longer has. */
  readonly older_schemas?: readonly IcebergSchema[] | undefined;
}

/** The bytes of a manifest, format v2. What is null in an entry is inherited by its readers. */
export function encodeManifest(
  { schema, spec, content, entries, older_schemas = [] }: Manifest,
  codecs?: AvroCodecs,
): Buffer {
  const schemas = [schema, ...older_schemas];
  const types = partitionTypes(spec.fields, schemas).map((type) => type ?? "string");
  const metadata = {
    schema: JSON.stringify(schema),
    "schema-id": String(schema["schema-id"]),
    "partition-spec": JSON.stringify(spec.fields),
    "partition-spec-id": String(spec["spec-id"]),
    "format-version": "2",
    content: content === 0 ? "data" : "deletes",
  };
  const stats_types = fieldTypes(schema);
  const records = function* () {
    for (const entry of entries) yield entryRecord(entry, spec, types, stats_types);
  };
  return writeContainer(manifestSchema(spec.fields, types), metadata, records(), codecs);
}

function entryRecord(
  entry: ManifestEntry,
  spec: PartitionSpec,
  types: readonly string[],
  stats_types: FieldTypes,
) {
  const file = entry.data_file;
  const stats = file.raw_stats ?? encodeStats(file.stats, stats_types);
  return {
    status: entry.status,
    snapshot_id: entry.snapshot_id,
    sequence_number: entry.sequence_number,
    file_sequence_number: entry.file_sequence_number,
    data_file: {
      content: file.content,
      file_path: file.file_path,
      file_format: file.file_format.toUpperCase(),
      partition: encodePartition(spec, types, file.partition),
      record_count: file.record_count,
      file_size_in_bytes: file.file_size_in_bytes,
      column_sizes: stats.column_sizes,
      value_counts: stats.value_counts,
      null_value_counts: stats.null_value_counts,
      nan_value_counts: stats.nan_value_counts,
      lower_bounds: stats.lower_bounds,
      upper_bounds: stats.upper_bounds,
      key_metadata: asBuffer(file.key_metadata),
      split_offsets: file.split_offsets?.length === 0 ? null : file.split_offsets,
      equality_ids: file.equality_ids,
      sort_order_id: file.sort_order_id,
      referenced_data_file: file.referenced_data_file,
    },
  };
}

function asBuffer(bytes: Uint8Array | null | undefined): Buffer | null {
  return bytes === null || bytes === undefined ? null : Buffer.from(bytes);
}

export interface DecodedManifest {
  /** The schema the manifest was written with, where it says so. */
  readonly schema?: IcebergSchema | undefined;
  readonly spec_id: number;
  readonly content: ManifestContent;
  readonly entries: ManifestEntry[];
}

/**
 * Reads a manifest of format v1 or v2; `schema` helps where the file has none. Of v1 all sequence
 * numbers are 0. `codecs` (one for all manifests) saves time with many small ones. A damaged file:
 * `invalid` with reason `bad_table`.
 */
export function decodeManifest(
  bytes: Uint8Array,
  schema?: IcebergSchema,
  codecs?: AvroCodecs,
): DecodedManifest {
  const file = readContainer(bytes, "the manifest", codecs);
  const meta = (name: string) => file.metadata.get(name)?.toString("utf8");
  const written = meta("schema");
  const own_schema = written === undefined ? undefined : parseSchema(parseLongJson(written));
  const fields = specFields(meta("partition-spec"));
  const content: ManifestContent = meta("content") === "deletes" ? 1 : 0;
  return {
    ...(own_schema === undefined ? {} : { schema: own_schema }),
    spec_id: Number(meta("partition-spec-id") ?? 0),
    content,
    entries: readEntries(file, fields, own_schema, schema),
  };
}

/** Early writers put the whole spec here, not its fields only. */
function specFields(text: string | undefined): readonly SpecField[] {
  if (text === undefined) return [];
  const json = JSON.parse(text) as unknown;
  const fields = Array.isArray(json) ? json : (json as { fields: unknown }).fields;
  const read = readJson(
    z.array(specFieldJson),
    fields,
    "the manifest's partition spec",
    "bad_table",
  );
  return withFieldIds({ "spec-id": 0, fields: read }, FIRST_PARTITION_ID - 1).fields;
}

type AvroRecord = Readonly<Record<string, unknown>>;

function readEntries(
  { schema: avro, records }: AvroFile,
  fields: readonly SpecField[],
  own_schema: IcebergSchema | undefined,
  table_schema: IcebergSchema | undefined,
): ManifestEntry[] {
  const names = fieldNames(avro);
  const file_schema = fieldSchema(avro, 2);
  if (file_schema === undefined) {
    throw new LakehouseError("invalid", "the manifest is damaged: its entries have no data file", {
      reason: "bad_table",
    });
  }
  const types = partitionTypes(fields, [own_schema, table_schema]);
  const partition_schema = fieldSchema(file_schema, 102) ?? "null";
  const readFile = fileReader(
    fieldNames(file_schema),
    partitionReader(partition_schema, fields, types),
    fieldTypes(own_schema ?? table_schema ?? { type: "struct", "schema-id": 0, fields: [] }),
  );
  const [status, snapshot_id, data_file] = [0, 1, 2].map((id) => names.get(id) ?? "");
  const sequence = names.get(3);
  const file_sequence = names.get(4);
  return (records as AvroRecord[]).map((record) => ({
    status: Number(record[status!]) as EntryStatus,
    snapshot_id: idOf(record[snapshot_id!]),
    sequence_number: sequence === undefined ? 0 : numberOf(record[sequence]),
    file_sequence_number:
      file_sequence === undefined
        ? sequence === undefined
          ? 0
          : null
        : numberOf(record[file_sequence]),
    data_file: readFile(record[data_file!] as AvroRecord),
  }));
}

function idOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value as number | string);
}

function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** Reads the data file of an entry, by the names its writer gave the fields. */
function fileReader(
  names: ReadonlyMap<number, string>,
  readPartition: ReturnType<typeof partitionReader>,
  types: FieldTypes,
): (record: AvroRecord) => IcebergDataFile {
  const n = (id: number) => names.get(id) ?? "";
  const [content, path, format, partition, rows, size] = [134, 100, 101, 102, 103, 104].map(n);
  const [sizes, values, nulls, nans, lower, upper] = [108, 109, 110, 137, 125, 128].map(n);
  const [key, offsets, equality, order, of] = [131, 132, 135, 140, 143].map(n);
  const bytes = (value: unknown) => (value ?? null) as Uint8Array | null;
  return (record) => {
    const raw_stats: RawStats = {
      types,
      column_sizes: bytes(record[sizes!]),
      value_counts: bytes(record[values!]),
      null_value_counts: bytes(record[nulls!]),
      nan_value_counts: bytes(record[nans!]),
      lower_bounds: bytes(record[lower!]),
      upper_bounds: bytes(record[upper!]),
    };
    let stats: IcebergDataFile["stats"] | undefined;
    return {
      content: (record[content!] ?? 0) as 0 | 1 | 2,
      file_path: record[path!] as string,
      file_format: (record[format!] as string).toUpperCase(),
      partition: readPartition((record[partition!] ?? {}) as AvroRecord),
      record_count: Number(record[rows!]),
      file_size_in_bytes: Number(record[size!]),
      get stats() {
        return (stats ??= decodeStats(raw_stats));
      },
      raw_stats,
      key_metadata: bytes(record[key!]),
      split_offsets: (record[offsets!] ?? null) as number[] | null,
      equality_ids: (record[equality!] ?? null) as number[] | null,
      sort_order_id: (record[order!] ?? null) as number | null,
      referenced_data_file: (record[of!] ?? null) as string | null,
    };
  };
}

/** Fills in what entries inherit from the manifest list (table spec, "Manifest Inheritance"). */
export function inherit(
  entries: readonly ManifestEntry[],
  from: Pick<ManifestListEntry, "sequence_number" | "added_snapshot_id">,
): ManifestEntry[] {
  return entries.map((entry) => {
    const { snapshot_id, sequence_number, file_sequence_number } = entry;
    if (snapshot_id !== null && sequence_number !== null && file_sequence_number !== null) {
      return entry;
    }
    const sequence = sequence_number ?? from.sequence_number;
    return {
      ...entry,
      snapshot_id: snapshot_id ?? from.added_snapshot_id,
      sequence_number: sequence,
      file_sequence_number: file_sequence_number ?? sequence,
    };
  });
}
