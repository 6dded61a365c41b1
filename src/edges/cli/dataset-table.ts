// Datasets as a table on the terminal.
import type { Dataset } from "#contracts/catalog.ts";
import { dim, humanBytes, humanCount, table } from "./output.ts";

export function datasetTable(datasets: readonly Dataset[]): string {
  if (datasets.length === 0) return dim("no datasets yet: lakehouse ingest <file>");
  const rows = datasets.map((one) => [
    one.name,
    humanCount(one.rows),
    one.files,
    humanBytes(one.size_bytes),
    one.fields.length,
    one.status_reason === null ? one.status : `${one.status}: ${one.status_reason}`,
    one.updated_at,
  ]);
  return table(["dataset", "rows", "files", "size", "fields", "status", "updated"], rows);
}
