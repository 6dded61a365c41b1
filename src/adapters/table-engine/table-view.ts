// The SELECT over the files of an Iceberg table: columns by field id, deleted positions left out.
import type { DuckDBConnection } from "@duckdb/node-api";
import { parseColumnType } from "#ports/column-type.ts";
import type { IdColumn, TableFile, TableRelation } from "#ports/table-engine.ts";
import { toEngineType } from "./column-types.ts";
import { globSafe, type FileShape, type FileShapes } from "./file-shapes.ts";
import { columnFrom, isReadById, placedName } from "./nested-columns.ts";
import { emptySelect } from "./relation-view.ts";
import { quoteName, quoteText, textList } from "./sql-text.ts";

/** Files that one scan reads, and how it names what the table has. */
interface Scan {
  readonly files: TableFile[];
  /** The reader of some of the files, named `f`. */
  readonly from: (uris: readonly string[]) => string;
  readonly columns: readonly string[];
}

/** What a row of a table is known by within it; for rewrites. */
export interface RowPlace {
  /** Name of the column with the uri of the row's file. */
  readonly file: string;
  /** Name of the column with the row's number in it. */
  readonly row: string;
}

/**
 * Most tables are one scan: DuckDB finds columns by id itself. Files without ids, and those whose
 * nested columns were made under other names, are read in scans of their own, one for each shape.
 */
export async function tableSelect(
  connection: DuckDBConnection,
  relation: TableRelation,
  shapes: FileShapes,
  place?: RowPlace,
): Promise<string> {
  const scans = await scansOf(connection, relation, shapes);
  const selects: string[] = [];
  for (const scan of scans) {
    const plain = scan.files.filter(({ delete_uris }) => !delete_uris?.length);
    const deleted = scan.files.filter(({ delete_uris }) => delete_uris?.length);
    for (const files of [plain, deleted]) {
      if (files.length === 0) continue;
      const own =
        files.length === 1 ? await scanOfOne(connection, relation, files[0]!, shapes) : scan;
      selects.push(scanSelect(own ?? scan, files, place));
    }
  }
  if (selects.length > 0) return selects.join("\nUNION ALL ");
  const places = place === undefined ? [] : [place.file, place.row];
  const types = ["string", "long"];
  return emptySelect([
    ...relation.columns,
    ...places.map((name, at) => ({ name, type: types[at]!, nullable: true })),
  ]);
}

async function scansOf(
  connection: DuckDBConnection,
  { columns, files, name_mapped }: TableRelation,
  shapes: FileShapes,
): Promise<Scan[]> {
  if (files.length === 0) return [];
  const nested = columns.some(({ type }) => parseColumnType(type).kind !== "primitive");
  const by_id: Scan = { files: [], from: scanById(columns), columns: byId(columns) };
  if (!nested && !name_mapped) return [{ ...by_id, files: [...files] }];
  const known = await shapes.of(
    connection,
    files.map(({ uri }) => uri),
  );
  const scans = new Map<string, Scan>();
  for (const file of files) {
    const shape = known.get(file.uri);
    const direct = shape === undefined || isReadById(columns, shape);
    const key = direct ? "" : shape.signature;
    const scan = scans.get(key) ?? (direct ? by_id : scanByShape(columns, shape));
    scans.set(key, scan);
    scan.files.push(file);
  }
  return [...scans.values()];
}

/**
 * DuckDB reads one file by field ids on one thread only, since it does not look into it before; so
 * a single file is read by the places of its columns.
 */
async function scanOfOne(
  connection: DuckDBConnection,
  { columns }: TableRelation,
  { uri }: TableFile,
  shapes: FileShapes,
): Promise<Scan | undefined> {
  const shape = (await shapes.of(connection, [uri])).get(uri);
  return shape === undefined ? undefined : scanByShape(columns, shape);
}

/**
 * Inside a scan columns are named after their ids or places, so that none of them hides what
 * DuckDB adds: the virtual columns `filename` and `file_row_number`.
 */
function byId(columns: readonly IdColumn[]): string[] {
  return columns.map(({ name, field_id }) => `lakehouse_c${field_id} AS ${quoteName(name)}`);
}

function scanById(columns: readonly IdColumn[]): Scan["from"] {
  const entries = columns.map(
    ({ type, field_id }) =>
      `${field_id}: {name: 'lakehouse_c${field_id}', type: ${quoteText(toEngineType(type))}, ` +
      "default_value: NULL}",
  );
  const schema = `, schema = MAP {${entries.join(", ")}}`;
  return (uris) => `${reader(uris, schema)} AS f`;
}

function scanByShape(columns: readonly IdColumn[], shape: FileShape): Scan {
  const names = shape.columns.map((_, at) => placedName(at)).join(", ");
  return {
    files: [],
    from: (uris) => `${reader(uris, "")} AS f(${names})`,
    columns: columns.map((column) => `${columnFrom(column, shape)} AS ${quoteName(column.name)}`),
  };
}

function reader(uris: readonly string[], more: string): string {
  return `read_parquet(${textList(uris.map(globSafe))}, hive_partitioning = false${more})`;
}

function scanSelect(scan: Scan, files: readonly TableFile[], place: RowPlace | undefined): string {
  const deleted = files.some(({ delete_uris }) => delete_uris?.length);
  const from = scan.from(files.map(({ uri }) => uri));
  const places =
    place === undefined
      ? []
      : [`f.filename AS ${quoteName(place.file)}`, `f.file_row_number AS ${quoteName(place.row)}`];
  const shown = [...scan.columns, ...places].join(", ");
  const select = `SELECT ${shown || "NULL AS nothing"} FROM ${from}`;
  if (!deleted) return select;
  return (
    `${select} ANTI JOIN (${deletedPlaces(files)}) AS d ` +
    `ON f.filename = d.uri AND f.file_row_number = d.pos`
  );
}

/** Table spec, "Position Delete Files": a file counts only for the data files it applies to. */
function deletedPlaces(files: readonly TableFile[]): string {
  const applies = files.flatMap(({ uri, location, delete_uris }) =>
    (delete_uris ?? []).map(
      (delete_uri) => `(${[delete_uri, location ?? uri, uri].map(quoteText).join(", ")})`,
    ),
  );
  const uris = [...new Set(files.flatMap(({ delete_uris }) => delete_uris ?? []))];
  return (
    `SELECT m.uri, p.pos FROM read_parquet(${textList(uris.map(globSafe))}, ` +
    `hive_partitioning = false, union_by_name = true, filename = 'delete_uri') AS p ` +
    `JOIN (VALUES ${applies.join(", ")}) AS m(delete_uri, location, uri) ` +
    `ON p.delete_uri = m.delete_uri AND p.file_path = m.location`
  );
}
