// The states of a dataset and the ways between them: verify, quarantine, tombstone, restore.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { isoTime } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { checkDataset, type CheckResult } from "./check-dataset.ts";
import {
  HEALTHY,
  noSuchDataset,
  presentRecord,
  tombstonedError,
  type DatasetRecord,
} from "./dataset-record.ts";
import { quarantineChange } from "./pointer-swaps.ts";
import { viewDataset } from "./table-view.ts";
import { restoreDropped } from "./restore-dropped.ts";

export interface VerifyOptions {
  /** Files looked at, newest first. */
  readonly newest_max?: number;
  /** `check`: leaves alone what a caller has quarantined. */
  readonly by: "check" | "caller";
}

/** Checks the objects of a dataset and sets its status by what was found. */
export async function verifyDataset(
  parts: CatalogParts,
  name: string,
  call: Call,
  { newest_max = Infinity, by }: VerifyOptions,
): Promise<{ dataset: Dataset; missing_keys: string[] }> {
  const held = await parts.store.get(name);
  if (held === undefined) throw noSuchDataset(name);
  const { record } = held;
  const asleep = held.broken !== undefined || record.dataset.status === "tombstoned";
  if (asleep) return { dataset: record.dataset, missing_keys: [] };
  const found = await checkDataset(parts, record.metadata_location, call, newest_max);
  const { missing_keys } = found;
  const partial = record.dataset.files > newest_max;
  if (!needsChange(record, found, by, partial)) return { dataset: record.dataset, missing_keys };
  const dataset = await parts.store.change(name, call, async (now): Promise<Step<Dataset>> => {
    const present = presentRecord(now, name);
    // What was found is true of the metadata that was looked at, and of no other.
    const same = present.metadata_location === record.metadata_location;
    if (!same || !needsChange(present, found, by, partial)) return { answer: present.dataset };
    const change =
      found.fault === null
        ? await healChange(parts, present, found, call)
        : quarantineChange(present, found.fault, "check", parts.clock);
    return { change, answer: change.record.dataset };
  });
  return { dataset, missing_keys };
}

function needsChange(
  record: DatasetRecord,
  found: CheckResult,
  by: VerifyOptions["by"],
  partial: boolean,
): boolean {
  const { status, status_reason } = record.dataset;
  if (status === "tombstoned") return false;
  const by_caller = record.quarantined_by === "caller";
  if (found.fault === null)
    return status === "quarantined" && !partial && !(by_caller && by === "check");
  return !by_caller && (status === "healthy" || status_reason !== found.fault);
}

async function healChange(
  { clock, objects }: CatalogParts,
  record: DatasetRecord,
  { metadata }: CheckResult,
  call: Call,
) {
  const { dataset: known } = record;
  const base = metadata === undefined ? known : await viewDataset(objects, known, metadata, call);
  const dataset: Dataset = { ...base, ...HEALTHY, updated_at: isoTime(clock) };
  return {
    record: { ...record, dataset, quarantined_by: null },
    event: {
      action: "catalog.heal",
      before: "quarantined",
      after: "healthy",
      details: { dataset_id: dataset.dataset_id, was: record.dataset.status_reason },
    },
  };
}

/** Marks a dataset broken because a caller (a query, a person) found it so. */
export function quarantineDataset(parts: CatalogParts, name: string, reason: string, call: Call) {
  return parts.store.change(name, call, async (held): Promise<Step<Dataset>> => {
    const record = presentRecord(held, name);
    if (record.dataset.status === "tombstoned") throw tombstonedError(name);
    const same = record.dataset.status_reason === reason && record.quarantined_by === "caller";
    if (same) return { answer: record.dataset };
    const change = quarantineChange(record, reason, "caller", parts.clock);
    return { change, answer: change.record.dataset };
  });
}

/** Soft delete; again is a no-op. */
export function tombstoneDataset(parts: CatalogParts, name: string, call: Call) {
  return parts.store.change(name, call, async (held): Promise<Step<Dataset>> => {
    const record = presentRecord(held, name);
    const { dataset } = record;
    const { status, status_reason } = dataset;
    if (status === "tombstoned") return { answer: dataset };
    const next: Dataset = {
      ...dataset,
      status: "tombstoned",
      status_reason: "deleted",
      updated_at: isoTime(parts.clock),
    };
    const event = stateEvent("catalog.tombstone", dataset, next);
    const change = {
      record: { ...record, dataset: next, buried: { status, status_reason } },
      event,
    };
    return { change, answer: next };
  });
}

export function restoreDataset(
  parts: CatalogParts,
  wanted: { readonly name: string; readonly dataset_id?: string | undefined },
  call: Call,
) {
  const { name, dataset_id } = wanted;
  return parts.store.change(name, call, async (held): Promise<Step<Dataset>> => {
    const other = dataset_id !== undefined && held?.record.dataset.dataset_id !== dataset_id;
    if (held === undefined || other) return restoreDropped(parts, wanted, held);
    const record = presentRecord(held, name);
    const { dataset, buried } = record;
    if (dataset.status !== "tombstoned") {
      throw new LakehouseError("conflict", `the dataset "${name}" is not tombstoned`, {
        reason: "not_tombstoned",
      });
    }
    const next: Dataset = { ...dataset, ...(buried ?? HEALTHY), updated_at: isoTime(parts.clock) };
    const event = stateEvent("catalog.restore", dataset, next);
    return { change: { record: { ...record, dataset: next, buried: null }, event }, answer: next };
  });
}

function stateEvent(action: string, before: Dataset, after: Dataset) {
  const details = { dataset_id: after.dataset_id };
  return { action, before: before.status, after: after.status, details };
}
