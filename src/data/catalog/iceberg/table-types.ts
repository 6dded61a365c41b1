// The nouns of Apache Iceberg's table spec (format v2) as they stand in memory.
import type { Cell, ColumnStats } from "#contracts/table-nouns.ts";
import type { RawKind } from "./raw-values.ts";

/** A primitive by its name (`long`, `decimal(9,2)`, `fixed[16]`), or a nested type (appendix C). */
export type IcebergType = string | IcebergStruct | IcebergList | IcebergMap;

export interface IcebergStruct {
  readonly type: "struct";
  readonly fields: readonly IcebergField[];
}

export interface IcebergList {
  readonly type: "list";
  readonly "element-id": number;
  readonly element: IcebergType;
  readonly "element-required": boolean;
}

export interface IcebergMap {
  readonly type: "map";
  readonly "key-id": number;
  readonly key: IcebergType;
  readonly "value-id": number;
  readonly value: IcebergType;
  readonly "value-required": boolean;
}

export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  readonly doc?: string | undefined;
  readonly [unknown: string]: unknown;
}

export interface IcebergSchema {
  readonly type: "struct";
  readonly "schema-id": number;
  readonly "identifier-field-ids"?: readonly number[] | undefined;
  readonly fields: readonly IcebergField[];
  readonly [unknown: string]: unknown;
}

export interface SpecField {
  readonly "source-id": number;
  readonly "field-id": number;
  readonly name: string;
  readonly transform: string;
  readonly [unknown: string]: unknown;
}

export interface PartitionSpec {
  readonly "spec-id": number;
  readonly fields: readonly SpecField[];
  readonly [unknown: string]: unknown;
}

export interface SortField {
  readonly transform: string;
  readonly "source-id": number;
  readonly direction: "asc" | "desc";
  readonly "null-order": "nulls-first" | "nulls-last";
  readonly [unknown: string]: unknown;
}

export interface SortOrder {
  readonly "order-id": number;
  readonly fields: readonly SortField[];
  readonly [unknown: string]: unknown;
}

/** A snapshot; ids are strings of digits in memory, JSON numbers in files. */
export interface TableSnapshot {
  readonly "snapshot-id": string;
  readonly "parent-snapshot-id"?: string | null | undefined;
  readonly "sequence-number": number;
  readonly "timestamp-ms": number;
  /** Location of the manifest list. */
  readonly "manifest-list": string;
  /** `operation` (append, replace, overwrite, delete) and free text values beside it. */
  readonly summary: Readonly<Record<string, string>>;
  readonly "schema-id"?: number | null | undefined;
  readonly [unknown: string]: unknown;
}

export interface SnapshotRef {
  readonly "snapshot-id": string;
  readonly type: "tag" | "branch";
  readonly "max-ref-age-ms"?: number | null | undefined;
  readonly "max-snapshot-age-ms"?: number | null | undefined;
  readonly "min-snapshots-to-keep"?: number | null | undefined;
  readonly [unknown: string]: unknown;
}

export interface SnapshotLogEntry {
  readonly "snapshot-id": string;
  readonly "timestamp-ms": number;
}

export interface MetadataLogEntry {
  readonly "metadata-file": string;
  readonly "timestamp-ms": number;
}

/** A Puffin statistics file of a snapshot; what stands in it is kept as it came. */
export interface StatisticsFile {
  readonly "snapshot-id": string;
  readonly "statistics-path": string;
  readonly [unknown: string]: unknown;
}

/** Table metadata (spec "Table Metadata Fields"), always of format version 2. */
export interface TableMetadata {
  readonly "format-version": 2;
  readonly "table-uuid": string;
  readonly location: string;
  readonly "last-sequence-number": number;
  readonly "last-updated-ms": number;
  readonly "last-column-id": number;
  readonly schemas: readonly IcebergSchema[];
  readonly "current-schema-id": number;
  readonly "partition-specs": readonly PartitionSpec[];
  readonly "default-spec-id": number;
  readonly "last-partition-id": number;
  readonly properties: Readonly<Record<string, string>>;
  /** null: the table has no snapshot yet. */
  readonly "current-snapshot-id": string | null;
  readonly snapshots: readonly TableSnapshot[];
  readonly "snapshot-log": readonly SnapshotLogEntry[];
  readonly "metadata-log": readonly MetadataLogEntry[];
  readonly "sort-orders": readonly SortOrder[];
  readonly "default-sort-order-id": number;
  readonly refs: Readonly<Record<string, SnapshotRef>>;
  readonly statistics: readonly StatisticsFile[];
  readonly "partition-statistics": readonly StatisticsFile[];
  readonly [unknown: string]: unknown;
}

