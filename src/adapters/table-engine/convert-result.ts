// The answer to a conversion: its files, refused where a column that must have values lacks some.
import { LakehouseError } from "#kernel/problem.ts";
import type { ConvertResult, IdColumn, WrittenFile } from "#ports/table-engine.ts";

/** The result of a conversion without rejects. */
export function resultOf(
  columns: readonly IdColumn[],
  files: readonly WrittenFile[],
): ConvertResult {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return { columns, rows, files, rejects: [], rejected_rows: 0 };
}

/** `conflict` (`schema_differs`) when a column that is not nullable has rows without a value. */
export function checkRequired(
  columns: readonly IdColumn[],
  files: readonly Pick<WrittenFile, "stats">[],
): void {
  for (const { name, field_id, nullable } of columns) {
    if (nullable) continue;
    const missing = files
      .flatMap(({ stats }) => stats.filter((one) => one.field_id === field_id))
      .reduce((sum, { nulls }) => sum + (nulls ?? 0), 0);
    if (missing === 0) continue;
    throw new LakehouseError(
      "conflict",
      `"${name}" must have a value, and ${missing} rows have none`,
      {
        reason: "schema_differs",
        hint: "make the column nullable first, or fill it in",
      },
    );
  }
}
