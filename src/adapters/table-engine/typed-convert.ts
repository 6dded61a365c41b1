// Sources that carry types of their own (Parquet, JSON) to Parquet with the wanted columns.
import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import type { ConvertResult } from "#ports/table-engine.ts";
import { canReadAs, planColumns, schemaDiffers, type WantedColumns } from "./column-plan.ts";
import { toColumnType, toEngineType } from "./column-types.ts";
import { copyTo, storedAs, uniqueNames } from "./copy-out.ts";
import { quoteName } from "./sql-text.ts";

export interface FoundColumn {
  readonly name: string;
  /** As contracts name it. */
  readonly type: string;
  readonly engine_type: string;
  readonly raw: DuckDBType;
}

/** Columns of a SELECT, without running it. */
export async function describeSelect(
  connection: DuckDBConnection,
  select: string,
): Promise<FoundColumn[]> {
  const prepared = await connection.prepare(select);
  try {
    const names = Array.from({ length: prepared.columnCount }, (_, at) => prepared.columnName(at));
    return uniqueNames(names).map((name, at) => {
      const raw = prepared.columnType(at);
      const engine_type = raw.alias === "JSON" ? "JSON" : String(raw);
      return { name, type: toColumnType(raw), engine_type, raw };
    });
  } finally {
    prepared.destroySync();
  }
}

export interface TypedJob extends WantedColumns {
  readonly target_path: string;
}

/** Copies `from` (a table function call) with each column in the type it is stored as. */
export async function convertSelect(
  connection: DuckDBConnection,
  from: string,
  found: readonly FoundColumn[],
  job: TypedJob,
): Promise<ConvertResult> {
  const by_name = new Map(found.map((column) => [column.name, column]));
  const planned = planColumns([...by_name.keys()], job);
  const changed = planned.flatMap(({ name, source, type }) => {
    const present = source === undefined ? undefined : by_name.get(source)!;
    if (type === undefined || present === undefined) return [];
    // A column without any value comes as JSON; it fits whatever it should be.
    if (present.engine_type === "JSON" || canReadAs(present.type, type)) return [];
    return [{ name, from: type, to: present.type }];
  });
  if (changed.length > 0) throw schemaDiffers({ added: [], removed: [], changed });
  const parts = planned.map(({ name, source, type }) => {
    if (source === undefined) return `NULL::${toEngineType(type!)} AS ${quoteName(name)}`;
    const column = by_name.get(source)!;
    const stored = type === undefined || type === column.type;
    const value = stored
      ? storedAs(quoteName(source), column.raw)
      : `CAST(${quoteName(source)} AS ${toEngineType(type)})`;
    return `${value} AS ${quoteName(name)}`;
  });
  const columns = planned.map(({ name, source, type }) => ({
    name,
    type: type ?? by_name.get(source!)!.type,
    nullable: true,
  }));
  const rows = await copyTo(
    connection,
    `SELECT ${parts.join(", ")} FROM ${from}`,
    [],
    job.target_path,
  );
  return { columns, rows, rejects: [], rejected_rows: 0 };
}