/** 0: the manifest lists data files; 1: delete files. */
export type ManifestContent = 0 | 1;

/** What a manifest knows of one partition field (spec `field_summary`, 507). */
export interface FieldSummary {
  readonly contains_null: boolean;
  readonly contains_nan: boolean | null;
  /** Single-value bytes of the partition field's type. */
  readonly lower_bound: Uint8Array | null;
  readonly upper_bound: Uint8Array | null;
}

/** One line of a manifest list (spec "Manifest Lists"). Counts are null where v1 left them out. */
export interface ManifestListEntry {
  readonly manifest_path: string;
  readonly manifest_length: number;
  readonly partition_spec_id: number;
  readonly content: ManifestContent;
  readonly sequence_number: number;
  readonly min_sequence_number: number;
  readonly added_snapshot_id: string;
  readonly added_files_count: number | null;
  readonly existing_files_count: number | null;
  readonly deleted_files_count: number | null;
  readonly added_rows_count: number | null;
  readonly existing_rows_count: number | null;
  readonly deleted_rows_count: number | null;
  /** In the order of the spec's fields; null: not known. */
  readonly partitions: readonly FieldSummary[] | null;
  readonly key_metadata: Uint8Array | null;
}

/** Entry status: 0 existing, 1 added, 2 deleted. */
export type EntryStatus = 0 | 1 | 2;

/** One line of a manifest; what is null is inherited from the manifest list (`inherit`). */
export interface ManifestEntry {
  readonly status: EntryStatus;
  readonly snapshot_id: string | null;
  readonly sequence_number: number | null;
  readonly file_sequence_number: number | null;
  readonly data_file: IcebergDataFile;
}

/** The primitive type of a field, taken apart (`Primitive`), and as text. */
export interface FieldType {
  readonly kind: RawKind;
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  readonly type: string;
}

/**
 * The statistics maps of a file as Avro wrote them: rewriting a manifest copies these bytes, so
 * nothing that we don't know of is lost. null: the map is absent.
 */
export interface RawStats {
  /** The types that the bounds were written in, by field id. */
  readonly types: ReadonlyMap<number, FieldType>;
  readonly column_sizes: Uint8Array | null;
  readonly value_counts: Uint8Array | null;
  readonly null_value_counts: Uint8Array | null;
  readonly nan_value_counts: Uint8Array | null;
  readonly lower_bounds: Uint8Array | null;
  readonly upper_bounds: Uint8Array | null;
}

/** A file of a manifest (spec `data_file`). */
export interface IcebergDataFile {
  /** 0 data, 1 position deletes, 2 equality deletes. */
  readonly content: 0 | 1 | 2;
  readonly file_path: string;
  /** `PARQUET`, `ORC`, `AVRO` (upper case). */
  readonly file_format: string;
  /** Partition field name → value; every field of the spec is there. */
  readonly partition: Readonly<Record<string, Cell>>;
  readonly record_count: number;
  readonly file_size_in_bytes: number;
  /**
   * Per column, ordered by field id. Of a decoded manifest this is computed when first read; for
   * one column of many files use `statsOf`, which decodes that column only.
   */
  readonly stats: readonly ColumnStats[];
  /** Wins over `stats` when written; leave it out of a file whose `stats` you changed. */
  readonly raw_stats?: RawStats | undefined;
  readonly key_metadata?: Uint8Array | null | undefined;
  readonly split_offsets?: readonly number[] | null | undefined;
  readonly equality_ids?: readonly number[] | null | undefined;
  readonly sort_order_id?: number | null | undefined;
  /** Position deletes of one data file only: its path. */
  readonly referenced_data_file?: string | null | undefined;
}
