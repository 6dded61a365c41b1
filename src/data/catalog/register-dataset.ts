// Registering: a new dataset, the same again (checked and healed), or a schema that evolves.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { canonicalJson, newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { numberColumns } from "#ports/column-type.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Change, Step } from "./catalog-store.ts";
import { checkNames, differenceOf, fingerprintOf, schemaDiffers } from "./dataset-fields.ts";
import {
  presentRecord,
  requireHealthy,
  tombstonedError,
  type DatasetRecord,
  type Held,
} from "./dataset-record.ts";
import { verifyDataset } from "./dataset-states.ts";
import { evolveTo } from "./evolve-schema.ts";
import { newPartitionSpec, partitionBy } from "./iceberg/partitioning.ts";
import { currentSchema, newTableMetadata } from "./iceberg/table-metadata.ts";
import { toIcebergSchema } from "./iceberg/table-schema.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import { keepNamespace } from "./namespaces.ts";
import { changeTo, planMetadata } from "./next-metadata.ts";
import { newLocation } from "./table-places.ts";
import { toDataset } from "./table-view.ts";
import { toTexts } from "./text-properties.ts";
import { NOTHING } from "./snapshot-summary.ts";

export type RegisterInput = ParsedInputOf<(typeof catalog)["operations"]["register"]>;

interface Registered {
  readonly dataset: Dataset;
  readonly created: boolean;
  readonly evolved: boolean;
}

export async function registerDataset(
  parts: CatalogParts,
  input: RegisterInput,
  call: Call,
): Promise<Registered> {
  checkNames(input.fields);
  const registered = await parts.store.change(input.name, call, async (held) =>
    held === undefined ? create(parts, input, call) : again(parts, input, held, call),
  );
  if (registered.created) return registered;
  const found_broken = registered.dataset.status === "quarantined";
  const newest_max = found_broken ? Infinity : parts.settings.register_checks_max;
  const { dataset } = await verifyDataset(parts, input.name, call, { newest_max, by: "check" });
  return { ...registered, dataset };
}

async function create(
  parts: CatalogParts,
  input: RegisterInput,
  call: Call,
): Promise<Step<Registered>> {
  const { clock, buckets } = parts;
  const dataset_id = newId(clock.now());
  const { columns } = numberColumns(input.fields, 0);
  const schema = toIcebergSchema(columns, 0);
  const metadata = newTableMetadata({
    uuid: dataset_id,
    location: newLocation((await buckets(call)).main, input.name, dataset_id),
    schema,
    spec: newPartitionSpec(schema, input.partition_by ?? [], 999, 0).spec,
    properties: toTexts(input.properties),
    now_ms: clock.now(),
  });
  const { change, dataset } = await createAs(parts, input.name, dataset_id, metadata, call);
  return { change, answer: { dataset, created: true, evolved: false } };
}

/** The change by which a name that is free gets a dataset of this metadata without snapshots. */
export async function createAs(
  parts: CatalogParts,
  name: string,
  dataset_id: string,
  created: TableMetadata,
  call: Call,
): Promise<{ change: Change; dataset: Dataset; metadata: TableMetadata }> {
  const { objects, clock } = parts;
  const also = await keepNamespace(parts, name);
  const { metadata, object } = planMetadata(parts, undefined, created);
  await objects.put(object, call);
  const created_at = new Date(clock.now()).toISOString();
  const dataset = toDataset({ dataset_id, name, created_at }, metadata, undefined, NOTHING);
  const { fingerprint, location } = dataset;
  const record: Omit<DatasetRecord, "outbox"> = {
    format_version: 2,
    dataset,
    metadata_location: object.location,
    source_epoch: 0,
    quarantined_by: null,
    buried: null,
  };
  const details = { dataset_id, fingerprint, location };
  const event = { action: "catalog.register", before: null, after: dataset_id, details };
  return { change: { record, event, also, written: [object.location] }, dataset, metadata };
}

async function again(
  parts: CatalogParts,
  input: RegisterInput,
  held: Held,
  call: Call,
): Promise<Step<Registered>> {
  const record = presentRecord(held, input.name);
  const { dataset } = record;
  if (dataset.status === "tombstoned") throw tombstonedError(input.name);
  const same = fingerprintOf(input.fields) === dataset.fingerprint;
  if (!same && !input.evolve) throw schemaDiffers(input.name, dataset.fields, input.fields);
  const properties = { ...dataset.properties, ...input.properties };
  const told = canonicalJson(properties) === canonicalJson(dataset.properties);
  // A broken dataset is first healed, if it can be, and then told of new properties.
  const unchanged = { dataset, created: false, evolved: false };
  if (same && dataset.status === "quarantined") return { answer: unchanged };
  if (input.partition_by === undefined && same && told) return { answer: unchanged };
  if (!same) requireHealthy(record);
  const { objects, clock } = parts;
  const present = await objects.metadata(record.metadata_location, call);
  requirePartitioning(input, present, dataset);
  if (same && told) return { answer: unchanged };
  const now_ms = Math.max(clock.now(), present["last-updated-ms"]);
  const next: TableMetadata = {
    ...(same ? present : evolveTo(input.name, present, input.fields, dataset.rows > 0, now_ms)),
    "last-updated-ms": now_ms,
    properties: { ...present.properties, ...toTexts(input.properties) },
  };
  return write(parts, record, next, !same, call);
}

function requirePartitioning(
  { name, partition_by }: RegisterInput,
  present: TableMetadata,
  dataset: Dataset,
): void {
  if (partition_by === undefined) return;
  const schema = currentSchema(present);
  const wanted = partitionBy(newPartitionSpec(schema, partition_by, 999, 0).spec, schema);
  if (canonicalJson(wanted) === canonicalJson(dataset.partition_by)) return;
  throw new LakehouseError("conflict", `"${name}" is partitioned in another way`, {
    reason: "partitioning_differs",
    hint: "alter changes it for files written from then on",
    extra: { partition_by: dataset.partition_by },
  });
}

async function write(
  parts: CatalogParts,
  record: DatasetRecord,
  next: TableMetadata,
  evolved: boolean,
  call: Call,
): Promise<Step<Registered>> {
  const before = record.dataset;
  const { dataset_id } = before;
  const action = evolved ? "catalog.evolve" : "catalog.describe";
  const made = await changeTo(
    parts,
    record,
    next,
    { action, before: dataset_id, after: dataset_id, details: { dataset_id } },
    call,
  );
  const { dataset } = made;
  if (!evolved) return { change: made.change, answer: { dataset, created: false, evolved } };
  const event = {
    action,
    before: `schema:${before.schema_id}`,
    after: `schema:${dataset.schema_id}`,
    details: { dataset_id, difference: differenceOf(before.fields, dataset.fields) },
  };
  return { change: { ...made.change, event }, answer: { dataset, created: false, evolved } };
}
