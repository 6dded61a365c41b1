// Port: an engine that runs SQL over Parquet files and writes Parquet. Adapter: DuckDB.
import type { Column } from "#contracts/nouns.ts";

/** A column with its Iceberg ids; `nested_ids` as in contracts/table-nouns.ts. */
export interface IdColumn extends Column {
  readonly field_id: number;
  readonly nested_ids?: Readonly<Record<string, number>> | undefined;
}

/** A Parquet file of a table. */
export interface TableFile {
  readonly uri: string;
  /** How position deletes name it (`s3://…`); absent: it has none. */
  readonly location?: string;
  /** Position-delete files (columns `file_path`, `pos`) that apply to it. */
  readonly delete_uris?: readonly string[];
}

/** Files of one Iceberg table; columns are found in them by field id. */
export interface TableRelation {
  readonly kind: "table";
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly IdColumn[];
  readonly files: readonly TableFile[];
  /** Some files may carry no field ids; in those, columns are found by name. */
  readonly name_mapped: boolean;
  /** Equal keys mean equal files and columns (table, snapshot, kept files): to remember views. */
  readonly version_key?: string;
}

/** A relation that SQL may name: a table, files to read, or lines of a log with their columns. */
export type Relation =
  | TableRelation
  | {
      readonly kind: "parquet";
      readonly schema: string;
      readonly name: string;
      readonly columns: readonly Column[];
      readonly uris: readonly string[];
    }
  | {
      readonly kind: "jsonl";
      readonly schema: string;
      readonly name: string;
      readonly columns: readonly Column[];
      readonly uris: readonly string[];
    };

export interface QueryLimits {
  readonly rows_max: number;
  readonly timeout_ms: number;
  /** Memory of this statement alone; absent: it shares the engine's. */
  readonly memory_mb?: number;
}

export interface SqlRequest {
  readonly sql: string;
  readonly params: readonly unknown[];
  /** What the statement may see, and nothing else. */
  readonly relations: readonly Relation[];
  readonly limits: QueryLimits;
  readonly signal: AbortSignal;
}

/** One condition on a column, as contracts/table-nouns.ts `predicate`. */
export type ColumnCondition =
  | {
      readonly op: "eq" | "ne" | "lt" | "lte" | "gt" | "gte" | "starts_with";
      readonly column: string;
      readonly value: Cell;
    }
  | { readonly op: "in" | "not_in"; readonly column: string; readonly values: readonly Cell[] }
  | { readonly op: "is_null" | "not_null"; readonly column: string };

/** Rows in chunks as they are made; values are JSON values (bigint over 2^53 as string). */
export interface RowStream {
  readonly columns: readonly Column[];
  readonly chunks: AsyncIterable<readonly (readonly unknown[])[]>;
}

export type SourceFormat = "csv" | "tsv" | "json" | "ndjson" | "parquet";

/** One value as Iceberg's JSON single-value form has it (see contracts/table-nouns.ts, `cell`). */
export type Cell = string | number | boolean | null;

/** Iceberg column statistics of one file; bounds only of primitive top-level columns. */
export interface ColumnStats {
  readonly field_id: number;
  readonly size_bytes?: number;
  readonly values?: number;
  readonly nulls?: number;
  readonly lower?: Cell;
  readonly upper?: Cell;
}

export interface PartitionField {
  readonly column: string;
  /** Iceberg's transform: identity, bucket[16], day … */
  readonly transform: string;
  /** Name of the partition value. */
  readonly name: string;
}

/** Where and how rows are written as Parquet (zstd, with field ids). */
export interface WriteTarget {
  /** Path of the next file, made when it is needed (a staged path of storage). */
  readonly nextPath: () => Promise<string>;
  readonly partition_by: readonly PartitionField[];
  /** Files are about as large; absent: one file for each partition. */
  readonly file_bytes?: number;
}

export interface WrittenFile {
  readonly path: string;
  readonly rows: number;
  readonly size_bytes: number;
  /** Partition field → value. */
  readonly partition: Readonly<Record<string, Cell>>;
  readonly stats: readonly ColumnStats[];
  readonly split_offsets: readonly number[];
}

