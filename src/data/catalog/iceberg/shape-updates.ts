// Updates of schemas, partition specs and sort orders (REST specification).
import { z } from "zod";
import { badUpdate } from "./bad-update.ts";
import { parseOrder, parseSchema, parseSpec } from "./metadata-json.ts";
import { addedSchema } from "./metadata-steps.ts";
import { canTransform, readTransform } from "./partitioning.ts";
import { fieldById, lastColumnId } from "./schema-walk.ts";
import { currentSchema, lastPartitionId, schemaById, specById } from "./table-metadata.ts";
import type { IcebergSchema, PartitionSpec, SortOrder } from "./table-types.ts";
import { read, set, type Draft, type Update } from "./update-draft.ts";

export function addSchema(draft: Draft, update: Update): void {
  const given = read(update, { schema: z.unknown(), "last-column-id": z.int().optional() });
  const schema = parseSchema(given.schema, "bad_update");
  const last = Math.max(given["last-column-id"] ?? 0, lastColumnId(schema));
  checkIds(schema);
  const added = addedSchema(draft.metadata, schema, last, draft.now_ms);
  draft.metadata = added.metadata;
  draft.last_schema = added.schema_id;
}

function checkIds(schema: IcebergSchema): void {
  const names = new Set(schema.fields.map((field) => field.name));
  if (names.size < schema.fields.length) throw badUpdate("two columns have the same name");
  for (const id of schema["identifier-field-ids"] ?? []) {
    if (fieldById(schema, id) === undefined) throw badUpdate(`identifier field ${id} is not there`);
  }
}

export function setCurrentSchema(draft: Draft, update: Update): void {
  const given = read(update, { "schema-id": z.int() })["schema-id"];
  const id = given === -1 ? lastAdded(draft.last_schema, "schema") : given;
  const schema = schemaById(draft.metadata, id);
  if (schema === undefined) throw badUpdate(`there is no schema ${id}`);
  const spec = specById(draft.metadata, draft.metadata["default-spec-id"]);
  if (spec !== undefined) checkSpec(spec, schema);
  set(draft, { "current-schema-id": id });
}

export function removeSchemas(draft: Draft, update: Update): void {
  const gone = new Set(read(update, { "schema-ids": z.array(z.int()) })["schema-ids"]);
  if (gone.has(draft.metadata["current-schema-id"])) {
    throw badUpdate("the current schema cannot be removed");
  }
  set(draft, { schemas: draft.metadata.schemas.filter((one) => !gone.has(one["schema-id"])) });
}

export function addSpec(draft: Draft, update: Update): void {
  const { metadata } = draft;
  const given = read(update, { spec: z.unknown() }).spec;
  const spec = parseSpec(given, metadata["last-partition-id"], "bad_update");
  const schema = schemaById(metadata, metadata["current-schema-id"]);
  if (schema === undefined) throw badUpdate("a schema must be current before a spec is added");
  checkSpec(spec, schema);
  const same = metadata["partition-specs"].find((one) => specText(one) === specText(spec));
  const free = 1 + Math.max(-1, ...metadata["partition-specs"].map((one) => one["spec-id"]));
  const id = same?.["spec-id"] ?? free;
  draft.last_spec = id;
  if (same !== undefined) return;
  set(draft, {
    "partition-specs": [...metadata["partition-specs"], { ...spec, "spec-id": id }],
    "last-partition-id": Math.max(metadata["last-partition-id"], lastPartitionId([spec])),
  });
}

/** Equal for specs that Java calls compatible: field ids may differ. */
function specText(spec: PartitionSpec): string {
  return JSON.stringify(
    spec.fields.map((field) => [field["source-id"], field.transform, field.name]),
  );
}

/** Every field that is not void must have its column, of a type that its transform takes. */
function checkSpec(spec: PartitionSpec, schema: IcebergSchema): void {
  for (const field of spec.fields) {
    const transform = readTransform(field.transform);
    if (transform?.kind === "void") continue;
    const source = fieldById(schema, field["source-id"]);
    if (source === undefined) {
      throw badUpdate(`partition field "${field.name}" is made of field ${field["source-id"]}, \
which is not in the schema`);
    }
    if (transform !== undefined && !canTransform(transform, source.type)) {
      throw badUpdate(`${field.transform} cannot be applied to "${source.name}"`);
    }
  }
}

export function setDefaultSpec(draft: Draft, update: Update): void {
  const given = read(update, { "spec-id": z.int() })["spec-id"];
  const id = given === -1 ? lastAdded(draft.last_spec, "partition spec") : given;
  const spec = specById(draft.metadata, id);
  if (spec === undefined) throw badUpdate(`there is no partition spec ${id}`);
  checkSpec(spec, currentSchema(draft.metadata));
  set(draft, { "default-spec-id": id });
}

export function removeSpecs(draft: Draft, update: Update): void {
  const gone = new Set(read(update, { "spec-ids": z.array(z.int()) })["spec-ids"]);
  if (gone.has(draft.metadata["default-spec-id"])) {
    throw badUpdate("the default partition spec cannot be removed");
  }
  const kept = draft.metadata["partition-specs"].filter((one) => !gone.has(one["spec-id"]));
  set(draft, { "partition-specs": kept });
}

export function addOrder(draft: Draft, update: Update): void {
  const orders = draft.metadata["sort-orders"];
  const order = parseOrder(read(update, { "sort-order": z.unknown() })["sort-order"], "bad_update");
  const schema = schemaById(draft.metadata, draft.metadata["current-schema-id"]);
  for (const field of order.fields) {
    if (schema !== undefined && fieldById(schema, field["source-id"]) === undefined) {
      throw badUpdate(`the sort order names field ${field["source-id"]}, which is not there`);
    }
  }
  const same = orders.find((one) => orderText(one) === orderText(order));
  const free = 1 + Math.max(0, ...orders.map((one) => one["order-id"]));
  // 0 is kept for "not sorted".
  const id = same?.["order-id"] ?? (order.fields.length === 0 ? 0 : free);
  draft.last_order = id;
  if (same === undefined) set(draft, { "sort-orders": [...orders, { ...order, "order-id": id }] });
}

function orderText(order: SortOrder): string {
  return JSON.stringify(
    order.fields.map((field) => [
      field["source-id"],
      field.transform,
      field.direction,
      field["null-order"],
    ]),
  );
}

export function setDefaultOrder(draft: Draft, update: Update): void {
  const given = read(update, { "sort-order-id": z.int() })["sort-order-id"];
  const id = given === -1 ? lastAdded(draft.last_order, "sort order") : given;
  if (!draft.metadata["sort-orders"].some((one) => one["order-id"] === id)) {
    throw badUpdate(`there is no sort order ${id}`);
  }
  set(draft, { "default-sort-order-id": id });
}

function lastAdded(id: number | undefined, what: string): number {
  if (id !== undefined) return id;
  throw badUpdate(`-1 means the ${what} added last, but none was added before`);
}
