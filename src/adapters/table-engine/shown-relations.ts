// The views of one connection: relations by name, made when asked for and kept while they hold.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Relation } from "#ports/table-engine.ts";
import type { FileShapes } from "./file-shapes.ts";
import {
  emptySelect,
  jsonlSelect,
  parquetScan,
  parquetSelect,
  presentFiles,
  viewKey,
} from "./relation-view.ts";
import { quoteName } from "./sql-text.ts";
import { tableSelect } from "./table-view.ts";

export interface ShownRelations {
  /** Makes the relation visible by its name, as it is now; whether it was another before. */
  show(relation: Relation): Promise<boolean>;
  /** Whether so much is remembered that a fresh connection is better. */
  isFull(): boolean;
}

const VIEWS_MAX = 500;
/** A view over ten thousand files has a megabyte of text. */
const TEXT_MAX = 32 * 1024 * 1024;

export function createShownRelations(
  connection: DuckDBConnection,
  catalog: string,
  shapes: FileShapes,
): ShownRelations {
  const schemas = new Set(["main"]);
  const views = new Map<string, { readonly key: string; readonly size: number }>();
  let text_size = 0;

  return {
    async show(wanted) {
      const relation = await presentFiles(wanted);
      const place = `${relation.schema}.${relation.name}`.toLowerCase();
      const key = viewKey(relation);
      const known = views.get(place);
      if (known?.key === key) return false;
      if (!schemas.has(relation.schema)) {
        await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(relation.schema)}`);
        schemas.add(relation.schema);
      }
      const name = [catalog, relation.schema, relation.name].map(quoteName).join(".");
      const select = await selectOf(connection, relation, shapes);
      await connection.run(`CREATE OR REPLACE VIEW ${name} AS ${select}`);
      text_size += select.length - (known?.size ?? 0);
      views.set(place, { key, size: select.length });
      return true;
    },
    isFull: () => views.size > VIEWS_MAX || text_size > TEXT_MAX,
  };
}

async function selectOf(
  connection: DuckDBConnection,
  relation: Relation,
  shapes: FileShapes,
): Promise<string> {
  if (relation.kind === "table") return tableSelect(connection, relation, shapes);
  if (relation.uris.length === 0) return emptySelect(relation.columns);
  if (relation.kind === "jsonl") return jsonlSelect(relation);
  const reader = await connection.runAndReadAll(`DESCRIBE FROM ${parquetScan(relation.uris)}`);
  const rows = reader.getRows();
  const found = new Map(rows.map((row) => [String(row[0]), String(row[1])]));
  return parquetSelect(relation, found);
}