export interface ConvertRequest {
  readonly source_path: string;
  readonly format: SourceFormat;
  readonly compression: "none" | "gzip" | "zstd";
  readonly target: WriteTarget;
  /**
   * Columns the result must have, with their ids; absent: inferred from the whole file and
   * numbered from 1 as `numberColumns` (ports/column-ids.ts) does.
   */
  readonly columns?: readonly IdColumn[];
  /**
   * With `columns`: further columns of the source are taken too, with ids from `next_field_id` on;
   * nullable missing ones are NULL.
   */
  readonly extend?: boolean;
  readonly next_field_id?: number;
  readonly signal: AbortSignal;
  /** Called now and then, at most a few times a second. */
  readonly onProgress?: (done_fraction: number) => void;
}

export interface RejectedRow {
  readonly line: number;
  readonly column: string | undefined;
  readonly reason: string;
  readonly text: string;
}

export interface ConvertResult {
  readonly columns: readonly IdColumn[];
  readonly rows: number;
  /** None when there are no rows. */
  readonly files: readonly WrittenFile[];
  /** The first 10 000 at most; `rejected_rows` counts all. */
  readonly rejects: readonly RejectedRow[];
  readonly rejected_rows: number;
}

/** What rows a rewrite writes. */
export type RewriteSource =
  /** All rows of the relation: compaction. */
  | { readonly kind: "all" }
  /** Rows for which the SQL condition is not true: delete. */
  | { readonly kind: "unless"; readonly where: string; readonly params: readonly unknown[] }
  /**
   * Rows without a counterpart in `incoming_uris` (Parquet with the table's columns) by `key`
   * columns, then the incoming ones; of incoming rows with one key the last wins.
   */
  | {
      readonly kind: "upsert";
      readonly incoming_uris: readonly string[];
      readonly key: readonly string[];
    };

export interface RewriteRequest {
  /** The files that are written anew. */
  readonly relation: TableRelation;
  readonly source: RewriteSource;
  readonly target: WriteTarget;
  readonly signal: AbortSignal;
}

export interface RewriteResult {
  readonly files: readonly WrittenFile[];
  readonly rows: number;
  /** Rows of the relation that were left out. */
  readonly dropped_rows: number;
}

export interface TableEngine {
  /**
   * Names of the relations that a statement reads, as written (`name`, `schema.name`), after the
   * checks: one statement, SELECT-like, no file or system access. Reasons:
   * `sql_syntax`, `many_statements` (`invalid`), `not_read_only` (`forbidden`), `no_such_table`.
   */
  inspect(sql: string): Promise<readonly string[]>;
  rows(request: SqlRequest): Promise<RowStream>;
  /** The result of a statement as a Parquet file at `target_path`. */
  toParquet(request: SqlRequest, target_path: string): Promise<{ rows: number }>;
  /**
   * A file as Parquet. Rows that cannot be read are rejected and counted; a file that cannot is
   * `invalid` (`unreadable_source`); one without the wanted columns `conflict` (`schema_differs`).
   */
  convert(request: ConvertRequest): Promise<ConvertResult>;
  /**
   * Which files of the relation have rows that a rewrite would leave out, and how many: `unless`
   * rows for which the condition is true, `upsert` rows with a counterpart. An unsafe condition is
   * refused as by `inspect`.
   */
  affected(
    relation: TableRelation,
    source: RewriteSource,
    signal: AbortSignal,
  ): Promise<readonly { readonly uri: string; readonly rows: number }[]>;
  /** Writes rows of a table anew. Files already written are the caller's to remove on failure. */
  rewrite(request: RewriteRequest): Promise<RewriteResult>;
  /**
   * Conditions (joined by AND) that every row the statement takes of each table must meet, as far
   * as they can be told: to leave files out. Sound, not complete; nothing for what is not known.
   */
  conditions(
    sql: string,
    params: readonly unknown[],
  ): Promise<ReadonlyMap<string, readonly ColumnCondition[]>>;
  /** Columns and row count of a Parquet file; `invalid` when it is not a whole one. */
  describeParquet(uri: string): Promise<{ columns: readonly Column[]; rows: number }>;
  close(): Promise<void>;
}

/** What answering queries needs of an engine: also one that runs elsewhere (Trino). */
export type QueryEngine = Pick<
  TableEngine,
  "inspect" | "rows" | "toParquet" | "conditions" | "close"
>;
