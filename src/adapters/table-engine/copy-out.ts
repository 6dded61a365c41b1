// Writes the result of a query as zstd Parquet, with types that Iceberg has.
import type { DuckDBConnection, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { toColumnType, toEngineType } from "./column-types.ts";
import { quoteName, quoteText } from "./sql-text.ts";

/** Level 1 came out no larger than the default on tables, at less time. */
const FORMAT = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1";

/**
 * Names as they are where they differ; an empty one gets `column<i>`, a repeated one `_1`, `_2` …
 */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((given, at) => {
    const base = given.trim() === "" ? `column${at}` : given;
    let name = base;
    for (let i = 1; taken.has(name.toLowerCase()); i++) name = `${base}_${i}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

/** `ref`, cast when the engine's type is one that the stored table cannot have. */
export function storedAs(ref: string, type: DuckDBType): string {
  const stored = toEngineType(toColumnType(type));
  const plain = (text: string) => text.replaceAll(/[\s"]/g, "").toUpperCase();
  const same = plain(stored) === plain(String(type)) && type.alias !== "JSON";
  const zoned = stored === "TIMESTAMPTZ";
  return same || zoned ? ref : `CAST(${ref} AS ${stored})`;
}

/** Rows written. The file is whole only when this resolves. */
export async function copyOut(
  connection: DuckDBConnection,
  select: string,
  values: DuckDBValue[],
  target_path: string,
): Promise<number> {
  const prepared = await connection.prepare(select);
  const count = prepared.columnCount;
  const names = Array.from({ length: count }, (_, at) => prepared.columnName(at));
  const types = Array.from({ length: count }, (_, at) => prepared.columnType(at));
  prepared.destroySync();
  const columns = uniqueNames(names).map(
    (name, at) => `${storedAs(`#${at + 1}`, types[at]!)} AS ${quoteName(name)}`,
  );
  const sql = `SELECT ${columns.join(", ")} FROM (\n${select}\n)`;
  const copy = `COPY (\n${sql}\n) TO ${quoteText(target_path)} (${FORMAT})`;
  const reader = await connection.runAndReadAll(copy, values);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}
