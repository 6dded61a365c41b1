// What COPY tells about the files it wrote, as Iceberg's statistics.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ColumnStats, IdColumn } from "#ports/table-engine.ts";
import { leavesByPath, type Leaf } from "./field-ids.ts";
import { textList } from "./sql-text.ts";
import { lowerBound, upperBound } from "./written-values.ts";

export interface CopiedFile {
  readonly path: string;
  readonly rows: number;
  readonly size_bytes: number;
  readonly stats: readonly ColumnStats[];
}

interface TextMap {
  readonly entries: readonly { readonly key: string; readonly value: unknown }[];
}

/** Rows of `COPY … (RETURN_STATS)`: one for each file. */
export function readCopied(
  rows: readonly (readonly unknown[])[],
  columns: readonly IdColumn[],
): CopiedFile[] {
  const leaves = leavesByPath(columns);
  return rows.map((row) => {
    const told = (row[4] as TextMap | null)?.entries ?? [];
    const stats = told.flatMap(({ key, value }) => {
      const leaf = leaves.get(key);
      return leaf === undefined ? [] : [statsOf(leaf, value as TextMap)];
    });
    return {
      path: String(row[0]),
      rows: Number(row[1]),
      size_bytes: Number(row[2]),
      stats: stats.toSorted((a, b) => a.field_id - b.field_id),
    };
  });
}

/** Where a value may be NaN there are no bounds: what they would mean differs between readers. */
function statsOf(leaf: Leaf, told: TextMap): ColumnStats {
  const known = new Map(told.entries.map(({ key, value }) => [key, String(value)]));
  const number = (key: string) => (known.has(key) ? Number(known.get(key)) : undefined);
  const size_bytes = number("column_size_bytes");
  const size = size_bytes === undefined ? {} : { size_bytes };
  if (leaf.nested) return { field_id: leaf.field_id, ...size };
  const values = number("num_values");
  const nulls = number("null_count");
  const float = leaf.type === "double" || leaf.type === "float";
  const bounded = !float || known.get("has_nan") === "false";
  const [min, max] = bounded ? [known.get("min"), known.get("max")] : [undefined, undefined];
  const lower = min === undefined ? undefined : lowerBound(leaf.type, min);
  const upper = max === undefined ? undefined : upperBound(leaf.type, max);
  return {
    field_id: leaf.field_id,
    ...size,
    ...(values === undefined ? {} : { values }),
    ...(nulls === undefined ? {} : { nulls }),
    ...(lower === undefined ? {} : { lower }),
    ...(upper === undefined ? {} : { upper }),
  };
}

/** Where the row groups of each file begin, by its path. */
export async function readSplitOffsets(
  connection: DuckDBConnection,
  paths: readonly string[],
): Promise<Map<string, number[]>> {
  const offsets = new Map<string, number[]>();
  if (paths.length === 0) return offsets;
  const reader = await connection.runAndReadAll(
    `SELECT file_name, row_group_id,
       min(CASE WHEN dictionary_page_offset > 0 AND dictionary_page_offset < data_page_offset
                THEN dictionary_page_offset ELSE data_page_offset END)
     FROM parquet_metadata(${textList(paths)}) GROUP BY ALL ORDER BY 1, 2`,
  );
  for (const [path, , offset] of reader.getRows()) {
    const list = offsets.get(String(path)) ?? [];
    list.push(Number(offset));
    offsets.set(String(path), list);
  }
  return offsets;
}
