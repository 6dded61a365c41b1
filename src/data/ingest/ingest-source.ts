// One ingest from a file on disk to its report: look, convert, commit, journal.
import { setTimeout as wait } from "node:timers/promises";
import type { Dataset } from "#contracts/catalog.ts";
import type { IngestReport } from "#contracts/ingest.ts";
import type { Call } from "#kernel/call.ts";
import { isoTime } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  createStagedFiles,
  surelyRefused,
  tablePlace,
  type StagedFiles,
} from "#ports/staged-files.ts";
import type { ConvertResult } from "#ports/table-engine.ts";
import { convertUnlessKnown } from "./convert-source.ts";
import { commitDataset, putRejects } from "./dataset-commit.ts";
import { ChangedMeanwhile, shapeOf, type IngestJob, type IngestParts } from "./ingest-job.ts";
import { checkKey } from "./key-columns.ts";
import { columnsOf, isKnown, presentDataset, requirePartitioning } from "./present-dataset.ts";

type Alone = (work: () => Promise<IngestReport>) => Promise<IngestReport>;

const CONVERSIONS_MAX = 5;
const PAUSE_MS = 50;

/**
 * The dataset may appear or get another schema while a file is converted: the file is then read
 * again, as the new columns say, and nobody else of this process commits meanwhile.
 */
export async function ingestSource(
  parts: IngestParts,
  job: IngestJob,
  call: Call,
): Promise<IngestReport> {
  try {
    return await attempt(parts, job, call, (work) => parts.commits.run(job.dataset, work));
  } catch (error) {
    if (!(error instanceof ChangedMeanwhile)) throw error;
  }
  return parts.commits.run(job.dataset, async () => {
    for (let conversions = 2; ; conversions++) {
      try {
        return await attempt(parts, job, call, (work) => work());
      } catch (error) {
        // Now only other processes change it.
        if (!(error instanceof ChangedMeanwhile) || conversions === CONVERSIONS_MAX) throw error;
      }
      await wait(PAUSE_MS * conversions * Math.random(), undefined, { signal: call.signal });
    }
  });
}

async function attempt(
  parts: IngestParts,
  job: IngestJob,
  call: Call,
  alone: Alone,
): Promise<IngestReport> {
  const started_ms = parts.clock.now();
  const present = await presentDataset(parts, job.dataset, call);
  requirePartitioning(job, present);
  const bucket = present === undefined ? undefined : tablePlace(present.location).bucket;
  const staged = createStagedFiles(parts.storage, bucket, call);
  try {
    const converted = await convertUnlessKnown(parts, job, present, staged, call);
    const { content_sha256 } = await job.hashed;
    const base = { job, content_sha256, started_ms };
    if (converted === undefined) return unchanged(parts, base, present!, call);
    if (converted.rows === 0) throw noRows(job, converted);
    if (job.mode === "upsert") await checkKey(parts.engine, job.key, converted, call);
    const { size_bytes } = job.source;
    const { rows } = converted;
    job.entry.update({ phase: "committing", bytes_done: size_bytes, rows_done: rows });
    return await alone(async () => {
      const now = await presentDataset(parts, job.dataset, call);
      const known = await isKnown(parts, job, now, content_sha256, call);
      if (known) return unchanged(parts, base, now!, call);
      if (mustConvertAgain(job, present, now)) throw new ChangedMeanwhile(job.dataset);
      return commit(parts, base, { converted, staged, present }, call);
    });
  } finally {
    await staged.discard();
  }
}

/** What replaces rows that moved on is not read again: the commit refuses it. */
function mustConvertAgain(
  job: IngestJob,
  present: Dataset | undefined,
  now: Dataset | undefined,
): boolean {
  if (shapeOf(present) === shapeOf(now)) return false;
  const appeared = present === undefined;
  const same_rows = present?.current_snapshot_id === now?.current_snapshot_id;
  return appeared || now === undefined || job.mode !== "replace" || same_rows;
}

interface ReportBase {
  readonly job: IngestJob;
  readonly content_sha256: string;
  readonly started_ms: number;
}

async function commit(
  parts: IngestParts,
  base: ReportBase,
  made: {
    readonly converted: ConvertResult;
    readonly staged: StagedFiles;
    readonly present: Dataset | undefined;
  },
  call: Call,
): Promise<IngestReport> {
  const { job, content_sha256 } = base;
  const { converted, staged, present } = made;
  const { ingest_id, mode } = job;
  const place = { dataset: job.dataset, ingest_id };
  const rejects_key = await putRejects(parts, place, converted.rejects, call);
  const { rows, rejected_rows } = converted;
  const counts = { rows, rejected_rows };
  const origin = { ingest_id, content_sha256, source_name: job.source.name };
  const properties = { ...origin, ...counts, mode, committed_at: isoTime(parts.clock) };
  const request = { job, content_sha256, converted, staged, properties };
  try {
    const done = await commitDataset(parts, request, present, call);
    const { snapshot_id, updated_rows, stored_bytes } = done;
    const details = { ...origin, ...counts, updated_rows, mode };
    const before = present?.current_snapshot_id ?? null;
    const change = { subject: `dataset:${job.dataset}`, before, after: snapshot_id };
    await parts.tell({ action: "ingest.commit", ...change, details }, call);
    return {
      ...reportBase(parts, base, call),
      outcome: "committed",
      ...counts,
      snapshot_id,
      updated_rows,
      rejects_key,
      stored_bytes,
      columns: columnsOf(done.dataset.fields),
    };
  } catch (error) {
    if (rejects_key !== null && surelyRefused(error)) {
      await parts.storage.remove({ key: rejects_key }, call);
    }
    // Another process committed the same bytes between our look and our commit.
    if (!(error instanceof LakehouseError) || error.reason !== "source_exists") throw error;
    const now = await presentDataset(parts, job.dataset, call);
    if (now === undefined) throw error;
    return unchanged(parts, base, now, call);
  }
}

function unchanged(
  parts: IngestParts,
  base: ReportBase,
  present: Dataset,
  call: Call,
): IngestReport {
  return {
    ...reportBase(parts, base, call),
    outcome: "unchanged",
    snapshot_id: present.current_snapshot_id,
    rows: 0,
    updated_rows: 0,
    rejected_rows: 0,
    rejects_key: null,
    stored_bytes: 0,
    columns: columnsOf(present.fields),
  };
}

function reportBase(parts: IngestParts, base: ReportBase, call: Call) {
  return {
    ingest_id: base.job.ingest_id,
    dataset: base.job.dataset,
    mode: base.job.mode,
    source_bytes: base.job.source.size_bytes,
    content_sha256: base.content_sha256,
    duration_ms: Math.max(0, parts.clock.now() - base.started_ms),
    trace_id: call.trace_id,
  };
}

function noRows(job: IngestJob, converted: ConvertResult): LakehouseError {
  const { rejected_rows } = converted;
  const why = rejected_rows > 0 ? `: ${rejected_rows} could not be read` : "";
  return new LakehouseError("invalid", `"${job.source.name}" has no rows${why}`, {
    reason: "no_rows",
    extra: { rejected_rows, rejects: converted.rejects.slice(0, 5) },
  });
}
