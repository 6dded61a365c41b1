// The REST catalog's metadata updates as pure functions over table metadata.
import { z } from "zod";
import { LakehouseError } from "#kernel/problem.ts";
import { badUpdate, nearest } from "./bad-update.ts";
import {
  parseOrder,
  parseRef,
  parseSchema,
  parseSnapshot,
  parseSpec,
  parseStatistics,
  readJson,
  snapshotId,
} from "./metadata-json.ts";
import { addedSchema, addedSnapshot, withCurrent, withoutSnapshots } from "./metadata-steps.ts";
import { canTransform, FIRST_PARTITION_ID, readTransform, UNPARTITIONED } from "./partitioning.ts";
import { fieldById, lastColumnId } from "./schema-walk.ts";
import {
  currentSchema,
  lastPartitionId,
  schemaById,
  snapshotById,
  specById,
  UNSORTED,
} from "./table-metadata.ts";
import type {
  IcebergSchema,
  PartitionSpec,
  SortOrder,
  StatisticsFile,
  TableMetadata,
} from "./table-types.ts";

export { checkRequirements } from "./table-requirements.ts";

/** What is changed while a list of updates is applied: the metadata, and what was added last. */
interface Draft {
  metadata: TableMetadata;
  readonly now_ms: number;
  /** For the id -1: "the one added last". */
  last_schema?: number;
  last_spec?: number;
  last_order?: number;
  readonly added_snapshots: Set<string>;
}

type Update = Readonly<Record<string, unknown>>;
type Apply = (draft: Draft, update: Update) => void;

/** Each action of the REST specification (`BaseUpdate`), by name. */
const ACTIONS: Readonly<Record<string, Apply>> = {
  "assign-uuid": (draft, update) => {
    const { uuid } = read(update, { uuid: z.string().min(1) });
    set(draft, { "table-uuid": uuid });
  },
  "upgrade-format-version": (_, update) => {
    const { "format-version": version } = read(update, { "format-version": z.int() });
    if (version !== 2) throw badUpdate(`format version ${version} is not written here, only 2`);
  },
  "add-schema": addSchema,
  "set-current-schema": setCurrentSchema,
  "remove-schemas": removeSchemas,
  "add-spec": addSpec,
  "set-default-spec": setDefaultSpec,
  "remove-partition-specs": removeSpecs,
  "add-sort-order": addOrder,
  "set-default-sort-order": setDefaultOrder,
  "add-snapshot": addSnapshot,
  "set-snapshot-ref": setRef,
  "remove-snapshots": removeSnapshots,
  "remove-snapshot-ref": removeRef,
  "set-location": (draft, update) => {
    set(draft, { location: read(update, { location: z.string().min(1) }).location });
  },
  "set-properties": (draft, update) => {
    // Clients of the early specification call it `updated`.
    const texts = z.record(z.string(), z.string());
    const given = read(update, { updates: texts.optional(), updated: texts.optional() });
    const updates = given.updates ?? given.updated ?? {};
    set(draft, { properties: { ...draft.metadata.properties, ...updates } });
  },
  "remove-properties": (draft, update) => {
    const names = z.array(z.string());
    const given = read(update, { removals: names.optional(), removed: names.optional() });
    const gone = new Set(given.removals ?? given.removed);
    const kept = Object.entries(draft.metadata.properties).filter(([name]) => !gone.has(name));
    set(draft, { properties: Object.fromEntries(kept) });
  },
  "set-statistics": (draft, update) => setStatistics(draft, update, "statistics"),
  "remove-statistics": (draft, update) => removeStatistics(draft, update, "statistics"),
  "set-partition-statistics": (draft, update) =>
    setStatistics(draft, update, "partition-statistics"),
  "remove-partition-statistics": (draft, update) =>
    removeStatistics(draft, update, "partition-statistics"),
};

/**
 * The metadata after updates in their order, as the Java implementation applies them: a schema, spec
 * or sort order that is there already keeps its id. Errors: `invalid` with reason `bad_update`.
 */
export function applyUpdates(
  metadata: TableMetadata,
  updates: readonly unknown[],
  { now_ms }: { readonly now_ms: number },
): TableMetadata {
  const draft: Draft = { metadata, now_ms, added_snapshots: new Set() };
  for (const [at, given] of updates.entries()) {
    const { action } = readJson(
      z.looseObject({ action: z.string() }),
      given,
      `update ${at}`,
      "bad_update",
    );
    const apply = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (apply === undefined) throw badUpdate(`there is no update "${action}"`, known(action));
    apply(draft, given as Update);
  }
  if (updates.length === 0) return metadata;
  return withoutIntermediate({ ...draft.metadata, "last-updated-ms": now_ms }, draft);
}

