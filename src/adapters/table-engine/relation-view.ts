// The SQL of a view that shows a relation: its files as one table with the columns it should have.
import { stat } from "node:fs/promises";
import type { Column } from "#contracts/nouns.ts";
import type { Relation, TableRelation } from "#ports/table-engine.ts";
import { toEngineType } from "./column-types.ts";
import { columnMap, quoteName, textList } from "./sql-text.ts";

/** Relations that are plain lists of files. */
export type FilesRelation = Exclude<Relation, TableRelation>;

/** Changes whenever the view of a relation must be made anew. */
export function viewKey(relation: Relation): string {
  if (relation.kind !== "table") {
    return JSON.stringify([relation.kind, relation.uris, relation.columns]);
  }
  if (relation.version_key !== undefined) return `table ${relation.version_key}`;
  return JSON.stringify([relation.name_mapped, relation.files, relation.columns]);
}

/** A log that nobody has written to yet has no file: what is there of a relation's files. */
export async function presentFiles(relation: Relation): Promise<Relation> {
  if (relation.kind !== "jsonl") return relation;
  const found = await Promise.all(
    relation.uris.map((uri) =>
      stat(uri).then(
        (info) => (info.isFile() ? [uri] : []),
        () => [],
      ),
    ),
  );
  return { ...relation, uris: found.flat() };
}

/** What reads the files of a Parquet relation as they are. */
export function parquetScan(uris: readonly string[]): string {
  const union = uris.length > 1 ? ", union_by_name = true" : "";
  return `read_parquet(${textList(uris)}${union}, hive_partitioning = false)`;
}

/** No files: no rows, with the columns that there would be. */
export function emptySelect(columns: readonly Column[]): string {
  const parts = columns.map(
    ({ name, type }) => `NULL::${toEngineType(type)} AS ${quoteName(name)}`,
  );
  return `SELECT ${parts.join(", ") || "NULL AS nothing"} WHERE false`;
}

/**
 * `found`: name → engine type of what the files hold. Old files may lack columns or be narrower.
 */
export function parquetSelect(relation: FilesRelation, found: ReadonlyMap<string, string>): string {
  if (relation.columns.length === 0) return `SELECT * FROM ${parquetScan(relation.uris)}`;
  const parts = relation.columns.map(({ name, type }) => {
    const wanted = toEngineType(type);
    const present = found.get(name);
    if (present === undefined) return `NULL::${wanted} AS ${quoteName(name)}`;
    if (sameType(present, wanted)) return quoteName(name);
    return `${quoteName(name)}::${wanted} AS ${quoteName(name)}`;
  });
  return `SELECT ${parts.join(", ")} FROM ${parquetScan(relation.uris)}`;
}

function sameType(present: string, wanted: string): boolean {
  const plain = (type: string) =>
    type.replaceAll(/[\s"]/g, "").toUpperCase().replaceAll("TIMESTAMPWITHTIMEZONE", "TIMESTAMPTZ");
  return plain(present) === plain(wanted);
}

/** Lines that are not JSON objects come as all NULL from the reader; they are no rows. */
export function jsonlSelect(relation: FilesRelation): string {
  const any = relation.columns.map(({ name }) => `${quoteName(name)} IS NOT NULL`).join(" OR ");
  return (
    `SELECT * FROM read_json(${textList(relation.uris)}, format = 'newline_delimited', ` +
    `columns = ${columnMap(relation.columns)}, ignore_errors = true) WHERE ${any}`
  );
}
