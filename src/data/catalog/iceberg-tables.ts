// Tables in Iceberg's own words: their metadata, made from a schema, or taken as they stand.
import { z } from "zod";
import type { catalog } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { checkNames } from "./dataset-fields.ts";
import { datasetExists, healthyRecord, type DatasetRecord } from "./dataset-record.ts";
import { parseOrder, parseSchema, parseSpec } from "./iceberg/metadata-json.ts";
import { currentSchema, currentSnapshot, newTableMetadata } from "./iceberg/table-metadata.ts";
import { freshSchema, toFields } from "./iceberg/table-schema.ts";
import type { PartitionSpec, SortOrder, TableMetadata } from "./iceberg/table-types.ts";
import { keepNamespace } from "./namespaces.ts";
import { createAs } from "./register-dataset.ts";
import { BrokenMetadata } from "./table-objects.ts";
import { newLocation, requireOurs, sameSpelling } from "./table-places.ts";
import { viewDataset } from "./table-view.ts";

type Operations = (typeof catalog)["operations"];

export interface LoadedTable {
  readonly metadata_location: string;
  readonly metadata: Record<string, unknown>;
}

/** Metadata as our contract's free record: the same object, nothing of it is lost. */
export function asRecord(metadata: TableMetadata): Record<string, unknown> {
  return metadata as unknown as Record<string, unknown>;
}

export function loadTable(
  { store, objects }: CatalogParts,
  name: string,
  call: Call,
): Promise<LoadedTable> {
  return store.read(name, call, async (held) => {
    const { metadata_location } = healthyRecord(held, name);
    const metadata = await objects.metadata(metadata_location, call);
    return { metadata_location, metadata: asRecord(metadata) };
  });
}

type CreateInput = ParsedInputOf<Operations["create_table"]>;

export async function createTable(parts: CatalogParts, input: CreateInput, call: Call) {
  const { name, staged } = input;
  const dataset_id = newId(parts.clock.now());
  const planned = await planTable(parts, input, dataset_id, call);
  type Made = { metadata_location: string | null; metadata: Record<string, unknown> };
  return parts.store.change(name, call, async (held): Promise<Step<Made>> => {
    if (held !== undefined) throw datasetExists(name);
    if (staged) {
      await keepNamespace(parts, name);
      return { answer: { metadata_location: null, metadata: asRecord(planned) } };
    }
    const { change, metadata } = await createAs(parts, name, dataset_id, planned, call);
    const { metadata_location } = change.record!;
    return { change, answer: { metadata_location, metadata: asRecord(metadata) } };
  });
}

async function planTable(
  { buckets, clock }: CatalogParts,
  input: CreateInput,
  uuid: string,
  call: Call,
): Promise<TableMetadata> {
  const known = await buckets(call);
  const location = input.location?.replace(/\/+$/, "") ?? newLocation(known.main, input.name, uuid);
  requireOurs(known, location, "bad_table");
  const { "format-version": version = "2", ...properties } = input.properties;
  if (version !== "2") throw badTable(`format version ${version} is not written here, only 2`);
  try {
    const { schema, new_ids } = freshSchema(parseSchema(input.schema, "bad_table"));
    checkNames(toFields(schema));
    const toNew = (id: number): number => {
      const fresh = new_ids.get(id);
      if (fresh === undefined) throw badTable(`field ${id} is not in the schema`);
      return fresh;
    };
    return newTableMetadata({
      uuid,
      location,
      schema,
      spec: freshSpec(input.partition_spec, toNew),
      order: freshOrder(input.write_order, toNew),
      properties,
      now_ms: clock.now(),
    });
  } catch (error) {
    throw asBadTable(error);
  }
}

/** Field ids of partitions start at 1000, those of columns are the new schema's. */
function freshSpec(
  json: Record<string, unknown> | undefined,
  toNew: (id: number) => number,
): PartitionSpec | undefined {
  if (json === undefined) return undefined;
  const spec = parseSpec(json, 999, "bad_table");
  const fields = spec.fields.map((field, at) => ({
    ...field,
    "source-id": toNew(field["source-id"]),
    "field-id": 1000 + at,
  }));
  return { ...spec, "spec-id": 0, fields };
}

function freshOrder(
  json: Record<string, unknown> | undefined,
  toNew: (id: number) => number,
): SortOrder | undefined {
  if (json === undefined) return undefined;
  const order = parseOrder(json, "bad_table");
  const fields = order.fields.map((field) => ({
    ...field,
    "source-id": toNew(field["source-id"]),
  }));
  return { ...order, "order-id": fields.length === 0 ? 0 : Math.max(1, order["order-id"]), fields };
}

/** Takes a table that stands in a bucket of ours; metadata and present manifests must be there. */
export async function registerTable(
  parts: CatalogParts,
  input: ParsedInputOf<Operations["register_table"]>,
  call: Call,
): Promise<LoadedTable> {
  const { name, metadata_location: location, overwrite } = input;
  requireOurs(await parts.buckets(call), location, "bad_table");
  const metadata = await readForeign(parts, location, call);
  return parts.store.change(name, call, async (held): Promise<Step<LoadedTable>> => {
    if (held?.broken !== undefined || (held !== undefined && !overwrite)) throw datasetExists(name);
    const also = held === undefined ? await keepNamespace(parts, name) : [];
    const created_at = new Date(parts.clock.now()).toISOString();
    const identity = held?.record.dataset ?? { dataset_id: newId(), name, created_at };
    const dataset = await viewDataset(parts.objects, identity, metadata, call);
    const record: Omit<DatasetRecord, "outbox"> = {
      format_version: 2,
      dataset,
      metadata_location: location,
      // Whatever was ingested before, another table stands there now.
      source_epoch: (held?.record.source_epoch ?? -1) + 1,
      quarantined_by: null,
      buried: null,
    };
    const { dataset_id } = dataset;
    const event = {
      action: "catalog.register_table",
      before: held?.record.metadata_location ?? null,
      after: location,
      details: { dataset_id, location: dataset.location },
    };
    const answer = { metadata_location: location, metadata: asRecord(metadata) };
    return { change: { record, event, also }, answer };
  });
}

async function readForeign(
  { objects, buckets }: CatalogParts,
  location: string,
  call: Call,
): Promise<TableMetadata> {
  try {
    objects.forget(location);
    const metadata = await objects.metadata(location, call);
    requireOurs(await buckets(call), metadata.location, "bad_table");
    checkNames(toFields(currentSchema(metadata)));
    const current = currentSnapshot(metadata);
    if (current === undefined) return metadata;
    for (const { manifest_path } of await objects.manifests(current["manifest-list"], call)) {
      await objects.manifest(sameSpelling(manifest_path), call);
    }
    return metadata;
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw asBadTable(error);
    const reason = error.message.endsWith(" is missing") ? "missing_object" : "bad_table";
    throw new LakehouseError("invalid", error.message, { reason });
  }
}

function badTable(message: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "bad_table" });
}

/** Whatever is wrong with what was given: the caller hears of a bad table. */
function asBadTable(thrown: unknown): LakehouseError {
  const error = thrown instanceof z.ZodError ? badTable(thrown.message) : toLakehouseError(thrown);
  if (error.code !== "invalid") return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new LakehouseError("invalid", error.message, {
    reason: "bad_table",
    cause: error,
    ...hint,
  });
}