/**
 * The metadata of a table that a transaction creates from nothing (REST: requirement
 * `assert-create`); the updates must give it uuid, schema and location.
 */
export function newTableFromUpdates(
  updates: readonly unknown[],
  { now_ms }: { readonly now_ms: number },
): TableMetadata {
  const made = applyUpdates(EMPTY, updates, { now_ms });
  const missing = [
    made["table-uuid"] === "" ? "assign-uuid" : [],
    made.location === "" ? "set-location" : [],
    schemaById(made, made["current-schema-id"]) === undefined ? "set-current-schema" : [],
  ].flat();
  if (missing.length > 0) throw badUpdate(`a new table needs the updates ${missing.join(", ")}`);
  const spec = specById(made, made["default-spec-id"]) ?? UNPARTITIONED;
  return {
    ...made,
    "partition-specs": made["partition-specs"].length === 0 ? [spec] : made["partition-specs"],
    "default-spec-id": spec["spec-id"],
    "sort-orders": made["sort-orders"].length === 0 ? [UNSORTED] : made["sort-orders"],
    "default-sort-order-id": Math.max(0, made["default-sort-order-id"]),
  };
}

const EMPTY: TableMetadata = {
  "format-version": 2,
  "table-uuid": "",
  location: "",
  "last-sequence-number": 0,
  "last-updated-ms": 0,
  "last-column-id": 0,
  schemas: [],
  "current-schema-id": -1,
  "partition-specs": [],
  "default-spec-id": -1,
  "last-partition-id": FIRST_PARTITION_ID - 1,
  properties: {},
  "current-snapshot-id": null,
  snapshots: [],
  "snapshot-log": [],
  "metadata-log": [],
  "sort-orders": [],
  "default-sort-order-id": -1,
  refs: {},
  statistics: [],
  "partition-statistics": [],
};

function known(action: string): string {
  const names = Object.keys(ACTIONS);
  return `did you mean ${nearest(action, names)}? There are ${names.join(", ")}`;
}

function read<S extends z.ZodRawShape>(update: Update, shape: S): z.output<z.ZodObject<S>> {
  const what = `update ${String(update["action"])}`;
  return readJson(z.looseObject(shape), update, what, "bad_update") as z.output<z.ZodObject<S>>;
}

function set(draft: Draft, changed: Partial<TableMetadata>): void {
  draft.metadata = { ...draft.metadata, ...changed } as TableMetadata;
}

/** Java leaves out of the log what was current only between two updates of one commit. */
function withoutIntermediate(metadata: TableMetadata, draft: Draft): TableMetadata {
  const current = metadata["current-snapshot-id"];
  const log = metadata["snapshot-log"].filter(
    (entry) =>
      entry["snapshot-id"] === current || !draft.added_snapshots.has(entry["snapshot-id"]),
  );
  return { ...metadata, "snapshot-log": log };
}

