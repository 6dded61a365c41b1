// Sources that carry types of their own (Parquet, JSON) to Parquet with the wanted columns.
import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import type { ConvertResult } from "#ports/table-engine.ts";
import {
  canReadAs,
  planColumns,
  schemaDiffers,
  withIds,
  type WantedColumns,
} from "./column-plan.ts";
import { toColumnType, toEngineType } from "./column-types.ts";
import { storedAs, uniqueNames } from "./copy-out.ts";
import { MISFIT } from "./csv-types.ts";
import { quoteName } from "./sql-text.ts";
import { resultOf } from "./convert-result.ts";
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
}

/** Copies `from` (a table function call) with each column in the type it is stored as. */
export async function convertSelect(
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
  const parts = planned.map(({ name, source, type }, at) => {
    if (source === undefined) return `NULL::${toEngineType(type!)} AS ${quoteName(name)}`;
    const column = by_name.get(source)!;
    const stored = type === undefined || type === column.type;
    const value = stored
      ? storedAs(quoteName(source), column.raw)
      : castExactly(quoteName(source), column.type, type, at);
    return `${value} AS ${quoteName(name)}`;
  });
  const typed = planned.map(({ name, source, type }) => ({
    name,
    type: type ?? by_name.get(source!)!.type,
  }));
  const columns = withIds(typed, job);
  const select = `SELECT ${parts.join(", ")} FROM ${from}`;
  const files = await job.writer.write(select, [], columns).catch((error: unknown) => {
    const at = misfitOf(error);
    if (at === undefined) throw error;
    const { name, source, type } = planned[at]!;
    const change = { name, from: type!, to: by_name.get(source!)!.type };
    throw schemaDiffers({ added: [], removed: [], changed: [change] });
  });
  return resultOf(columns, files);
}

/** Beyond this a double does not hold every whole number. */
const DOUBLE_WHOLE_MAX = 2n ** 53n;

/** The cast of one column; a value that would come out as another one stops the statement. */
function castExactly(ref: string, from: string, to: string, at: number): string {
  const cast = `CAST(${ref} AS ${toEngineType(to)})`;
  if (from !== "long" || to !== "double") return cast;
  const held = `${ref} IS NULL OR ${ref} BETWEEN -${DOUBLE_WHOLE_MAX} AND ${DOUBLE_WHOLE_MAX}`;
  return `CASE WHEN ${held} THEN ${cast} ELSE error('${MISFIT}${at}') END`;
}

/** Which planned column had a value that does not fit; undefined for any other error. */
function misfitOf(error: unknown): number | undefined {
  const text = (error as Error).message;
  const found = text.indexOf(MISFIT);
  return found < 0 ? undefined : Number.parseInt(text.slice(found + MISFIT.length), 10);
}
