// The Iceberg schema of a Parquet file, as Iceberg's own writers note it in the file.
import { parseColumnType, type ColumnType } from "#ports/column-type.ts";
import type { IdColumn } from "#ports/table-engine.ts";

/** Key of the note; readers that do not look at field ids find renamed columns by it. */
export const ICEBERG_SCHEMA_KEY = "iceberg.schema";

/** The columns as schema JSON: Iceberg table spec, appendix C, "Schemas". */
export function icebergSchemaText(columns: readonly IdColumn[]): string {
  const fields = columns.map(({ name, type, nullable, field_id, nested_ids }) => ({
    id: field_id,
    name,
    required: nullable === false,
    type: typeJson(parseColumnType(type), "", nested_ids ?? {}),
  }));
  return JSON.stringify({ type: "struct", fields });
}

type NestedIds = Readonly<Record<string, number>>;

function typeJson(type: ColumnType, path: string, ids: NestedIds): unknown {
  if (type.kind === "primitive") return type.name;
  const inner = (name: string, one: ColumnType) => typeJson(one, `${path}${name}.`, ids);
  if (type.kind === "list") {
    return {
      type: "list",
      "element-id": ids[`${path}element`],
      element: inner("element", type.element),
      "element-required": false,
    };
  }
  if (type.kind === "map") {
    return {
      type: "map",
      "key-id": ids[`${path}key`],
      key: inner("key", type.key),
      "value-id": ids[`${path}value`],
      value: inner("value", type.value),
      "value-required": false,
    };
  }
  const fields = type.fields.map((field) => ({
    id: ids[`${path}${field.name}`],
    name: field.name,
    required: false,
    type: inner(field.name, field.type),
  }));
  return { type: "struct", fields };
}
