// Table metadata: read from and printed to its JSON, made new, asked for snapshots by id and time.
import { parseLongJson, printLongJson } from "#kernel/long-json.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { metadataJson, readJson, withFieldIds } from "./metadata-json.ts";
import { FIRST_PARTITION_ID, UNPARTITIONED } from "./partitioning.ts";
import { lastColumnId } from "./schema-walk.ts";
import type {
  IcebergSchema,
  PartitionSpec,
  SnapshotRef,
  SortOrder,
  TableMetadata,
  TableSnapshot,
} from "./table-types.ts";

export {
  withPreviousMetadata,
  withSchema,
  withSnapshot,
  withoutSnapshots,
} from "./metadata-steps.ts";

/** The sort order of tables that have none. */
export const UNSORTED: SortOrder = { "order-id": 0, fields: [] };

/**
 * Metadata from the text of a metadata file. Format v1 is read as v2; unknown keys are kept. Error:
 * `invalid` with reason `bad_table`, saying what is wrong where.
 */
export function parseTableMetadata(text: string): TableMetadata {
  let value: unknown;
  try {
    value = parseLongJson(text);
  } catch (cause) {
    throw badTable("the table metadata is not JSON", cause);
  }
  return readTableMetadata(value);
}

/** As `parseTableMetadata`, of what `parseLongJson` made. */
export function readTableMetadata(value: unknown): TableMetadata {
  const version = (value as Partial<TableMetadata> | null)?.["format-version"] as unknown;
  if (typeof version === "number" && version > 2) {
    throw badTable(`the table has Iceberg format version ${version}; 1 and 2 can be read here`);
  }
  const read = readJson(metadataJson, value, "the table metadata", "bad_table");
  const { schema, "partition-spec": v1_spec, ...rest } = read;
  const schemas = rest.schemas ?? (schema === undefined ? [] : [schema]);
  const specs = specsOf(rest["partition-specs"], v1_spec);
  const orders = rest["sort-orders"] ?? [UNSORTED];
  const current_id = rest["current-snapshot-id"] ?? "-1";
  const current = current_id === "-1" ? null : current_id;
  const metadata: TableMetadata = {
    ...rest,
    "format-version": 2,
    schemas,
    "current-schema-id": rest["current-schema-id"] ?? schema?.["schema-id"] ?? 0,
    "partition-specs": specs,
    "default-spec-id": rest["default-spec-id"] ?? specs[0]?.["spec-id"] ?? 0,
    "last-partition-id": Math.max(rest["last-partition-id"] ?? 0, lastPartitionId(specs)),
    properties: rest.properties ?? {},
    "current-snapshot-id": current,
    snapshots: rest.snapshots ?? [],
    "snapshot-log": rest["snapshot-log"] ?? [],
    "metadata-log": rest["metadata-log"] ?? [],
    "sort-orders": orders,
    "default-sort-order-id": rest["default-sort-order-id"] ?? orders[0]?.["order-id"] ?? 0,
    refs: withMain(rest.refs ?? {}, current),
    statistics: rest.statistics ?? [],
    "partition-statistics": rest["partition-statistics"] ?? [],
  };
  return checked(metadata);
}

function specsOf(
  specs: Parameters<typeof withFieldIds>[0][] | undefined,
  v1_spec: Parameters<typeof withFieldIds>[0]["fields"] | undefined,
): PartitionSpec[] {
  const written = specs ?? (v1_spec === undefined ? [] : [{ "spec-id": 0, fields: v1_spec }]);
  return written.map((spec) => withFieldIds(spec, FIRST_PARTITION_ID - 1));
}

function withMain(
  refs: Readonly<Record<string, SnapshotRef>>,
  current: string | null,
): Readonly<Record<string, SnapshotRef>> {
  if (current === null || Object.hasOwn(refs, "main")) return refs;
  return { ...refs, main: { "snapshot-id": current, type: "branch" } };
}

/** What the parts of metadata say of each other must hold. */
function checked(metadata: TableMetadata): TableMetadata {
  const current = metadata["current-snapshot-id"];
  const ids = new Set(metadata.snapshots.map((snapshot) => snapshot["snapshot-id"]));
  requireThat(
    schemaById(metadata, metadata["current-schema-id"]) !== undefined,
    `current-schema-id ${metadata["current-schema-id"]} is not among its schemas`,
  );
  requireThat(
    specById(metadata, metadata["default-spec-id"]) !== undefined,
    `default-spec-id ${metadata["default-spec-id"]} is not among its partition specs`,
  );
  requireThat(
    metadata["sort-orders"].some(
      (order) => order["order-id"] === metadata["default-sort-order-id"],
    ),
    `default-sort-order-id ${metadata["default-sort-order-id"]} is not among its sort orders`,
  );
  requireThat(ids.size === metadata.snapshots.length, "two of its snapshots have the same id");
  requireThat(
    current === null || ids.has(current),
    `current-snapshot-id ${current} is not among its snapshots`,
  );
  for (const [name, ref] of Object.entries(metadata.refs)) {
    const id = ref["snapshot-id"];
    requireThat(ids.has(id), `reference "${name}" names snapshot ${id}, which is not there`);
  }
  const main = metadata.refs["main"]?.["snapshot-id"] ?? null;
  requireThat(main === current, `main is ${main}, but current-snapshot-id is ${current}`);
  for (const schema of metadata.schemas) {
    requireThat(
      lastColumnId(schema) <= metadata["last-column-id"],
      `schema ${schema["schema-id"]} has field ids over last-column-id`,
    );
  }
  return metadata;
}

