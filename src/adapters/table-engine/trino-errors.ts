// What Trino says when a query fails, as errors that callers can act on.
import { LakehouseError, type ErrorCode } from "#kernel/problem.ts";

/** `QueryError` of the client protocol. */
export interface TrinoFailure {
  readonly message?: string;
  readonly errorName?: string;
  readonly errorType?: string;
  readonly errorLocation?: { readonly lineNumber: number; readonly columnNumber: number };
}

type Meaning = readonly [code: ErrorCode, reason: string | undefined, hint?: string];

const MEMORY: Meaning = [
  "rejected",
  "out_of_memory",
  "read fewer rows or columns, or raise the memory limits of the Trino cluster",
];
const LATE: Meaning = ["deadline_exceeded", undefined, "give a larger timeout_ms, or read less"];
const NO_TABLE: Meaning = ["not_found", "no_such_table"];
const BROKEN: Meaning = ["unavailable", "broken_dataset"];
const FULL: Meaning = ["rate_limited", undefined, "the Trino cluster is busy: try again later"];
const REFUSED: Meaning = ["forbidden", "not_read_only"];

/** Error names of Trino's `StandardErrorCode`, and of its Iceberg connector by pattern. */
const BY_NAME: Readonly<Record<string, Meaning>> = {
  SYNTAX_ERROR: ["invalid", "sql_syntax"],
  TABLE_NOT_FOUND: NO_TABLE,
  SCHEMA_NOT_FOUND: NO_TABLE,
  CATALOG_NOT_FOUND: NO_TABLE,
  MISSING_TABLE: NO_TABLE,
  PERMISSION_DENIED: REFUSED,
  READ_ONLY_VIOLATION: REFUSED,
  CLUSTER_OUT_OF_MEMORY: MEMORY,
  EXCEEDED_GLOBAL_MEMORY_LIMIT: MEMORY,
  EXCEEDED_LOCAL_MEMORY_LIMIT: MEMORY,
  EXCEEDED_NODE_MEMORY_LIMIT: MEMORY,
  EXCEEDED_SPILL_LIMIT: MEMORY,
  EXCEEDED_SCAN_LIMIT: MEMORY,
  EXCEEDED_TIME_LIMIT: LATE,
  EXCEEDED_CPU_LIMIT: LATE,
  USER_CANCELED: ["cancelled", undefined],
  ADMINISTRATIVELY_KILLED: ["cancelled", undefined],
  ADMINISTRATIVELY_PREEMPTED: FULL,
  QUERY_QUEUE_FULL: FULL,
  QUERY_REJECTED: FULL,
  INVALID_SNAPSHOT_ID: ["not_found", "no_such_snapshot"],
};

const BY_TYPE: Readonly<Record<string, Meaning>> = {
  USER_ERROR: ["invalid", "sql_failed"],
  INSUFFICIENT_RESOURCES: MEMORY,
  INTERNAL_ERROR: ["unavailable", "engine_failed"],
  EXTERNAL: ["unavailable", "engine_failed"],
};

const UNREADABLE_KINDS = [
  "INVALID_METADATA|MISSING_METADATA|MISSING_DATA|BAD_DATA",
  "CANNOT_OPEN_SPLIT|CURSOR_ERROR|FILESYSTEM_ERROR",
];
const UNREADABLE = new RegExp(`^(ICEBERG|HIVE)_(${UNREADABLE_KINDS.join("|")})$`);

/** The error of a failed query; Trino's own name for it stands in `extra.engine_error`. */
export function toTrinoError(failure: TrinoFailure): LakehouseError {
  const { errorName = "", errorType = "", errorLocation } = failure;
  const unreadable = UNREADABLE.test(errorName) ? BROKEN : undefined;
  const meaning = BY_NAME[errorName] ?? unreadable ?? BY_TYPE[errorType] ?? BY_TYPE["EXTERNAL"]!;
  const [code, reason, hint] = meaning;
  const place =
    errorLocation === undefined
      ? {}
      : { line: errorLocation.lineNumber, column: errorLocation.columnNumber };
  return new LakehouseError(code, failure.message ?? "Trino gave no reason", {
    ...(reason === undefined ? {} : { reason }),
    ...(hint === undefined ? {} : { hint }),
    extra: { engine_error: errorName, ...place },
  });
}

/** An answer that is not one of the protocol: wrong status, not JSON, over before its end. */
export function badTrinoAnswer(message: string, cause?: unknown): LakehouseError {
  return new LakehouseError("unavailable", message, { reason: "engine_failed", cause });
}
