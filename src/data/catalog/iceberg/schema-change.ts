// Schema evolution: add, rename, widen, make nullable, drop, move, by Iceberg's rules.
import type { FieldChange } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { numberColumns, parseColumnType } from "#ports/column-type.ts";
import { primitiveOf } from "./raw-values.ts";
import { toIcebergType } from "./table-schema.ts";
import type { IcebergField, IcebergSchema, IcebergType } from "./table-types.ts";

export interface ChangedSchema {
  /** With the schema id it had; a table gives it its own (`withSchema`). */
  readonly schema: IcebergSchema;
  readonly last_column_id: number;
}

/**
 * The schema after changes to its top-level columns, one after the other (table spec, "Schema
 * Evolution"). Errors: `invalid` with reason `no_such_field`, `duplicate_field`, `unknown_type`, or
 * `schema_differs` (no such widening; an identifier field cannot be dropped or become nullable).
 */
export function changeSchema(
  schema: IcebergSchema,
  changes: readonly FieldChange[],
  last_column_id: number,
): ChangedSchema {
  let changed: ChangedSchema = { schema, last_column_id };
  for (const change of changes) changed = applyChange(changed, change);
  return changed;
}

function applyChange(
  { schema, last_column_id }: ChangedSchema,
  change: FieldChange,
): ChangedSchema {
  if (change.change === "add") return addField({ schema, last_column_id }, change);
  const field = fieldNamed(schema, change.name);
  const others = schema.fields.filter((other) => other !== field);
  const replacedBy = (next: IcebergField) => ({
    schema: { ...schema, fields: schema.fields.map((one) => (one === field ? next : one)) },
    last_column_id,
  });
  switch (change.change) {
    case "rename":
      if (others.some(({ name }) => name === change.to)) throw duplicateField(change.to);
      return replacedBy({ ...field, name: change.to });
    case "widen":
      return replacedBy({ ...field, type: widened(field, change.type) });
    case "make_nullable":
      refuseIdentifier(schema, field, "become nullable");
      return replacedBy({ ...field, required: false });
    case "drop":
      refuseIdentifier(schema, field, "be dropped");
      return { schema: { ...schema, fields: others }, last_column_id };
    case "move":
      return { schema: { ...schema, fields: moved(schema, field, change.after) }, last_column_id };
  }
}

function addField(
  { schema, last_column_id }: ChangedSchema,
  { name, type, doc }: Extract<FieldChange, { change: "add" }>,
): ChangedSchema {
  if (schema.fields.some((field) => field.name === name)) throw duplicateField(name);
  // Rows that are there already have no value for it, so it may be null.
  const numbered = numberColumns([{ name, type, nullable: true }], last_column_id);
  const { field_id: id, nested_ids = {} } = numbered.columns[0]!;
  const added: IcebergField = {
    id,
    name,
    required: false,
    type: toIcebergType(parseColumnType(type), "", nested_ids),
    ...(doc === undefined ? {} : { doc }),
  };
  return {
    schema: { ...schema, fields: [...schema.fields, added] },
    last_column_id: numbered.last_field_id,
  };
}

function fieldNamed(schema: IcebergSchema, name: string): IcebergField {
  const field = schema.fields.find((one) => one.name === name);
  if (field !== undefined) return field;
  throw new LakehouseError("invalid", `there is no column "${name}"`, {
    reason: "no_such_field",
    hint: `the columns are ${schema.fields.map((one) => one.name).join(", ")}`,
  });
}

function duplicateField(name: string): LakehouseError {
  return new LakehouseError("invalid", `there is a column "${name}" already`, {
    reason: "duplicate_field",
  });
}

function refuseIdentifier(schema: IcebergSchema, field: IcebergField, what: string): void {
  if (schema["identifier-field-ids"]?.includes(field.id) !== true) return;
  throw new LakehouseError("invalid", `"${field.name}" identifies rows: it cannot ${what}`, {
    reason: "schema_differs",
  });
}

function widened(field: IcebergField, to: string): IcebergType {
  const { name: wider } = parsePrimitive(to);
  if (wider !== undefined && canWiden(field.type, wider)) return wider;
  const from = typeof field.type === "string" ? field.type : field.type.type;
  throw new LakehouseError("invalid", `column "${field.name}" cannot go from ${from} to ${to}`, {
    reason: "schema_differs",
    hint: "int widens to long, float to double, decimal(P,S) to a higher P with the same S",
  });
}

function parsePrimitive(text: string): { name: string | undefined } {
  const type = parseColumnType(text);
  return { name: type.kind === "primitive" ? type.name : undefined };
}

/** Whether values of a type are read as the wider one (table spec, "Schema Evolution"). */
export function canWiden(from: IcebergType, to: IcebergType): boolean {
  const narrow = primitiveOf(from);
  const wide = primitiveOf(to);
  if (narrow === undefined || wide === undefined) return false;
  if (narrow.kind === "decimal" && wide.kind === "decimal") {
    return wide.scale === narrow.scale && wide.precision >= narrow.precision;
  }
  if (narrow.kind === wide.kind) return narrow.length === wide.length;
  return (
    (narrow.kind === "int" && wide.kind === "long") ||
    (narrow.kind === "float" && wide.kind === "double")
  );
}

function moved(
  schema: IcebergSchema,
  field: IcebergField,
  after: string | null,
): readonly IcebergField[] {
  if (after === field.name) return schema.fields;
  const before = after === null ? undefined : fieldNamed(schema, after);
  const others = schema.fields.filter((one) => one !== field);
  const at = before === undefined ? 0 : others.indexOf(before) + 1;
  return others.toSpliced(at, 0, field);
}
