// Sources that carry types of their own (Parquet, JSON) to Parquet with the wanted columns.
import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { parseColumnType, printColumnType } from "#ports/column-type.ts";
import type { ConvertResult } from "#ports/table-engine.ts";
import {
  isPromotion,
  planColumns,
  schemaDiffers,
  withIds,
  type PlannedColumn,
  type WantedColumns,
} from "./column-plan.ts";
import { toColumnType, toEngineType, toSourceType } from "./column-types.ts";
import { storedAs, uniqueNames } from "./copy-out.ts";
import { exactConversion } from "./exact-conversion.ts";
import { writeFitting, writeWhole, type CheckedPart, type Rejecting } from "./fitting-rows.ts";
import { quoteName } from "./sql-text.ts";
import type { FileWriter } from "./write-files.ts";

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
  readonly writer: FileWriter;
  /** What a source says the types of its columns are, where they are read as other ones. */
  readonly told?: ReadonlyMap<string, string>;
  /** How rows with values that do not fit are set aside; absent: the source is refused. */
  readonly rejecting?: Rejecting;
}

/**
 * Copies `from` (a table function call) with each column in the type it is stored as. Columns that
 * may be extended become wider where a value asks for it.
 */
export async function convertSelect(
  connection: DuckDBConnection,
  from: string,
  found: readonly FoundColumn[],
  job: TypedJob,
): Promise<ConvertResult> {
  const by_name = new Map(found.map((column) => [column.name, column]));
  const told = (name: string) => job.told?.get(name) ?? by_name.get(name)!.type;
  let planned = planColumns([...by_name.keys()], job);
  for (;;) {
    const parts = partsOf(planned, by_name, told);
    const columns = withIds(parts, job);
    const source = { from, parts, columns, writer: job.writer };
    const written = await writeWhole(source);
    if (!("at" in written)) return written;
    const { at } = written;
    const column = planned[at]!;
    const wider = told(column.source!);
    if (!job.extend || !isPromotion(column.type!, wider)) {
      return writeFitting(connection, source, job.rejecting);
    }
    planned = planned.with(at, { ...column, type: wider });
  }
}

/** `conflict` (`schema_differs`) where a column's type can never become the wanted one. */
function partsOf(
  planned: readonly PlannedColumn[],
  by_name: ReadonlyMap<string, FoundColumn>,
  told: (name: string) => string,
): CheckedPart[] {
  const changed: { name: string; from: string; to: string }[] = [];
  const parts = planned.map(({ name, source, type }): CheckedPart => {
    if (source === undefined) {
      const value = `NULL::${toEngineType(type!)}`;
      return { name, type: type!, found: type!, value, shown: "NULL" };
    }
    const { raw, type: own } = by_name.get(source)!;
    const ref = quoteName(source);
    const base = { name, type: type ?? own, found: told(source), shown: `CAST(${ref} AS VARCHAR)` };
    const [read, wanted] = [toSourceType(raw), parseColumnType(base.type)];
    const same = printColumnType(read) === printColumnType(wanted);
    if (type === undefined || same) return { ...base, value: storedAs(ref, raw) };
    const conversion = exactConversion(read, wanted);
    if (conversion === undefined) {
      changed.push({ name, from: type, to: base.found });
      return { ...base, value: "NULL" };
    }
    const fits = conversion.fits(ref);
    const value = conversion.value(ref);
    return fits === "true" ? { ...base, value } : { ...base, value, fits };
  });
  if (changed.length > 0) throw schemaDiffers({ added: [], removed: [], changed });
  return parts;
}
