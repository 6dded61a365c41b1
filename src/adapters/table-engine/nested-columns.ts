// SQL that takes a column of a file as the table has it now: by field ids, inside nested types too.
import { fieldsInside, parseColumnType, type ColumnType } from "#ports/column-type.ts";
import type { IdColumn } from "#ports/table-engine.ts";
import { engineType } from "./column-types.ts";
import type { FileShape, ShapeNode } from "./file-shapes.ts";
import { quoteName, quoteText } from "./sql-text.ts";

interface Place {
  /** Absent: the file carries no ids, and fields are found by name. */
  readonly ids: Readonly<Record<string, number>> | undefined;
  /** Path to the type's own fields, with its dot at the end. */
  readonly path: string;
  readonly depth: number;
}

/** What the column at that place of a file is called in a scan: no name of the file's own. */
export function placedName(at: number): string {
  return `lakehouse_p${at}`;
}

/**
 * The value of a table's column in a file of this shape, whose columns are called as `placedName`
 * says; NULL where the file has none.
 */
export function columnFrom(column: IdColumn, shape: FileShape): string {
  const type = parseColumnType(column.type);
  const { has_ids } = shape;
  const node = has_ids
    ? shape.columns.find(({ field_id }) => field_id === column.field_id)
    : byName(shape.columns, column.name);
  if (node === undefined) return `NULL::${engineType(type)}`;
  const ids = has_ids ? (column.nested_ids ?? {}) : undefined;
  const ref = placedName(shape.columns.indexOf(node));
  return valueFrom(ref, type, node, { ids, path: "", depth: 0 });
}

function byName(nodes: readonly ShapeNode[], name: string): ShapeNode | undefined {
  const lower = name.toLowerCase();
  return (
    nodes.find((node) => node.name === name) ??
    nodes.find((node) => node.name.toLowerCase() === lower)
  );
}

function valueFrom(ref: string, type: ColumnType, node: ShapeNode, place: Place): string {
  // A cast to the same type is dropped in the end, but looked up each time.
  if (type.kind === "primitive" && node.engine_type === engineType(type)) return ref;
  if (type.kind !== node.kind || isAsWanted(type, node, place)) {
    return `CAST(${ref} AS ${engineType(type)})`;
  }
  const deeper = (name: string): Place => ({
    ids: place.ids,
    path: `${place.path}${name}.`,
    depth: place.depth + 1,
  });
  if (type.kind === "struct") {
    const fields = type.fields.map(({ name, type: inner }) => {
      const child = childOf(node, name, place);
      const own = child === undefined ? "" : `struct_extract(${ref}, ${quoteText(child.name)})`;
      const value =
        child === undefined
          ? `NULL::${engineType(inner)}`
          : valueFrom(own, inner, child, deeper(name));
      return `${quoteName(name)} := ${value}`;
    });
    return `CASE WHEN ${ref} IS NULL THEN NULL ELSE struct_pack(${fields.join(", ")}) END`;
  }
  const each = `lakehouse_x${place.depth}`;
  if (type.kind === "list") {
    const value = valueFrom(each, type.element, node.children[0]!, deeper("element"));
    return `list_transform(${ref}, lambda ${each}: ${value})`;
  }
  if (type.kind === "primitive") return ref;
  const key = valueFrom(`${each}.key`, type.key, node.children[0]!, deeper("key"));
  const value = valueFrom(`${each}.value`, type.value, node.children[1]!, deeper("value"));
  const entries = `list_transform(map_entries(${ref}), lambda ${each}: {'key': ${key}, 'value': ${value}})`;
  return `CASE WHEN ${ref} IS NULL THEN NULL ELSE map_from_entries(${entries}) END`;
}

function childOf(node: ShapeNode, name: string, place: Place): ShapeNode | undefined {
  if (place.ids === undefined) return byName(node.children, name);
  const id = place.ids[`${place.path}${name}`];
  return node.children.find(({ field_id }) => field_id === id && id !== undefined);
}

/** Whether all fields of a nested type stand in the file under their names, and no others. */
function isAsWanted(type: ColumnType, node: ShapeNode, place: Place): boolean {
  if (type.kind !== node.kind) return type.kind === "primitive";
  const inside = fieldsInside(type);
  if (inside.length !== node.children.length) return false;
  return inside.every(({ name, type: inner }, at) => {
    const own = node.children[at]!;
    const child = type.kind === "struct" ? childOf(node, name, place) : own;
    if (child !== own || (type.kind === "struct" && own.name !== name)) return false;
    return isAsWanted(inner, own, { ...place, path: `${place.path}${name}.` });
  });
}

/** Whether DuckDB, which looks for inner fields by name, reads all nested columns rightly. */
export function isReadById(columns: readonly IdColumn[], shape: FileShape): boolean {
  if (!shape.has_ids) return false;
  return columns.every((column) => {
    const type = parseColumnType(column.type);
    const node = shape.columns.find(({ field_id }) => field_id === column.field_id);
    if (node === undefined || type.kind === "primitive") return true;
    return isAsWanted(type, node, { ids: column.nested_ids ?? {}, path: "", depth: 0 });
  });
}
