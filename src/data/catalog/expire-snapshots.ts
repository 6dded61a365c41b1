// Forgetting old snapshots: first the metadata without them, then the files that only they had.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import { healthyRecord } from "./dataset-record.ts";
import { snapshotById, withoutSnapshots } from "./iceberg/table-metadata.ts";
import type { ManifestListEntry, TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";
import { changeTo } from "./next-metadata.ts";
import {
  eachLiveFile,
  manifestsOf,
  ownObjects,
  removeUnreachable,
  statisticsOf,
  type ObjectSizes,
} from "./reachable-objects.ts";
import { keptFiles } from "./remove-orphans.ts";
import { strikeSources } from "./source-ledger.ts";
import { BrokenMetadata } from "./table-objects.ts";
import { sameSpelling } from "./table-places.ts";

type Operation = (typeof catalog)["operations"]["expire_snapshots"];
type ExpireInput = ParsedInputOf<Operation>;

interface Expired {
  readonly dataset: Dataset;
  readonly before: TableMetadata;
  readonly ids: readonly string[];
}

const IDS_TOLD_MAX = 100;

export async function expireSnapshots(
  parts: CatalogParts,
  input: ExpireInput,
  call: Call,
): Promise<OutputOf<Operation>> {
  const { name, dry_run } = input;
  const { dataset, before, ids } = await parts.store.change(name, call, async (held) => {
    const record = healthyRecord(held, name);
    const metadata = await parts.objects.metadata(record.metadata_location, call);
    const chosen_ids = chooseExpired(parts, metadata, input);
    const answer: Expired = { dataset: record.dataset, before: metadata, ids: chosen_ids };
    if (answer.ids.length === 0 || dry_run) return { answer } satisfies Step<Expired>;
    const now_ms = Math.max(parts.clock.now(), metadata["last-updated-ms"]);
    const expired = answer.ids.length;
    const snapshot_ids = answer.ids.slice(0, IDS_TOLD_MAX);
    const { dataset_id, current_snapshot_id: now } = record.dataset;
    const details = { dataset_id, expired, snapshot_ids };
    const event = { action: "catalog.expire_snapshots", before: now, after: now, details };
    const next = withoutSnapshots(metadata, answer.ids, now_ms);
    const also = await strikeSources(parts.pointers, { record, metadata }, next);
    const { change } = await changeTo(parts, record, next, event, call);
    return { change: { ...change, also }, answer } satisfies Step<Expired>;
  });
  if (ids.length === 0) {
    return { expired_snapshot_ids: [], removed_keys: 0, removed_bytes: 0, dry_run };
  }
  const left = await keptFiles(parts, name, before);
  if (left !== undefined) parts.log.warn({ name, left }, "files of expired snapshots are left");
  const unreachable =
    left === undefined
      ? await ownObjects(parts, dataset, await onlyIn(parts, before, new Set(ids), call), call)
      : new Map<string, number>();
  const done = dry_run
    ? await measure(parts, unreachable, call)
    : await removeUnreachable(parts, name, unreachable, call);
  return {
    expired_snapshot_ids: [...ids],
    removed_keys: done.removed,
    removed_bytes: done.removed_bytes,
    dry_run,
  };
}

function chooseExpired(
  { clock, settings }: CatalogParts,
  metadata: TableMetadata,
  input: ExpireInput,
): string[] {
  const named = new Set(Object.values(metadata.refs).map((ref) => ref["snapshot-id"]));
  const current = metadata["current-snapshot-id"];
  if (current !== null) named.add(current);
  if (input.snapshot_ids !== undefined) return chosen(metadata, input, named);
  const before_ms = timeOf(input.older_than) ?? clock.now() - settings.snapshot_age_max_ms;
  const kept = new Set(named);
  for (const ref of Object.values(metadata.refs)) {
    if (ref.type === "tag") continue;
    let at = snapshotById(metadata, ref["snapshot-id"]);
    for (let left = input.retain_last; at !== undefined && left > 0; left--) {
      kept.add(at["snapshot-id"]);
      at = snapshotById(metadata, at["parent-snapshot-id"] ?? "");
    }
  }
  return metadata.snapshots
    .filter((one) => one["timestamp-ms"] < before_ms && !kept.has(one["snapshot-id"]))
    .map((one) => one["snapshot-id"]);
}

function chosen(
  metadata: TableMetadata,
  { name, snapshot_ids = [] }: ExpireInput,
  named: ReadonlySet<string>,
): string[] {
  const ids = [...new Set(snapshot_ids)];
  for (const id of ids) {
    if (snapshotById(metadata, id) === undefined) {
      throw new LakehouseError("not_found", `"${name}" has no snapshot ${id}`, {
        reason: "no_such_snapshot",
      });
    }
    if (!named.has(id)) continue;
    const refs = Object.entries(metadata.refs).filter(([, ref]) => ref["snapshot-id"] === id);
    const names = refs.map(([ref]) => ref);
    throw new LakehouseError("conflict", `snapshot ${id} is in use: ${names.join(", ")}`, {
      reason: "snapshot_referenced",
      hint: "remove the tag first; the current snapshot stays",
      extra: { refs: names },
    });
  }
  return ids;
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time_ms = /^\d{4}-/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time_ms)) return time_ms;
  throw new LakehouseError("invalid", `older_than: "${text}" is not an ISO time`, {
    reason: "invalid_input",
    hint: "for example 2026-01-31T12:00:00Z",
  });
}

