// Names of snapshots, and which of them is the current one: tag, untag, roll back.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { healthyRecord, type DatasetRecord } from "./dataset-record.ts";
import { withCurrent } from "./iceberg/metadata-steps.ts";
import { snapshotById } from "./iceberg/table-metadata.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import { changeTo } from "./next-metadata.ts";
import type { ChangeEvent } from "./pointer-swaps.ts";
import { requireSnapshot } from "./read-snapshots.ts";

interface Wanted {
  readonly next: TableMetadata;
  readonly event: Omit<ChangeEvent, "details"> & { details?: Record<string, unknown> };
}

/** Runs `step` on the present metadata; undefined: nothing is to be changed. */
function changeRefs(
  parts: CatalogParts,
  name: string,
  call: Call,
  step: (metadata: TableMetadata, now_ms: number, record: DatasetRecord) => Wanted | undefined,
): Promise<Dataset> {
  return parts.store.change(name, call, async (held): Promise<Step<Dataset>> => {
    const record = healthyRecord(held, name);
    const metadata = await parts.objects.metadata(record.metadata_location, call);
    const now_ms = Math.max(parts.clock.now(), metadata["last-updated-ms"]);
    const wanted = step(metadata, now_ms, record);
    if (wanted === undefined) return { answer: record.dataset };
    const { dataset_id } = record.dataset;
    const event = { ...wanted.event, details: { dataset_id, ...wanted.event.details } };
    const next = { ...wanted.next, "last-updated-ms": now_ms };
    const { change, dataset } = await changeTo(parts, record, next, event, call);
    return { change, answer: dataset };
  });
}

/** A tag stays where it is: `conflict` (`tag_exists`) when it names another snapshot. */
export function tagSnapshot(
  parts: CatalogParts,
  wanted: {
    readonly name: string;
    readonly tag: string;
    readonly snapshot_id?: string | undefined;
  },
  call: Call,
): Promise<Dataset> {
  const { name, tag } = wanted;
  return changeRefs(parts, name, call, (metadata) => {
    const snapshot_id = wanted.snapshot_id ?? metadata["current-snapshot-id"];
    if (snapshot_id === null || snapshotById(metadata, snapshot_id) === undefined) {
      throw new LakehouseError("not_found", `"${name}" has no snapshot ${snapshot_id ?? "yet"}`, {
        reason: "no_such_snapshot",
      });
    }
    const present = metadata.refs[tag];
    if (present?.type === "tag" && present["snapshot-id"] === snapshot_id) return undefined;
    if (present !== undefined) throw tagExists(name, tag, present["snapshot-id"]);
    const refs = { ...metadata.refs, [tag]: { "snapshot-id": snapshot_id, type: "tag" as const } };
    const event = { action: "catalog.tag", before: null, after: snapshot_id, details: { tag } };
    return { next: { ...metadata, refs }, event };
  });
}

function tagExists(name: string, tag: string, snapshot_id: string): LakehouseError {
  return new LakehouseError("conflict", `"${name}" has "${tag}" already, at ${snapshot_id}`, {
    reason: "tag_exists",
    hint: "take another name, or remove that tag first",
    extra: { snapshot_id },
  });
}

export function untagSnapshot(
  parts: CatalogParts,
  { name, tag }: { readonly name: string; readonly tag: string },
  call: Call,
): Promise<Dataset> {
  return changeRefs(parts, name, call, (metadata) => {
    const { [tag]: gone, ...refs } = metadata.refs;
    if (gone === undefined || tag === "main") {
      throw new LakehouseError("not_found", `"${name}" has no tag "${tag}"`, {
        reason: "no_such_tag",
      });
    }
    const before = gone["snapshot-id"];
    const event = { action: "catalog.untag", before, after: null, details: { tag } };
    return { next: { ...metadata, refs }, event };
  });
}

/** Later snapshots stay, under their ids, until they expire; the schema stays the present one. */
export function rollBack(
  parts: CatalogParts,
  { name, to }: { readonly name: string; readonly to: string },
  call: Call,
): Promise<Dataset> {
  return changeRefs(parts, name, call, (metadata, now_ms) => {
    const target = requireSnapshot(name, metadata, to)["snapshot-id"];
    const before = metadata["current-snapshot-id"];
    if (target === before) return undefined;
    const event = { action: "catalog.rollback", before, after: target };
    return { next: withCurrent(metadata, target, now_ms), event };
  });
}
