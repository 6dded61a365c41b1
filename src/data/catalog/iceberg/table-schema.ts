// Iceberg schemas: from and to the catalog's fields, fresh ids, name mapping.
import type { Field } from "#contracts/table-nouns.ts";
import { assert } from "#kernel/assert.ts";
import {
  parseColumnType,
  printColumnType,
  type ColumnType,
  type StructField,
} from "#ports/column-type.ts";
import { innerFields, renumberFields } from "./schema-walk.ts";
import type { IcebergField, IcebergSchema, IcebergType } from "./table-types.ts";

export { fieldById, fieldByName, lastColumnId } from "./schema-walk.ts";

/** The schema of fields; what is inside a nested type may be null. */
export function toIcebergSchema(fields: readonly Field[], schema_id: number): IcebergSchema {
  return {
    type: "struct",
    "schema-id": schema_id,
    fields: fields.map((field) => ({
      id: field.field_id,
      name: field.name,
      required: !field.nullable,
      type: toIcebergType(parseColumnType(field.type), "", field.nested_ids ?? {}),
    })),
  };
}

/** A type with ids by path (`element.a`), as `Field` has them in `nested_ids`. */
export function toIcebergType(
  type: ColumnType,
  path: string,
  ids: Readonly<Record<string, number>>,
): IcebergType {
  const idOf = (name: string) => {
    const id = ids[path + name];
    assert(id !== undefined, `no field id for ${path}${name}`);
    return id;
  };
  if (type.kind === "primitive") return type.name;
  if (type.kind === "list") {
    const element = toIcebergType(type.element, `${path}element.`, ids);
    return { type: "list", "element-id": idOf("element"), element, "element-required": false };
  }
  if (type.kind === "map") {
    return {
      type: "map",
      "key-id": idOf("key"),
      key: toIcebergType(type.key, `${path}key.`, ids),
      "value-id": idOf("value"),
      value: toIcebergType(type.value, `${path}value.`, ids),
      "value-required": false,
    };
  }
  return {
    type: "struct",
    fields: type.fields.map(({ name, type: inner }) => ({
      id: idOf(name),
      name,
      required: false,
      type: toIcebergType(inner, `${path}${name}.`, ids),
    })),
  };
}

/** The columns of a schema as the catalog's contract has them. */
export function toFields(schema: IcebergSchema): Field[] {
  return schema.fields.map((field) => {
    const nested_ids: Record<string, number> = {};
    collectIds(field.type, "", nested_ids);
    return {
      name: field.name,
      type: printColumnType(toColumnType(field.type)),
      nullable: !field.required,
      field_id: field.id,
      ...(typeof field.type === "string" ? {} : { nested_ids }),
    };
  });
}

function toColumnType(type: IcebergType): ColumnType {
  // Parsed, so that a type that is not of format v2 is refused and spaces are gone.
  if (typeof type === "string") return parseColumnType(type);
  if (type.type === "list") return { kind: "list", element: toColumnType(type.element) };
  if (type.type === "map") {
    return { kind: "map", key: toColumnType(type.key), value: toColumnType(type.value) };
  }
  const fields = type.fields.map((field): StructField => ({
    name: field.name,
    type: toColumnType(field.type),
  }));
  return { kind: "struct", fields };
}

function collectIds(type: IcebergType, path: string, ids: Record<string, number>): void {
  if (typeof type === "string") return;
  for (const field of innerFields(type)) {
    ids[path + field.name] = field.id;
    collectIds(field.type, `${path}${field.name}.`, ids);
  }
}

export interface FreshSchema {
  readonly schema: IcebergSchema;
  readonly last_column_id: number;
  /** Id it had → id it has now. */
  readonly new_ids: ReadonlyMap<number, number>;
}

/** The schema as a new table gets it: schema id 0, field ids from 1, identifiers mapped. */
export function freshSchema(schema: IcebergSchema): FreshSchema {
  const new_ids = new Map<number, number>();
  let last = 0;
  const fields = renumberFields(schema.fields, (id) => {
    new_ids.set(id, ++last);
    return last;
  });
  const identifiers = schema["identifier-field-ids"];
  const mapped = identifiers?.map((id) => {
    const fresh = new_ids.get(id);
    assert(fresh !== undefined, `identifier field ${id} is not in the schema`);
    return fresh;
  });
  return {
    schema: {
      ...schema,
      "schema-id": 0,
      ...(mapped === undefined ? {} : { "identifier-field-ids": mapped }),
      fields,
    },
    last_column_id: last,
    new_ids,
  };
}

/** Whether two schemas say the same about rows: all but the schema id. */
export function sameSchema(a: IcebergSchema, b: IcebergSchema): boolean {
  const identifiers = (schema: IcebergSchema) =>
    [...(schema["identifier-field-ids"] ?? [])].toSorted((one, other) => one - other).join();
  return identifiers(a) === identifiers(b) && printFields(a.fields) === printFields(b.fields);
}

/** Text that is equal for equal fields, whatever the order of their JSON keys. */
function printFields(fields: readonly IcebergField[]): string {
  return JSON.stringify(fields, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, inner]) => inner !== undefined && inner !== null)
            .toSorted(([left], [right]) => (left < right ? -1 : 1)),
        )
      : value,
  );
}

interface MappedName {
  readonly "field-id": number;
  readonly names: readonly string[];
  readonly fields?: readonly MappedName[];
}

/** JSON of `schema.name-mapping.default`: by it files without field ids are read by name. */
export function nameMapping(schema: IcebergSchema): string {
  return JSON.stringify(mappedNames(schema.fields));
}

function mappedNames(fields: readonly IcebergField[]): MappedName[] {
  return fields.map(({ id, name, type }) => {
    const inner = typeof type === "string" ? [] : mappedNames(innerFields(type));
    return {
      "field-id": id,
      names: [name],
      ...(inner.length === 0 ? {} : { fields: inner }),
    };
  });
}
