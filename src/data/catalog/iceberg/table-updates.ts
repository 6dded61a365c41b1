// The REST catalog's metadata updates as pure functions over table metadata.
import { z } from "zod";
import { badUpdate, nearest } from "./bad-update.ts";
import { readJson } from "./metadata-json.ts";
import { FIRST_PARTITION_ID, UNPARTITIONED } from "./partitioning.ts";
import {
  addOrder,
  addSchema,
  addSpec,
  removeSchemas,
  removeSpecs,
  setCurrentSchema,
  setDefaultOrder,
  setDefaultSpec,
} from "./shape-updates.ts";
import {
  addSnapshot,
  removeRef,
  removeSnapshots,
  removeStatistics,
  setRef,
  setStatistics,
} from "./snapshot-updates.ts";
import { schemaById, specById, UNSORTED } from "./table-metadata.ts";
import type { TableMetadata } from "./table-types.ts";
import { read, set, type Draft, type Update } from "./update-draft.ts";

export { checkRequirements } from "./table-requirements.ts";

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
 * The metadata after updates in their order, as Java applies them: a schema, partition spec
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

/** Java leaves out of the log what was current only between two updates of one commit. */
function withoutIntermediate(metadata: TableMetadata, draft: Draft): TableMetadata {
  const current = metadata["current-snapshot-id"];
  const log = metadata["snapshot-log"].filter(
    (entry) => entry["snapshot-id"] === current || !draft.added_snapshots.has(entry["snapshot-id"]),
  );
  return { ...metadata, "snapshot-log": log };
}
