// Names of datasets: another one, or none any more.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { isoTime } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerChange } from "#ports/pointer-store.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import {
  datasetExists,
  healthyRecord,
  noSuchDataset,
  quarantinedError,
  type DatasetRecord,
  type Held,
} from "./dataset-record.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import { keepNamespace } from "./namespaces.ts";
import { DROPPED } from "./pointer-swaps.ts";
import { ownObjects, reachableObjects, removeUnreachable } from "./reachable-objects.ts";
import { keptFiles, listBelow } from "./remove-orphans.ts";
import { ledgerSpace } from "./source-ledger.ts";
import { BrokenMetadata } from "./table-objects.ts";

/** Files, history and identity stay; only the name changes. */
export function renameDataset(
  parts: CatalogParts,
  { name, to }: { readonly name: string; readonly to: string },
  call: Call,
): Promise<Dataset> {
  return parts.store.changeMany([name, to], call, async (all) => {
    const held = all.get(name);
    const record = healthyRecord(held, name);
    if (name === to) return { answer: record.dataset };
    if (all.get(to) !== undefined) throw datasetExists(to);
    const dataset: Dataset = { ...record.dataset, name: to, updated_at: isoTime(parts.clock) };
    const { dataset_id } = dataset;
    const event = { action: "catalog.rename", before: name, after: to, details: { dataset_id } };
    const also = await keepNamespace(parts, to);
    const datasets = [
      { name, held, record: undefined },
      { name: to, held: undefined, record: { ...record, dataset }, event },
    ];
    return { change: { datasets, also }, answer: dataset };
  });
}

/** Frees the name. Not purged, the record and all files stay aside. */
export async function dropDataset(
  parts: CatalogParts,
  wanted: { readonly name: string; readonly purge: boolean; readonly only_if_empty?: boolean },
  call: Call,
): Promise<{ dataset_id: string; removed_keys: number }> {
  const { name, purge } = wanted;
  const record = await parts.store.change(name, call, async (held) => {
    if (held === undefined) throw noSuchDataset(name);
    // A pointer that cannot be read is not thrown away: somebody may know how to mend it.
    if (held.broken !== undefined) throw quarantinedError(name, held.broken);
    const { dataset_id, status, current_snapshot_id } = held.record.dataset;
    if (wanted.only_if_empty === true && current_snapshot_id !== null) throw notEmpty(name);
    const details = { dataset_id, purge, location: held.record.dataset.location };
    const event = { action: "catalog.drop", before: status, after: null, details };
    const also = purge ? [] : [aside(held)];
    return { change: { record: undefined, event, also }, answer: held.record };
  });
  const { dataset_id } = record.dataset;
  if (!purge) return { dataset_id, removed_keys: 0 };
  const removed_keys = await removeFiles(parts, record, call);
  await forgetSources(parts, dataset_id);
  return { dataset_id, removed_keys };
}

function notEmpty(name: string): LakehouseError {
  return new LakehouseError("conflict", `the dataset "${name}" has snapshots by now`, {
    reason: "dataset_not_empty",
  });
}

function aside({ record }: Held): PointerChange {
  const { dataset } = record;
  return {
    space: DROPPED,
    name: `${dataset.name}:${dataset.dataset_id}`,
    expected_version: 0,
    // Its events go with the change that takes it away.
    value: { ...record, outbox: [] } satisfies DatasetRecord,
  };
}

/** Everything below its location, if that is its own. */
async function removeFiles(
  parts: CatalogParts,
  record: DatasetRecord,
  call: Call,
): Promise<number> {
  const { name, location } = record.dataset;
  let metadata: TableMetadata | undefined;
  const reachable = new Set<string>();
  try {
    metadata = await parts.objects.metadata(record.metadata_location, call);
    const all = await reachableObjects(parts, metadata, record.metadata_location, call);
    for (const at of all) reachable.add(at);
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw error;
    parts.log.warn({ err: error }, "files outside its location are left: it is broken");
  }
  const left = await keptFiles(parts, name, metadata ?? { location, properties: {} });
  if (left !== undefined) {
    parts.log.warn({ name, left }, "the files of a purged dataset are left");
    return 0;
  }
  const found = await listBelow(parts, location, Infinity, call);
  for (const at of reachable) if (!found.has(at)) found.set(at, undefined);
  const own = await ownObjects(parts, record.dataset, found, call);
  return (await removeUnreachable(parts, name, own, call)).removed;
}

async function forgetSources({ pointers }: CatalogParts, dataset_id: string): Promise<void> {
  const space = ledgerSpace(dataset_id);
  for (const { name, version } of await pointers.list(space)) {
    await pointers.remove(space, name, version);
  }
}
