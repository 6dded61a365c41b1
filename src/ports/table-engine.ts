// Port: an engine that runs SQL over Parquet files and writes Parquet. Adapter: DuckDB.
import type { Column } from "#contracts/nouns.ts";

/** A relation that SQL may name: files to read, or lines of a log with their columns. */
export type Relation =
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
}

export interface SqlRequest {
  readonly sql: string;
  readonly params: readonly unknown[];
  /** What the statement may see, and nothing else. */
  readonly relations: readonly Relation[];
  readonly limits: QueryLimits;
  readonly signal: AbortSignal;
}

/** Rows in chunks as they are made; values are JSON values (bigint over 2^53 as string). */
export interface RowStream {
  readonly columns: readonly Column[];
  readonly chunks: AsyncIterable<readonly (readonly unknown[])[]>;
}

export type SourceFormat = "csv" | "tsv" | "json" | "ndjson" | "parquet";

export interface ConvertRequest {
  readonly source_path: string;
  readonly format: SourceFormat;
  readonly compression: "none" | "gzip" | "zstd";
  /** Where the zstd Parquet file is written. */
  readonly target_path: string;
  /** Columns the result must have; absent: inferred from the whole file. */
  readonly columns?: readonly Column[];
  /**
   * With `columns`: further columns of the source are taken too, nullable missing ones are NULL.
   */
  readonly extend?: boolean;
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
  readonly columns: readonly Column[];
  readonly rows: number;
  /** The first 10 000 at most; `rejected_rows` counts all. */
  readonly rejects: readonly RejectedRow[];
  readonly rejected_rows: number;
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
  /** Columns and row count of a Parquet file; `invalid` when it is not a whole one. */
  describeParquet(uri: string): Promise<{ columns: readonly Column[]; rows: number }>;
  close(): Promise<void>;
}
