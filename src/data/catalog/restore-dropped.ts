// Datasets whose name was given up (dropped, not purged): listed, and brought back by id.
import type { Dataset } from "#contracts/catalog.ts";
import { isoTime } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Pointer } from "#ports/pointer-store.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { datasetExists, noSuchDataset, toHeld, type Held } from "./dataset-record.ts";
import { keepNamespace } from "./namespaces.ts";
import { DROPPED } from "./pointer-swaps.ts";

type Parts = Pick<CatalogParts, "pointers" | "clock">;

/** As tombstoned ones, with what brings each back. */
export async function listDropped({ pointers }: Parts): Promise<Dataset[]> {
  const all = await pointers.list(DROPPED);
  return all.map((pointer) => {
    const { dataset } = toHeld(pointer).record;
    const status_reason = `dropped; restore it with dataset_id ${dataset.dataset_id}`;
    return { ...dataset, name: nameOf(pointer), status: "tombstoned", status_reason };
  });
}

function nameOf(pointer: Pointer): string {
  return pointer.name.slice(0, pointer.name.lastIndexOf(":"));
}

/** The step that gives a dropped dataset its name back; several of one name need an id. */
export async function restoreDropped(
  parts: Parts,
  { name, dataset_id }: { readonly name: string; readonly dataset_id?: string | undefined },
  held: Held | undefined,
): Promise<Step<Dataset>> {
  const named = (await parts.pointers.list(DROPPED)).filter((one) => nameOf(one) === name);
  const wanted = named.filter(
    (one) => dataset_id === undefined || one.name === `${name}:${dataset_id}`,
  );
  const [pointer] = wanted;
  if (pointer === undefined) throw noSuchDataset(name);
  if (wanted.length > 1) throw whichOne(name, wanted);
  if (held !== undefined) throw datasetExists(name);
  const { record, broken } = toHeld(pointer);
  if (broken !== undefined) throw noSuchDataset(name);
  const { dataset, buried } = record;
  // Tombstoned before it was dropped: it comes back as it was before both.
  const state = buried ?? { status: dataset.status, status_reason: dataset.status_reason };
  const next: Dataset = { ...dataset, ...state, updated_at: isoTime(parts.clock) };
  const gone = { space: DROPPED, name: pointer.name, expected_version: pointer.version };
  const details = { dataset_id: dataset.dataset_id, dropped: true };
  return {
    change: {
      record: { ...record, dataset: next, buried: null },
      event: { action: "catalog.restore", before: "dropped", after: next.status, details },
      also: [...(await keepNamespace(parts, name)), { ...gone, value: undefined }],
    },
    answer: next,
  };
}

function whichOne(name: string, found: readonly Pointer[]): LakehouseError {
  const ids = found.map((one) => one.name.slice(name.length + 1));
  return new LakehouseError("conflict", `${ids.length} datasets "${name}" were dropped`, {
    reason: "not_tombstoned",
    hint: `say which: dataset_id ${ids.join(" or ")}`,
    extra: { dataset_ids: ids },
  });
}