function addSchema(draft: Draft, update: Update): void {
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

function setCurrentSchema(draft: Draft, update: Update): void {
  const given = read(update, { "schema-id": z.int() })["schema-id"];
  const id = given === -1 ? lastAdded(draft.last_schema, "schema") : given;
  const schema = schemaById(draft.metadata, id);
  if (schema === undefined) throw badUpdate(`there is no schema ${id}`);
  const spec = specById(draft.metadata, draft.metadata["default-spec-id"]);
  if (spec !== undefined) checkSpec(spec, schema);
  set(draft, { "current-schema-id": id });
}

function lastAdded(id: number | undefined, what: string): number {
  if (id !== undefined) return id;
  throw badUpdate(`-1 means the ${what} added last, but none was added before`);
}

function removeSchemas(draft: Draft, update: Update): void {
  const gone = new Set(read(update, { "schema-ids": z.array(z.int()) })["schema-ids"]);
  if (gone.has(draft.metadata["current-schema-id"])) {
    throw badUpdate("the current schema cannot be removed");
  }
  set(draft, { schemas: draft.metadata.schemas.filter((one) => !gone.has(one["schema-id"])) });
}

function addSpec(draft: Draft, update: Update): void {
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

function setDefaultSpec(draft: Draft, update: Update): void {
  const given = read(update, { "spec-id": z.int() })["spec-id"];
  const id = given === -1 ? lastAdded(draft.last_spec, "partition spec") : given;
  const spec = specById(draft.metadata, id);
  if (spec === undefined) throw badUpdate(`there is no partition spec ${id}`);
  checkSpec(spec, currentSchema(draft.metadata));
  set(draft, { "default-spec-id": id });
}

function removeSpecs(draft: Draft, update: Update): void {
  const gone = new Set(read(update, { "spec-ids": z.array(z.int()) })["spec-ids"]);
  if (gone.has(draft.metadata["default-spec-id"])) {
    throw badUpdate("the default partition spec cannot be removed");
  }
  const kept = draft.metadata["partition-specs"].filter((one) => !gone.has(one["spec-id"]));
  set(draft, { "partition-specs": kept });
}

function addOrder(draft: Draft, update: Update): void {
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

function setDefaultOrder(draft: Draft, update: Update): void {
  const given = read(update, { "sort-order-id": z.int() })["sort-order-id"];
  const id = given === -1 ? lastAdded(draft.last_order, "sort order") : given;
  if (!draft.metadata["sort-orders"].some((one) => one["order-id"] === id)) {
    throw badUpdate(`there is no sort order ${id}`);
  }
  set(draft, { "default-sort-order-id": id });
}

function addSnapshot(draft: Draft, update: Update): void {
  const { metadata } = draft;
  const snapshot = parseSnapshot(read(update, { snapshot: z.unknown() }).snapshot, "bad_update");
  const id = snapshot["snapshot-id"];
  const sequence = snapshot["sequence-number"];
  const parent = snapshot["parent-snapshot-id"] ?? null;
  if (metadata.schemas.length === 0) throw badUpdate("a schema must be there before a snapshot");
  if (snapshotById(metadata, id) !== undefined) throw badUpdate(`there is a snapshot ${id} already`);
  if (sequence <= metadata["last-sequence-number"] && parent !== null) {
    throw badUpdate(
      `snapshot ${id} has sequence number ${sequence}, but the table is at \
${metadata["last-sequence-number"]}`,
      "load the table again and commit with the next sequence number",
    );
  }
  draft.added_snapshots.add(id);
  draft.metadata = addedSnapshot(metadata, snapshot, draft.now_ms);
}

function setRef(draft: Draft, update: Update): void {
  const { metadata, now_ms } = draft;
  const { "ref-name": name } = read(update, { "ref-name": z.string().min(1) });
  const { action: _, "ref-name": __, ...rest } = update;
  const ref = parseRef(rest, "bad_update");
  const id = ref["snapshot-id"];
  const snapshot = snapshotById(metadata, id);
  if (snapshot === undefined) throw badUpdate(`"${name}" names snapshot ${id}, which is not there`);
  if (name !== "main") {
    set(draft, { refs: { ...metadata.refs, [name]: ref } });
    return;
  }
  if (ref.type !== "branch") throw badUpdate("main is a branch, it cannot become a tag");
  const at_ms = draft.added_snapshots.has(id) ? snapshot["timestamp-ms"] : now_ms;
  const { "snapshot-id": ___, type: ____, ...retention } = ref;
  draft.metadata = withCurrent(metadata, id, at_ms, retention);
}

function removeSnapshots(draft: Draft, update: Update): void {
  const ids = read(update, { "snapshot-ids": z.array(snapshotId) })["snapshot-ids"];
  try {
    draft.metadata = withoutSnapshots(draft.metadata, ids, draft.now_ms);
  } catch (cause) {
    if (cause instanceof LakehouseError) throw badUpdate(cause.message, undefined, cause);
    throw cause;
  }
}

function removeRef(draft: Draft, update: Update): void {
  const { "ref-name": name } = read(update, { "ref-name": z.string() });
  const { [name]: _, ...refs } = draft.metadata.refs;
  set(draft, { refs, ...(name === "main" ? { "current-snapshot-id": null } : {}) });
}

type StatisticsKey = "statistics" | "partition-statistics";

function setStatistics(draft: Draft, update: Update, key: StatisticsKey): void {
  const file = parseStatistics(read(update, { [key]: z.unknown() })[key], "bad_update");
  const id = file["snapshot-id"];
  set(draft, { [key]: [...othersThan(draft, key, id), file] });
}

function removeStatistics(draft: Draft, update: Update, key: StatisticsKey): void {
  const { "snapshot-id": id } = read(update, { "snapshot-id": snapshotId });
  set(draft, { [key]: othersThan(draft, key, id) });
}

function othersThan(draft: Draft, key: StatisticsKey, id: string): StatisticsFile[] {
  return draft.metadata[key].filter((file) => file["snapshot-id"] !== id);
}
