// Incoming rows take the place of present ones with the same key; files without such rows stay.
import { setTimeout as wait } from "node:timers/promises";
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { surelyRefused, tablePlace, toTableFile } from "#ports/staged-files.ts";
import type { RewriteSource, TableRelation } from "#ports/table-engine.ts";
import { commitOf, type Committed, type CommitRequest } from "./commit-request.ts";
import { sizeOfFiles } from "./convert-source.ts";
import { ChangedMeanwhile, shapeOf, type IngestParts } from "./ingest-job.ts";
import { keyBounds } from "./key-columns.ts";

const TRIES_MAX = 10;
const PAUSE_MS = 40;

/**
 * Copy-on-write: files with a row of an incoming key are written anew together with the incoming
 * rows. When others commit rows of these keys meanwhile, all is looked at again; `conflict`
 * (`snapshot_moved`) when that happens every time.
 */
export async function upsertRows(
  parts: IngestParts,
  request: CommitRequest,
  dataset: Dataset,
  call: Call,
): Promise<Committed> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(parts, request, dataset, call);
    } catch (error) {
      if (surelyRefused(error)) await request.staged.undo();
      if (!isMoved(error) || tries === TRIES_MAX) throw error;
    }
    await wait(PAUSE_MS * tries * Math.random(), undefined, { signal: call.signal });
  }
}

async function attempt(
  parts: IngestParts,
  request: CommitRequest,
  dataset: Dataset,
  call: Call,
): Promise<Committed> {
  const { job, converted, staged } = request;
  const bounds = keyBounds(job.key, converted.columns, converted.files);
  const where = bounds === undefined ? {} : { where: bounds };
  const found = await parts.catalog.files({ name: job.dataset, ...where }, call);
  if (shapeOf(found.dataset) !== shapeOf(dataset)) throw new ChangedMeanwhile(job.dataset);
  const relation: TableRelation = {
    kind: "table",
    schema: "main",
    name: "present",
    columns: converted.columns,
    files: found.files.map(toTableFile),
    name_mapped: found.dataset.name_mapped,
  };
  const incoming_uris = converted.files.map(({ path }) => path);
  const source: RewriteSource = { kind: "upsert", incoming_uris, key: job.key };
  const affected =
    found.files.length === 0 ? [] : await parts.engine.affected(relation, source, call.signal);
  const hit = new Set(affected.filter(({ rows }) => rows > 0).map(({ uri }) => uri));
  const written = await parts.engine.rewrite({
    relation: { ...relation, files: relation.files.filter(({ uri }) => hit.has(uri)) },
    source,
    target: {
      nextPath: staged.nextPath,
      partition_by: dataset.partition_by,
      ...sizeOfFiles(parts, job),
    },
    signal: call.signal,
  });
  const added = await staged.adopt(tablePlace(dataset.location), newId(), written.files);
  // By location: not all files need to stand in the bucket of the table.
  const removed_keys = found.files.filter(({ uri }) => hit.has(uri)).map((one) => one.location);
  const done = await parts.catalog.commit(
    {
      ...commitOf(request, dataset),
      operation: removed_keys.length === 0 ? "append" : "overwrite",
      added,
      removed_keys,
      based_on_snapshot_id: found.snapshot?.snapshot_id ?? null,
      ...(bounds === undefined ? {} : { conflict_where: bounds }),
    },
    call,
  );
  return {
    dataset: done.dataset,
    snapshot_id: done.snapshot.snapshot_id,
    stored_bytes: added.reduce((sum, file) => sum + file.size_bytes, 0),
    updated_rows: written.dropped_rows,
  };
}

function isMoved(error: unknown): boolean {
  if (!(error instanceof LakehouseError) || error instanceof ChangedMeanwhile) return false;
  return error.reason === "snapshot_moved" || error.reason === "no_such_file";
}
