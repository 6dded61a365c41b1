// Commits in Iceberg's own words: requirements and updates of one or more tables, all or none.
import type { catalog } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerChange } from "#ports/pointer-store.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { checkNames } from "./dataset-fields.ts";
import { datasetExists, healthyRecord, type DatasetRecord, type Held } from "./dataset-record.ts";
import { badUpdate } from "./iceberg/bad-update.ts";
import { currentSchema, snapshotById } from "./iceberg/table-metadata.ts";
import { toFields } from "./iceberg/table-schema.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import { applyUpdates, checkRequirements, newTableFromUpdates } from "./iceberg/table-updates.ts";
import { asRecord } from "./iceberg-tables.ts";
import { keepNamespace } from "./namespaces.ts";
import { planMetadata } from "./next-metadata.ts";
import type { DatasetChange } from "./pointer-swaps.ts";
import { strikeSources } from "./source-ledger.ts";
import { BrokenMetadata, type NewObject } from "./table-objects.ts";
import { requireOurs } from "./table-places.ts";
import { viewDataset } from "./table-view.ts";

type Operation = (typeof catalog)["operations"]["commit_tables"];
type TableChange = ParsedInputOf<Operation>["changes"][number];
type Committed = OutputOf<Operation>["tables"][number];

interface Planned {
  readonly change: DatasetChange;
  readonly also: readonly PointerChange[];
  readonly object: NewObject;
  readonly expired: readonly string[];
  readonly answer: Committed;
}

export async function commitTables(
  parts: CatalogParts,
  { changes }: ParsedInputOf<Operation>,
  call: Call,
): Promise<OutputOf<Operation>> {
  const names = changes.map((one) => one.name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw badUpdate(`"${twice}" is named twice`, "give all its updates at once");
  return parts.store.changeMany(names, call, async (all) => {
    const planned: Planned[] = [];
    for (const change of changes) {
      planned.push(await planNamed(parts, change, all.get(change.name), call));
    }
    await Promise.all(planned.map((one) => parts.objects.put(one.object, call)));
    return {
      change: {
        datasets: planned.map((one) => one.change),
        also: onceEach(planned.flatMap((one) => one.also)),
        written: planned.map((one) => one.object.location),
        expired: planned.flatMap((one) => one.expired),
      },
      answer: { tables: planned.map((one) => one.answer) },
    };
  });
}

/** Several tables may be made in one namespace. */
function onceEach(changes: readonly PointerChange[]): PointerChange[] {
  return [...new Map(changes.map((one) => [`${one.space} ${one.name}`, one])).values()];
}

/** Broken metadata is that of this dataset, and no other's. */
async function planNamed(
  parts: CatalogParts,
  change: TableChange,
  held: Held | undefined,
  call: Call,
): Promise<Planned> {
  try {
    return await planOne(parts, change, held, call);
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw error;
    const message = error.message.slice(error.location.length + 1);
    throw new BrokenMetadata(error.location, message, change.name);
  }
}

async function planOne(
  parts: CatalogParts,
  { name, requirements, updates }: TableChange,
  held: Held | undefined,
  call: Call,
): Promise<Planned> {
  const creates = requirements.some((one) => one["type"] === "assert-create");
  if (creates && held !== undefined) throw datasetExists(name);
  const record = creates ? undefined : healthyRecord(held, name);
  const before =
    record === undefined ? undefined : await parts.objects.metadata(record.metadata_location, call);
  checkRequirements(before, requirements);
  const now_ms = Math.max(parts.clock.now(), before?.["last-updated-ms"] ?? 0);
  const next =
    before === undefined
      ? newTableFromUpdates(updates, { now_ms })
      : applyUpdates(before, updates, { now_ms });
  await checkNext(parts, before, next, call);
  const { metadata, object, expired } = planMetadata(parts, record, next);
  const dataset_id = record?.dataset.dataset_id ?? newId(now_ms);
  const created_at = record?.dataset.created_at ?? new Date(now_ms).toISOString();
  const identity = { dataset_id, name, created_at };
  const dataset = await viewDataset(parts.objects, identity, metadata, call);
  const written: Omit<DatasetRecord, "outbox"> = {
    format_version: 2,
    source_epoch: 0,
    quarantined_by: null,
    buried: null,
    ...record,
    dataset,
    metadata_location: object.location,
  };
  const event = {
    action: before === undefined ? "catalog.register" : "catalog.commit_table",
    before: before?.["current-snapshot-id"] ?? null,
    after: next["current-snapshot-id"] ?? dataset_id,
    details: { dataset_id, updates: updates.map((one) => one["action"]), rows: dataset.rows },
  };
  const also =
    record === undefined || before === undefined
      ? await keepNamespace(parts, name)
      : await strikeSources(parts.pointers, { record, metadata: before }, next);
  const answer = { name, metadata_location: object.location, metadata: asRecord(metadata) };
  return { change: { name, held, record: written, event }, also, object, expired, answer };
}

/** What the updates refer to must be there, in a bucket of ours, and readable. */
async function checkNext(
  { objects, buckets }: CatalogParts,
  before: TableMetadata | undefined,
  next: TableMetadata,
  call: Call,
): Promise<void> {
  const known = await buckets(call);
  requireOurs(known, next.location, "bad_update");
  try {
    checkNames(toFields(currentSchema(next)));
  } catch (error) {
    if (!(error instanceof LakehouseError)) throw error;
    throw badUpdate(error.message, error.hint, error);
  }
  const added = next.snapshots.filter(
    (one) => before === undefined || snapshotById(before, one["snapshot-id"]) === undefined,
  );
  for (const snapshot of added) {
    const list = snapshot["manifest-list"];
    if (list === undefined) throw badUpdate("a snapshot needs its manifest-list");
    requireOurs(known, list, "bad_update");
    try {
      const listed = await objects.manifests(list, call);
      for (const one of listed) {
        requireOurs(known, one.manifest_path, "bad_update");
        if (one.added_snapshot_id !== snapshot["snapshot-id"]) continue;
        for (const { data_file } of (await objects.manifest(one.manifest_path, call)).entries) {
          requireOurs(known, data_file.file_path, "bad_update");
        }
      }
    } catch (error) {
      if (!(error instanceof BrokenMetadata)) throw error;
      throw new LakehouseError(
        "conflict",
        `what the snapshot names cannot be read: ${error.message}`,
        {
          reason: "missing_object",
          hint: "write manifests and manifest list first, then commit them",
        },
      );
    }
  }
}
