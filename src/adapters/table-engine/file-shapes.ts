// How Parquet files are made inside: columns with names and field ids; asked once and remembered.
import type { DuckDBConnection } from "@duckdb/node-api";
import { textList } from "./sql-text.ts";

/** A column, or a part of one. The children of a list are its element, of a map key and value. */
export interface ShapeNode {
  readonly name: string;
  readonly field_id: number | undefined;
  /** What DuckDB reads it as; undefined for what has parts. */
  readonly engine_type: string | undefined;
  readonly kind: "primitive" | "list" | "map" | "struct";
  readonly children: readonly ShapeNode[];
}

export interface FileShape {
  readonly columns: readonly ShapeNode[];
  /** Whether columns carry field ids at all. */
  readonly has_ids: boolean;
  /** Equal for files of equal columns, names, types and ids. */
  readonly signature: string;
}

export interface FileShapes {
  /** Shapes by uri; files that are not known yet are opened. */
  of(
    connection: DuckDBConnection,
    uris: readonly string[],
  ): Promise<ReadonlyMap<string, FileShape>>;
}

/** Shapes that are held at once; a file never changes. */
const SHAPES_MAX = 50_000;
const FILES_ASKED = 1_000;

export function createFileShapes(): FileShapes {
  const known = new Map<string, FileShape>();
  /** Many files are made alike: one object for all of them. */
  const alike = new Map<string, FileShape>();

  function remember(uri: string, rows: readonly SchemaRow[]): FileShape {
    const signature = JSON.stringify(rows);
    const shape = alike.get(signature) ?? toShape(rows, signature);
    if (alike.size > SHAPES_MAX) alike.clear();
    alike.set(signature, shape);
    known.set(uri, shape);
    if (known.size > SHAPES_MAX) known.delete(known.keys().next().value!);
    return shape;
  }

  return {
    async of(connection, uris) {
      const shapes = new Map<string, FileShape>();
      const fresh: string[] = [];
      for (const uri of new Set(uris)) {
        const shape = known.get(uri);
        if (shape === undefined) fresh.push(uri);
        else shapes.set(uri, shape);
      }
      for (let at = 0; at < fresh.length; at += FILES_ASKED) {
        const asked = fresh.slice(at, at + FILES_ASKED);
        for (const [uri, rows] of await readSchemas(connection, asked)) {
          shapes.set(uri, remember(uri, rows));
        }
      }
      return shapes;
    },
  };
}

/** One line of a Parquet schema: the root first, then depth first. */
interface SchemaRow {
  readonly name: string;
  readonly type: string | null;
  readonly repetition: string | null;
  readonly children: number;
  readonly converted: string | null;
  readonly logical: string | null;
  readonly field_id: number | null;
  readonly engine_type: string | null;
}

async function readSchemas(
  connection: DuckDBConnection,
  uris: readonly string[],
): Promise<Map<string, SchemaRow[]>> {
  const reader = await connection.runAndReadAll(
    `SELECT file_name, name, type, repetition_type, num_children, converted_type, logical_type,
            field_id, duckdb_type FROM parquet_schema(${textList(uris.map(globSafe))})`,
  );
  const found = new Map<string, SchemaRow[]>();
  for (const row of reader.getRows()) {
    const uri = String(row[0]);
    const rows = found.get(uri) ?? [];
    found.set(uri, rows);
    const text = (value: unknown) => value as string | null;
    rows.push({
      name: String(row[1]),
      type: text(row[2]),
      repetition: text(row[3]),
      children: Number(row[4] ?? 0),
      converted: text(row[5]),
      logical: text(row[6]),
      field_id: row[7] === null ? null : Number(row[7]),
      engine_type: text(row[8]),
    });
  }
  return found;
}

/** A path that a list of files may hold as it is: `*`, `?` and `[` stand for themselves. */
export function globSafe(uri: string): string {
  return uri.replaceAll(/[*?[]/g, "[$&]");
}

function toShape(rows: readonly SchemaRow[], signature: string): FileShape {
  const reader = { rows, at: 1 };
  const columns: ShapeNode[] = [];
  while (reader.at < rows.length) columns.push(readShape(reader));
  const has_ids = columns.some(({ field_id }) => field_id !== undefined);
  return { columns, has_ids, signature };
}

interface ShapeReader {
  readonly rows: readonly SchemaRow[];
  at: number;
}

interface RawNode extends ShapeNode {
  readonly repeated: boolean;
}

function readShape(reader: ShapeReader): RawNode {
  const row = reader.rows[reader.at++]!;
  const raw = Array.from({ length: row.children }, () => readShape(reader));
  const own = {
    name: row.name,
    field_id: row.field_id ?? undefined,
    engine_type: row.engine_type ?? undefined,
    repeated: row.repetition === "REPEATED",
  };
  const told = `${row.converted ?? ""} ${row.logical ?? ""}`;
  const inner = raw[0];
  if (raw.length === 1 && inner!.repeated && /LIST|ListType/.test(told)) {
    return { ...own, kind: "list", children: [elementOf(inner!, row.name)] };
  }
  if (raw.length === 1 && inner!.children.length === 2 && /MAP|MapType/.test(told)) {
    return { ...own, kind: "map", children: inner!.children };
  }
  if (raw.length === 0) return { ...own, kind: "primitive", children: [] };
  return { ...own, kind: "struct", children: raw };
}

/** Parquet's rules for lists of older writers: LogicalTypes.md, "Backward-compatibility rules". */
function elementOf(repeated: RawNode, list_name: string): ShapeNode {
  const named = repeated.name === "array" || repeated.name === `${list_name}_tuple`;
  return repeated.children.length === 1 && !named ? repeated.children[0]! : repeated;
}
