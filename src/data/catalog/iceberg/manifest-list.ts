// Manifest lists: the manifests of a snapshot with counts and partition summaries (table spec).
import { readContainer, writeContainer } from "./avro-container.ts";
import type { AvroCodecs } from "./avro-types.ts";
import { fieldNames, fieldSchema, MANIFEST_LIST_SCHEMA } from "./manifest-schemas.ts";
import { partitionTypes } from "./partition-values.ts";
import { compareRaw, primitiveOf, rawOf, type Primitive, type Raw } from "./raw-values.ts";
import { encodeRaw } from "./single-values.ts";
import type {
  FieldSummary,
  IcebergSchema,
  ManifestContent,
  ManifestEntry,
  ManifestListEntry,
  PartitionSpec,
} from "./table-types.ts";

/** The bytes of the manifest list of a snapshot, format v2. */
export function encodeManifestList(
  entries: readonly ManifestListEntry[],
  of: {
    readonly snapshot_id: string;
    readonly parent_snapshot_id: string | null;
    readonly sequence_number: number;
  },
  codecs?: AvroCodecs,
): Buffer {
  const metadata = {
    "snapshot-id": of.snapshot_id,
    "parent-snapshot-id": of.parent_snapshot_id ?? "null",
    "sequence-number": String(of.sequence_number),
    "format-version": "2",
  };
  const records = entries.map((entry) => ({
    ...entry,
    added_files_count: entry.added_files_count ?? 0,
    existing_files_count: entry.existing_files_count ?? 0,
    deleted_files_count: entry.deleted_files_count ?? 0,
    added_rows_count: entry.added_rows_count ?? 0,
    existing_rows_count: entry.existing_rows_count ?? 0,
    deleted_rows_count: entry.deleted_rows_count ?? 0,
    key_metadata: asBuffer(entry.key_metadata),
    partitions:
      entry.partitions?.map((summary) => ({
        ...summary,
        lower_bound: asBuffer(summary.lower_bound),
        upper_bound: asBuffer(summary.upper_bound),
      })) ?? null,
  }));
  return writeContainer(MANIFEST_LIST_SCHEMA, metadata, records, codecs);
}

function asBuffer(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

type AvroRecord = Readonly<Record<string, unknown>>;

/**
 * Reads a manifest list of format v1 or v2; fields we don't know are passed over. A damaged file:
 * `invalid` with reason `bad_table`.
 */
export function decodeManifestList(bytes: Uint8Array, codecs?: AvroCodecs): ManifestListEntry[] {
  const { schema, records } = readContainer(bytes, "the manifest list", codecs);
  const names = fieldNames(schema);
  const summary_schema = fieldSchema(schema, 507) as { items?: never } | undefined;
  const summary_names = fieldNames(summary_schema?.items ?? "null");
  return (records as AvroRecord[]).map((record) => {
    const value = (id: number) => record[names.get(id) ?? ""] ?? null;
    const number = (id: number) => (value(id) === null ? null : Number(value(id)));
    return {
      manifest_path: value(500) as string,
      manifest_length: number(501) ?? 0,
      partition_spec_id: number(502) ?? 0,
      content: (number(517) ?? 0) as ManifestContent,
      sequence_number: number(515) ?? 0,
      min_sequence_number: number(516) ?? 0,
      added_snapshot_id: String(value(503) as number | string),
      added_files_count: number(504),
      existing_files_count: number(505),
      deleted_files_count: number(506),
      added_rows_count: number(512),
      existing_rows_count: number(513),
      deleted_rows_count: number(514),
      partitions:
        (value(507) as AvroRecord[] | null)?.map((one) => readSummary(one, summary_names)) ?? null,
      key_metadata: value(519) as Uint8Array | null,
    };
  });
}

function readSummary(record: AvroRecord, names: ReadonlyMap<number, string>): FieldSummary {
  const value = (id: number) => record[names.get(id) ?? ""] ?? null;
  return {
    contains_null: value(509) as boolean,
    contains_nan: value(518) as boolean | null,
    lower_bound: value(510) as Uint8Array | null,
    upper_bound: value(511) as Uint8Array | null,
  };
}

/**
 * What the entries of a manifest hold in each partition field; deleted ones count too. Undefined:
 * the type of a field is not known (its column is gone, or we don't know its transform).
 */
export function summariesOf(
  spec: PartitionSpec,
  schema: IcebergSchema,
  entries: readonly ManifestEntry[],
  older_schemas: readonly IcebergSchema[] = [],
): FieldSummary[] | undefined {
  const types = partitionTypes(spec.fields, [schema, ...older_schemas]);
  const summaries: FieldSummary[] = [];
  for (const [at, { name }] of spec.fields.entries()) {
    const type = primitiveOf(types[at] ?? "");
    // Readers take "nulls, and no bounds" for "nothing but nulls": better to say nothing.
    if (type === undefined) return undefined;
    summaries.push(summaryOf(type, name, entries));
  }
  return summaries;
}

function summaryOf(type: Primitive, name: string, entries: readonly ManifestEntry[]): FieldSummary {
  let contains_null = false;
  let contains_nan = false;
  let lower: Raw | undefined;
  let upper: Raw | undefined;
  for (const { data_file } of entries) {
    const raw = rawOf(type, data_file.partition[name] ?? null);
    if (raw === undefined) contains_null = true;
    else if (Number.isNaN(raw)) contains_nan = true;
    else {
      if (lower === undefined || compareRaw(raw, lower) < 0) lower = raw;
      if (upper === undefined || compareRaw(raw, upper) > 0) upper = raw;
    }
  }
  return {
    contains_null,
    contains_nan,
    lower_bound: lower === undefined ? null : encodeRaw(type, lower),
    upper_bound: upper === undefined ? null : encodeRaw(type, upper),
  };
}

export interface WrittenManifest {
  readonly path: string;
  readonly length: number;
  readonly spec: PartitionSpec;
  readonly schema: IcebergSchema;
  readonly content: ManifestContent;
  readonly entries: readonly ManifestEntry[];
  readonly older_schemas?: readonly IcebergSchema[] | undefined;
  /** The snapshot that adds the manifest, and its sequence number. */
  readonly snapshot_id: string;
  readonly sequence_number: number;
}

/** The line of a manifest list for a manifest just written: counts and summaries worked out. */
export function manifestListEntry(manifest: WrittenManifest): ManifestListEntry {
  const { path, length, spec, schema, content, entries, snapshot_id, sequence_number } = manifest;
  const files = [0, 0, 0];
  const rows = [0, 0, 0];
  let min_sequence_number = sequence_number;
  for (const entry of entries) {
    files[entry.status]!++;
    rows[entry.status]! += entry.data_file.record_count;
    if (entry.status !== 2) {
      const sequence = entry.sequence_number ?? sequence_number;
      min_sequence_number = Math.min(min_sequence_number, sequence);
    }
  }
  return {
    manifest_path: path,
    manifest_length: length,
    partition_spec_id: spec["spec-id"],
    content,
    sequence_number,
    min_sequence_number,
    added_snapshot_id: snapshot_id,
    existing_files_count: files[0]!,
    added_files_count: files[1]!,
    deleted_files_count: files[2]!,
    existing_rows_count: rows[0]!,
    added_rows_count: rows[1]!,
    deleted_rows_count: rows[2]!,
    partitions: summariesOf(spec, schema, entries, manifest.older_schemas) ?? null,
    key_metadata: null,
  };
}
