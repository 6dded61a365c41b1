// What DuckDB says when it fails, as errors that callers can act on.
import { LakehouseError } from "#kernel/problem.ts";

/** What the Parquet reader says of files that are not what they were. */
const DAMAGED = new RegExp(
  "magic bytes|(not|small to be) a parquet file|parquet footer|" +
    "Failed to (read|deserialize)|ZSTD|TProtocol",
  "i",
);

/** The engine's message as an error: syntax, memory, missing file, or plainly failed. */
export function toQueryError(thrown: unknown): LakehouseError {
  if (thrown instanceof LakehouseError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const [kind, message] = splitKind(text);
  const cause = thrown;
  if (isFatal(thrown)) {
    return new LakehouseError("unavailable", "the table engine failed and starts anew", { cause });
  }
  if (kind === "INTERRUPT") {
    return new LakehouseError("cancelled", "the query was stopped", { cause });
  }
  if (kind === "Out of Memory" || /maximum.*temp.*director|max_temp_directory/i.test(text)) {
    return new LakehouseError("rejected", "the query needs more memory than it may have", {
      reason: "out_of_memory",
      hint: "read fewer rows or columns, or raise engines.duckdb_memory_mb",
      cause,
    });
  }
  if (kind === "IO" || kind === "HTTP" || (kind === "Invalid Input" && DAMAGED.test(message))) {
    return new LakehouseError("unavailable", `a file of a table cannot be read: ${message}`, {
      reason: "broken_dataset",
      cause,
    });
  }
  if (kind === "Permission") {
    return new LakehouseError("forbidden", "a query reads tables by name and nothing else", {
      reason: "not_read_only",
      cause,
    });
  }
  if (kind === "Parser") return syntaxError(message, undefined, cause);
  return new LakehouseError("invalid", message, {
    reason: "sql_failed",
    extra: { engine_error: kind },
    cause,
  });
}

/** true when the whole engine instance cannot be used any more. */
export function isFatal(thrown: unknown): boolean {
  return (
    thrown instanceof Error && /^(FATAL|INTERNAL) Error|has been invalidated/.test(thrown.message)
  );
}

/** `sql_syntax`, with where in the text (0-based characters) when that is known. */
export function syntaxError(
  message: string,
  position: number | undefined,
  cause?: unknown,
): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "sql_syntax",
    ...(position === undefined ? {} : { extra: { position } }),
    cause,
  });
}

/**
 * The kind before ` Error:`, and the first part of the message without source excerpt and paths.
 */
function splitKind(text: string): [string, string] {
  const match = /^([\w ]+?) Error: ([\s\S]*)$/.exec(text);
  const kind = match?.[1] ?? "";
  const message = (match?.[2] ?? text).split(/\n\s*\nLINE \d+:/)[0]!.trim();
  return [kind, message];
}
