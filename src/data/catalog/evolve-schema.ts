// The schema a dataset gets when new columns arrive by name: ids kept, what is unknown carried on.
import type { Column } from "#contracts/nouns.ts";
import type { Field } from "#contracts/catalog.ts";
import { canonicalJson } from "#kernel/ids.ts";
import { badCommit, type CommitInput } from "./commit-request.ts";
import {
  evolveFields,
  fieldsAfterCommit,
  fingerprintOf,
  schemaDiffers,
  type EvolvedFields,
} from "./dataset-fields.ts";
import { currentSchema, defaultSpec, schemaById, withSchema } from "./iceberg/table-metadata.ts";
import { toFields, toIcebergSchema } from "./iceberg/table-schema.ts";
import type { IcebergField, IcebergSchema, TableMetadata } from "./iceberg/table-types.ts";
import { extendNameMapping } from "./name-mapping.ts";

/** The metadata with exactly these columns; the same object when nothing changes. */
export function evolveTo(
  name: string,
  metadata: TableMetadata,
  wanted: readonly Column[],
  has_rows: boolean,
  now_ms: number,
): TableMetadata {
  const present = toFields(currentSchema(metadata));
  const last_field_id = metadata["last-column-id"];
  const evolved = evolveFields(name, present, wanted, { last_field_id, has_rows });
  return withFields(name, metadata, present, evolved, now_ms);
}

/** The metadata with the columns a commit brings along; the same object when nothing changes. */
export function evolveForCommit(
  metadata: TableMetadata,
  has_rows: boolean,
  input: CommitInput,
  now_ms: number,
): TableMetadata {
  const { name, fields: wanted, replace_all: replaces, schema_id } = input;
  if (schema_id !== undefined && schemaById(metadata, schema_id) === undefined) {
    throw badCommit(`"${name}" has no schema ${schema_id}`);
  }
  if (wanted === undefined) return metadata;
  const present = toFields(currentSchema(metadata));
  const last_field_id = metadata["last-column-id"];
  const state = { last_field_id, has_rows, replaces };
  const evolved = fieldsAfterCommit(name, present, wanted, state);
  if (schema_id !== undefined) requireSameIds(metadata, input, schema_id, evolved.fields);
  return withFields(name, metadata, present, evolved, now_ms);
}

/** The added files carry the ids that evolution gave when they were written. */
function requireSameIds(
  metadata: TableMetadata,
  { name, fields: wanted, replace_all: replaces }: CommitInput,
  schema_id: number,
  now: readonly Field[],
): void {
  if (schema_id === metadata["current-schema-id"] || wanted === undefined) return;
  const then = toFields(schemaById(metadata, schema_id)!);
  const last_field_id = lastIdAt(metadata, schema_id);
  const state = { last_field_id, has_rows: false, replaces };
  const written = fieldsAfterCommit(name, then, wanted, state).fields;
  const ids = new Map(now.map((one) => [one.name, idsOf(one)]));
  const names = new Set(wanted.map((one) => one.name));
  const moved = written.find((one) => names.has(one.name) && ids.get(one.name) !== idsOf(one));
  if (moved === undefined) return;
  const why = `${moved.name}: it got another field id since schema ${schema_id}`;
  throw schemaDiffers(name, then, now, why);
}

function idsOf({ field_id, nested_ids = {} }: Field): string {
  return canonicalJson([field_id, nested_ids]);
}

/** The last id given out when this schema was the newest. */
function lastIdAt(metadata: TableMetadata, schema_id: number): number {
  let last = 0;
  for (const schema of metadata.schemas) {
    if (schema["schema-id"] > schema_id) continue;
    for (const { field_id, nested_ids = {} } of toFields(schema)) {
      last = Math.max(last, field_id, ...Object.values(nested_ids));
    }
  }
  return last;
}

function withFields(
  name: string,
  metadata: TableMetadata,
  present: readonly Field[],
  { fields, last_field_id }: EvolvedFields,
  now_ms: number,
): TableMetadata {
  if (fingerprintOf(fields) === fingerprintOf(present)) return metadata;
  const kept = new Set(fields.map((one) => one.field_id));
  const lost = defaultSpec(metadata).fields.find(
    (one) => one.transform !== "void" && !kept.has(one["source-id"]),
  );
  if (lost !== undefined) {
    throw schemaDiffers(name, present, fields, `the dataset is partitioned by ${lost.name}`);
  }
  const old = currentSchema(metadata);
  const schema = carryOn(old, toIcebergSchema(fields, old["schema-id"]));
  return extendNameMapping(withSchema(metadata, schema, last_field_id, now_ms));
}

/**
 * Docs, defaults and identifiers, which our columns do not speak of, stay with their fields, and so
 * does what a nested type that did not change says of null.
 */
function carryOn(old: IcebergSchema, next: IcebergSchema): IcebergSchema {
  const before = new Map(old.fields.map((one) => [one.id, one]));
  const types = new Map(toFields(old).map((one) => [one.field_id, one.type]));
  const fields = toFields(next).map((field, at): IcebergField => {
    const one = next.fields[at]!;
    const was = before.get(one.id);
    const same_type = was !== undefined && types.get(one.id) === field.type;
    return { ...was, ...one, ...(same_type ? { type: was.type } : {}) };
  });
  const kept = new Set(fields.map((one) => one.id));
  const identifiers = old["identifier-field-ids"]?.filter((id) => kept.has(id));
  return {
    ...next,
    ...(identifiers === undefined ? {} : { "identifier-field-ids": identifiers }),
    fields,
  };
}
