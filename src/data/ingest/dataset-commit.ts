// From a converted file to a snapshot: dataset, objects, commit; each step repeatable or undone.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { surelyRefused, tablePlace } from "#ports/staged-files.ts";
import type { RejectedRow } from "#ports/table-engine.ts";
import { commitOf, type Committed, type CommitRequest } from "./commit-request.ts";
import { ChangedMeanwhile, shapeOf, type IngestParts } from "./ingest-job.ts";
import { columnsOf, presentDataset } from "./present-dataset.ts";
import { sameColumns } from "./replacement-columns.ts";
import { upsertRows } from "./upsert-rows.ts";

/**
 * `present` is what the file was converted for. Where others changed that meanwhile, the error is
 * `ChangedMeanwhile`. A dataset that was made for this is taken away again when nothing came of it.
 */
export async function commitDataset(
  parts: IngestParts,
  request: CommitRequest,
  present: Dataset | undefined,
  call: Call,
): Promise<Committed> {
  const { dataset, created } =
    present === undefined
      ? await makeDataset(parts, request, call)
      : { dataset: present, created: false };
  try {
    if (request.job.mode === "upsert") return await upsertRows(parts, request, dataset, call);
    return await addRows(parts, request, dataset, call);
  } catch (error) {
    if (created) await takeAway(parts, dataset, call);
    throw await orChanged(parts, dataset, error, call);
  }
}

async function makeDataset(parts: IngestParts, { job, converted }: CommitRequest, call: Call) {
  const { dataset: name, partition_by } = job;
  const fields = columnsOf(converted.columns);
  const made = await parts.catalog.register(
    { name, fields, ...(partition_by === undefined ? {} : { partition_by: [...partition_by] }) },
    call,
  );
  // Another process may have made it first, and its columns may have other ids.
  const fits = sameColumns(made.dataset.fields, converted.columns);
  if (!made.created && !fits) throw new ChangedMeanwhile(name);
  return made;
}

async function addRows(
  parts: IngestParts,
  request: CommitRequest,
  dataset: Dataset,
  call: Call,
): Promise<Committed> {
  const { job, staged, converted } = request;
  const place = tablePlace(dataset.location);
  const added = await staged.adopt(place, fileName(request), converted.files);
  const replaces = job.mode === "replace";
  try {
    const done = await parts.catalog.commit(
      {
        ...commitOf(request, dataset),
        operation: replaces ? "overwrite" : "append",
        replace_all: replaces,
        added,
        // A replacement is of what we looked at; an append goes on top of whatever is there.
        ...(replaces ? { expected_snapshot_id: dataset.current_snapshot_id } : {}),
      },
      call,
    );
    const stored_bytes = added.reduce((sum, file) => sum + file.size_bytes, 0);
    const { snapshot_id } = done.snapshot;
    return { dataset: done.dataset, snapshot_id, stored_bytes, updated_rows: 0 };
  } catch (error) {
    if (surelyRefused(error)) await staged.undo();
    throw error;
  }
}

/** Tells of which bytes it came, and is no other's: others may commit the same bytes just now. */
function fileName({ content_sha256 }: CommitRequest): string {
  return `${content_sha256.slice(0, 32)}-${newId()}`;
}

const CLEAN_UP_TIMEOUT_MS = 10_000;

/** Only what nobody has written to meanwhile; what cannot be told now stays. */
async function takeAway(parts: IngestParts, made: Dataset, call: Call): Promise<void> {
  const deadline_ms = Date.now() + CLEAN_UP_TIMEOUT_MS;
  const own = { ...call, deadline_ms, signal: AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS) };
  const { name, dataset_id } = made;
  try {
    const now = await parts.catalog.get({ name }, own);
    const untouched = now.dataset_id === dataset_id && shapeOf(now) === shapeOf(made);
    if (!untouched || now.current_snapshot_id !== null || now.status !== "healthy") return;
    await parts.catalog.drop_table({ name, purge: true, only_if_empty: true }, own);
  } catch {
    // The error that led here is the one to tell; an empty dataset harms nobody.
  }
}

/** A refusal because columns or ids moved since the conversion is one to convert again for. */
async function orChanged(
  parts: IngestParts,
  used: Dataset,
  error: unknown,
  call: Call,
): Promise<unknown> {
  if (!(error instanceof LakehouseError) || error instanceof ChangedMeanwhile) return error;
  if (error.reason !== "schema_differs" && error.reason !== "bad_commit") return error;
  const now = await presentDataset(parts, used.name, call);
  return shapeOf(now) === shapeOf(used) ? error : new ChangedMeanwhile(used.name);
}

/** Stores what could not be read, one JSON line for each row; null when all could be. */
export async function putRejects(
  { storage }: Pick<IngestParts, "storage">,
  place: { readonly dataset: string; readonly ingest_id: string },
  rejects: readonly RejectedRow[],
  call: Call,
): Promise<string | null> {
  if (rejects.length === 0) return null;
  const key = `_rejects/${place.dataset}/${place.ingest_id}.ndjson`;
  async function* lines() {
    for (const { line, column, reason, text } of rejects) {
      yield Buffer.from(`${JSON.stringify({ line, column: column ?? null, reason, text })}\n`);
    }
  }
  const content_type = "application/x-ndjson";
  await storage.put({ key, content_type, body: lines() }, call);
  return key;
}
