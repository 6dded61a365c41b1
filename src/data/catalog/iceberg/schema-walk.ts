// Walking Iceberg schemas: fields by id and name, nested types rebuilt with other ids.
import type { IcebergField, IcebergSchema, IcebergType } from "./table-types.ts";

/** A field anywhere in a schema, with its full name (`address.city`, `tags.element`). */
export interface FoundField {
  readonly id: number;
  readonly name: string;
  readonly type: IcebergType;
  readonly required: boolean;
  /** Stands in structs only: such fields have bounds and may be partitioned by. */
  readonly in_structs: boolean;
}

/** Every field with an id, outer before inner. */
export function* walkFields(schema: {
  readonly fields: readonly IcebergField[];
}): Generator<FoundField> {
  for (const field of schema.fields) yield* walkField(field, "", true);
}

function* walkField(field: IcebergField, path: string, in_structs: boolean): Generator<FoundField> {
  const { id, type, required } = field;
  const name = path + field.name;
  yield { id, name, type, required, in_structs };
  yield* walkType(type, `${name}.`, in_structs);
}

function* walkType(type: IcebergType, path: string, in_structs: boolean): Generator<FoundField> {
  if (typeof type === "string") return;
  if (type.type === "struct") {
    for (const field of type.fields) yield* walkField(field, path, in_structs);
    return;
  }
  for (const field of innerFields(type)) yield* walkField(field, path, false);
}

/** The element of a list, key and value of a map, as fields. */
export function innerFields(type: Exclude<IcebergType, string>): readonly IcebergField[] {
  if (type.type === "struct") return type.fields;
  if (type.type === "list") {
    const required = type["element-required"];
    return [{ id: type["element-id"], name: "element", type: type.element, required }];
  }
  return [
    { id: type["key-id"], name: "key", type: type.key, required: true },
    { id: type["value-id"], name: "value", type: type.value, required: type["value-required"] },
  ];
}

/** The field of an id, at any depth. */
export function fieldById(schema: IcebergSchema, id: number): FoundField | undefined {
  for (const field of walkFields(schema)) if (field.id === id) return field;
  return undefined;
}

/** The field of a full name, at any depth. */
export function fieldByName(schema: IcebergSchema, name: string): FoundField | undefined {
  for (const field of walkFields(schema)) if (field.name === name) return field;
  return undefined;
}

/** The highest field id in use; 0 when there is no field. */
export function lastColumnId(schema: { readonly fields: readonly IcebergField[] }): number {
  let last = 0;
  for (const { id } of walkFields(schema)) last = Math.max(last, id);
  return last;
}

/**
 * The type with new ids, given to all fields of one level before those inside each of them, as
 * Iceberg does; `renewed(old_id)` answers the new one.
 */
export function renumberType(type: IcebergType, renewed: (id: number) => number): IcebergType {
  if (typeof type === "string") return type;
  if (type.type === "struct") return { ...type, fields: renumberFields(type.fields, renewed) };
  if (type.type === "list") {
    const id = renewed(type["element-id"]);
    return { ...type, "element-id": id, element: renumberType(type.element, renewed) };
  }
  const key_id = renewed(type["key-id"]);
  const value_id = renewed(type["value-id"]);
  const key = renumberType(type.key, renewed);
  return {
    ...type,
    "key-id": key_id,
    key,
    "value-id": value_id,
    value: renumberType(type.value, renewed),
  };
}

/** As `renumberType`, for the fields of a struct or schema. */
export function renumberFields(
  fields: readonly IcebergField[],
  renewed: (id: number) => number,
): IcebergField[] {
  const ids = fields.map((field) => renewed(field.id));
  return fields.map((field, at) => ({
    ...field,
    id: ids[at]!,
    type: renumberType(field.type, renewed),
  }));
}