/** What these snapshots refer to and no other does. */
async function onlyIn(
  parts: CatalogParts,
  before: TableMetadata,
  ids: ReadonlySet<string>,
  call: Call,
): Promise<ObjectSizes> {
  const goes = (one: { readonly "snapshot-id": string }) => ids.has(one["snapshot-id"]);
  const expired = before.snapshots.filter(goes);
  const kept = before.snapshots.filter((one) => !goes(one));
  const unreachable: ObjectSizes = new Map();
  try {
    const kept_manifests = await manifestsOf(parts, kept, call);
    const gone = await readableOf(parts, expired, call);
    for (const location of kept_manifests.keys()) gone.delete(location);
    await eachLiveFile(parts, gone.values(), call, (at, size) => void unreachable.set(at, size));
    if (unreachable.size > 0) {
      await eachLiveFile(parts, kept_manifests.values(), call, (at) => unreachable.delete(at));
    }
    for (const [at, { manifest_length }] of gone) unreachable.set(at, manifest_length);
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw error;
    // Nothing is removed that a snapshot which cannot be read may need.
    parts.log.warn({ err: error }, "expired files are left: not all snapshots can be read");
    return new Map();
  }
  const lists = new Set(kept.map((one) => sameSpelling(one["manifest-list"])));
  const old = [
    ...expired.map((one) => one["manifest-list"]),
    ...statisticsOf(before)
      .filter(goes)
      .map((one) => one["statistics-path"]),
  ].map(sameSpelling);
  for (const at of old) if (!lists.has(at)) unreachable.set(at, undefined);
  return unreachable;
}

/** A snapshot that goes anyway may be broken: what it alone had becomes an orphan. */
async function readableOf(parts: CatalogParts, snapshots: readonly TableSnapshot[], call: Call) {
  const found = new Map<string, ManifestListEntry>();
  for (const snapshot of snapshots) {
    try {
      const manifests = await manifestsOf(parts, [snapshot], call);
      for (const { manifest_path } of manifests.values()) {
        await parts.objects.manifest(manifest_path, call);
      }
      for (const [at, listed] of manifests) found.set(at, listed);
    } catch (error) {
      if (!(error instanceof BrokenMetadata)) throw error;
      parts.log.warn({ err: error }, "a snapshot that expires cannot be read");
    }
  }
  return found;
}

async function measure({ objects }: CatalogParts, found: ObjectSizes, call: Call) {
  let removed_bytes = 0;
  for (const [at, size] of found) removed_bytes += size ?? (await objects.sizeOf(at, call)) ?? 0;
  return { removed: found.size, removed_bytes };
}
