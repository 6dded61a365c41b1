// Updates of snapshots, references and statistics (REST specification).
import { z } from "zod";
import { LakehouseError } from "#kernel/problem.ts";
import { badUpdate } from "./bad-update.ts";
import { parseRef, parseSnapshot, parseStatistics, snapshotId } from "./metadata-json.ts";
import { addedSnapshot, withCurrent, withoutSnapshots } from "./metadata-steps.ts";
import { snapshotById } from "./table-metadata.ts";
import type { StatisticsFile } from "./table-types.ts";
import { read, set, type Draft, type Update } from "./update-draft.ts";

export function addSnapshot(draft: Draft, update: Update): void {
  const { metadata } = draft;
  const snapshot = parseSnapshot(read(update, { snapshot: z.unknown() }).snapshot, "bad_update");
  const id = snapshot["snapshot-id"];
  const sequence = snapshot["sequence-number"];
  const parent = snapshot["parent-snapshot-id"] ?? null;
  if (metadata.schemas.length === 0) throw badUpdate("a schema must be there before a snapshot");
  if (snapshotById(metadata, id) !== undefined)
    throw badUpdate(`there is a snapshot ${id} already`);
  if (sequence <= metadata["last-sequence-number"] && parent !== null) {
    throw badUpdate(
      `snapshot ${id} has sequence number ${sequence}, but the table is at \
${metadata["last-sequence-number"]}`,
      "load the table again and commit with the next sequence number",
    );
  }
  draft.added_snapshots.add(id);
  draft.metadata = addedSnapshot(metadata, snapshot, draft.now_ms);
}

export function setRef(draft: Draft, update: Update): void {
  const { metadata, now_ms } = draft;
  const { "ref-name": name } = read(update, { "ref-name": z.string().min(1) });
  const { action: _, "ref-name": __, ...rest } = update;
  const ref = parseRef(rest, "bad_update");
  const id = ref["snapshot-id"];
  const snapshot = snapshotById(metadata, id);
  if (snapshot === undefined) throw badUpdate(`"${name}" names snapshot ${id}, which is not there`);
  if (name !== "main") {
    set(draft, { refs: { ...metadata.refs, [name]: ref } });
    return;
  }
  if (ref.type !== "branch") throw badUpdate("main is a branch, it cannot become a tag");
  const at_ms = draft.added_snapshots.has(id) ? snapshot["timestamp-ms"] : now_ms;
  const { "snapshot-id": ___, type: ____, ...retention } = ref;
  draft.metadata = withCurrent(metadata, id, at_ms, retention);
}

export function removeSnapshots(draft: Draft, update: Update): void {
  const ids = read(update, { "snapshot-ids": z.array(snapshotId) })["snapshot-ids"];
  try {
    draft.metadata = withoutSnapshots(draft.metadata, ids, draft.now_ms);
  } catch (cause) {
    if (cause instanceof LakehouseError) throw badUpdate(cause.message, undefined, cause);
    throw cause;
  }
}

export function removeRef(draft: Draft, update: Update): void {
  const { "ref-name": name } = read(update, { "ref-name": z.string() });
  const { [name]: _, ...refs } = draft.metadata.refs;
  set(draft, { refs, ...(name === "main" ? { "current-snapshot-id": null } : {}) });
}

type StatisticsKey = "statistics" | "partition-statistics";

export function setStatistics(draft: Draft, update: Update, key: StatisticsKey): void {
  const file = parseStatistics(read(update, { [key]: z.unknown() })[key], "bad_update");
  const id = file["snapshot-id"];
  set(draft, { [key]: [...othersThan(draft, key, id), file] });
}

export function removeStatistics(draft: Draft, update: Update, key: StatisticsKey): void {
  const { "snapshot-id": id } = read(update, { "snapshot-id": snapshotId });
  set(draft, { [key]: othersThan(draft, key, id) });
}

function othersThan(draft: Draft, key: StatisticsKey, id: string): StatisticsFile[] {
  return draft.metadata[key].filter((file) => file["snapshot-id"] !== id);
}
