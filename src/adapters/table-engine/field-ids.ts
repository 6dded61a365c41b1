// Field ids of columns: as COPY's FIELD_IDS takes them, and found again by path.
import { fieldsInside, parseColumnType, type ColumnType } from "#ports/column-type.ts";
import type { IdColumn } from "#ports/table-engine.ts";
import { quoteName, quoteText } from "./sql-text.ts";

/** `{'id': 1, 'l': {'__duckdb_field_id': 2, 'element': 3}}` */
export function fieldIdsOption(columns: readonly IdColumn[]): string {
  const entries = columns.map(
    ({ name, type, field_id, nested_ids }) =>
      `${quoteText(name)}: ${idsOf(parseColumnType(type), "", field_id, nested_ids ?? {})}`,
  );
  return `{${entries.join(", ")}}`;
}

type NestedIds = Readonly<Record<string, number>>;

function idsOf(type: ColumnType, path: string, id: number | undefined, ids: NestedIds): string {
  const inside = fieldsInside(type);
  if (inside.length === 0) return String(id);
  const entries = inside.flatMap(({ name, type: inner }) => {
    const own = ids[`${path}${name}`];
    if (own === undefined) return [];
    return [`${quoteText(name)}: ${idsOf(inner, `${path}${name}.`, own, ids)}`];
  });
  return `{${[`'__duckdb_field_id': ${id}`, ...entries].join(", ")}}`;
}

export interface Leaf {
  readonly field_id: number;
  /** Iceberg type of the leaf. */
  readonly type: string;
  readonly nested: boolean;
}

/** Leaf columns by the path that DuckDB's statistics name them by: `"a"."b"`. */
export function leavesByPath(columns: readonly IdColumn[]): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const visit = (
    type: ColumnType,
    shown: string,
    path: string,
    id: number | undefined,
    ids: NestedIds,
  ) => {
    if (type.kind === "primitive") {
      const nested = path !== "";
      if (id !== undefined) leaves.set(shown, { field_id: id, type: type.name, nested });
      return;
    }
    for (const { name, type: inner } of fieldsInside(type)) {
      const deeper = path === "" ? name : `${path}.${name}`;
      visit(inner, `${shown}.${quoteName(name)}`, deeper, ids[deeper], ids);
    }
  };
  for (const { name, type, field_id, nested_ids } of columns) {
    visit(parseColumnType(type), quoteName(name), "", field_id, nested_ids ?? {});
  }
  return leaves;
}