function requireThat(holds: boolean, otherwise: string): void {
  if (!holds) throw badTable(`the table metadata contradicts itself: ${otherwise}`);
}

function badTable(message: string, cause?: unknown): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "bad_table",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The text of a metadata file; `parseTableMetadata` reads it back. */
export function printTableMetadata(metadata: TableMetadata): string {
  return printLongJson(metadata);
}

export interface NewTable {
  readonly uuid: string;
  readonly location: string;
  /** Ids are taken as they are: give it to `freshSchema` first if they are somebody else's. */
  readonly schema: IcebergSchema;
  readonly spec?: PartitionSpec | undefined;
  readonly order?: SortOrder | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
  readonly now_ms: number;
}

/** Metadata of a table without snapshots. */
export function newTableMetadata(table: NewTable): TableMetadata {
  const spec = table.spec ?? UNPARTITIONED;
  const order = table.order ?? UNSORTED;
  return {
    "format-version": 2,
    "table-uuid": table.uuid,
    location: table.location,
    "last-sequence-number": 0,
    "last-updated-ms": table.now_ms,
    "last-column-id": lastColumnId(table.schema),
    schemas: [table.schema],
    "current-schema-id": table.schema["schema-id"],
    "partition-specs": [spec],
    "default-spec-id": spec["spec-id"],
    "last-partition-id": lastPartitionId([spec]),
    properties: table.properties ?? {},
    "current-snapshot-id": null,
    snapshots: [],
    "snapshot-log": [],
    "metadata-log": [],
    "sort-orders": [order],
    "default-sort-order-id": order["order-id"],
    refs: {},
    statistics: [],
    "partition-statistics": [],
  };
}

/** The highest partition field id of specs; 999 when there is none, as Iceberg begins at 1000. */
export function lastPartitionId(specs: readonly PartitionSpec[]): number {
  const ids = specs.flatMap((spec) => spec.fields.map((field) => field["field-id"]));
  return Math.max(FIRST_PARTITION_ID - 1, ...ids);
}

export function schemaById(metadata: TableMetadata, id: number): IcebergSchema | undefined {
  return metadata.schemas.find((schema) => schema["schema-id"] === id);
}

export function specById(metadata: TableMetadata, id: number): PartitionSpec | undefined {
  return metadata["partition-specs"].find((spec) => spec["spec-id"] === id);
}

export function snapshotById(metadata: TableMetadata, id: string): TableSnapshot | undefined {
  return metadata.snapshots.find((snapshot) => snapshot["snapshot-id"] === id);
}

export function currentSchema(metadata: TableMetadata): IcebergSchema {
  const schema = schemaById(metadata, metadata["current-schema-id"]);
  if (schema === undefined) throw badTable("the current schema is not there");
  return schema;
}

export function defaultSpec(metadata: TableMetadata): PartitionSpec {
  const spec = specById(metadata, metadata["default-spec-id"]);
  if (spec === undefined) throw badTable("the default partition spec is not there");
  return spec;
}

/** Undefined: the table has no snapshot yet. */
export function currentSnapshot(metadata: TableMetadata): TableSnapshot | undefined {
  const id = metadata["current-snapshot-id"];
  return id === null ? undefined : snapshotById(metadata, id);
}

/**
 * The snapshot of a tag or branch, of an id, or that was current at an ISO time (without offset:
 * UTC; without clock: midnight). Undefined: there is none. What is none of these: `invalid` with
 * reason `bad_point_in_time`.
 */
export function snapshotAt(metadata: TableMetadata, at: string): TableSnapshot | undefined {
  if (Object.hasOwn(metadata.refs, at)) {
    return snapshotById(metadata, metadata.refs[at]!["snapshot-id"]);
  }
  if (/^-?\d+$/.test(at)) return snapshotById(metadata, at);
  const looks_like_time = /^\d{4}-\d\d/.test(at) || at.includes(":");
  if (!looks_like_time && at.trim() !== "") return undefined;
  const time_ms = timeOf(at);
  if (time_ms === undefined) {
    throw new LakehouseError("invalid", `"${at}" is not a point in time`, {
      reason: "bad_point_in_time",
      hint: "give a snapshot id, a time such as 2026-01-31T12:00:00Z, or a tag or branch",
    });
  }
  const entry = metadata["snapshot-log"].findLast((one) => one["timestamp-ms"] <= time_ms);
  return entry === undefined ? undefined : snapshotById(metadata, entry["snapshot-id"]);
}

function timeOf(text: string): number | undefined {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  if (match === null) return undefined;
  const [, day, clock = "00:00:00", zone = "Z"] = match;
  const time_ms = Date.parse(`${day}T${clock}${zone}`);
  // `Date.parse` takes 31 February for 3 March.
  const given_day = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(given_day)) return undefined;
  const real = new Date(given_day).toISOString().startsWith(day!);
  return Number.isNaN(time_ms) || !real ? undefined : time_ms;
}

/** Whether a snapshot comes from another one, or is that one. */
export function isAncestor(metadata: TableMetadata, ancestor_id: string, of_id: string): boolean {
  const parents = new Map(
    metadata.snapshots.map((snapshot) => [
      snapshot["snapshot-id"],
      snapshot["parent-snapshot-id"] ?? undefined,
    ]),
  );
  let at: string | undefined = of_id;
  for (let steps = 0; at !== undefined && steps <= parents.size; steps++) {
    if (at === ancestor_id) return true;
    at = parents.get(at);
  }
  return false;
}
