// One ingest from a file on disk to its report: look, convert, commit, journal.
import { rm } from "node:fs/promises";
import type { IngestReport } from "#contracts/ingest.ts";
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { KeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type {
  ConvertRequest,
  ConvertResult,
  SourceFormat,
  TableEngine,
} from "#ports/table-engine.ts";
import {
  columnsOf,
  commitDataset,
  presentDataset,
  putRejects,
  type DatasetStores,
  type PresentDataset,
} from "./dataset-commit.ts";
import type { CommitTeller } from "./commit-teller.ts";
import type { ProgressEntry } from "./ingest-progress.ts";
import type { Received } from "./receive-file.ts";
import { compressionOf } from "./source-format.ts";

export interface IngestParts extends DatasetStores {
  readonly engine: TableEngine;
  readonly clock: Clock;
  /** Journals what stands already: never fails, and says in health what it could not tell. */
  readonly tell: CommitTeller["tell"];
  /** One commit at a time for each dataset, so that the same bytes cannot be added twice. */
  readonly commits: KeyedLock;
}

export interface IngestJob {
  readonly ingest_id: string;
  readonly dataset: string;
  readonly mode: "append" | "replace";
  readonly evolve: boolean;
  readonly source: {
    readonly path: string;
    readonly format: SourceFormat;
    readonly name: string;
    readonly size_bytes: number;
  };
  /** The hash may still be on its way while the conversion runs. */
  readonly hashed: Promise<Received>;
  readonly entry: ProgressEntry;
}

/**
 * The dataset may appear or get another schema while a file is converted: the file is then read
 * again, as the new columns say, and this time nobody else commits meanwhile.
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
  return parts.commits.run(job.dataset, () => attempt(parts, job, call, (work) => work()));
}

/** Other columns than the file was converted for. The second time only another process does it. */
class ChangedMeanwhile extends LakehouseError {
  constructor(name: string) {
    super("conflict", `"${name}" got other columns meanwhile`, {
      reason: "snapshot_moved",
      hint: "try again",
    });
  }
}

async function attempt(
  parts: IngestParts,
  job: IngestJob,
  call: Call,
  alone: (work: () => Promise<IngestReport>) => Promise<IngestReport>,
): Promise<IngestReport> {
  const started_ms = parts.clock.now();
  const present = await presentDataset(parts, job.dataset, call);
  const { path: staged_path } = await parts.storage.stage({}, call);
  try {
    const converted = await convertUnlessKnown(parts, job, present, staged_path, call);
    const { content_sha256 } = await job.hashed;
    const report = { job, content_sha256, started_ms };
    if (converted === undefined) return unchanged(parts, report, present!, call);
    if (converted.rows === 0) throw noRows(job, converted);
    job.entry.update({ phase: "committing", bytes_done: job.source.size_bytes });
    return await alone(async () => {
      const now = await presentDataset(parts, job.dataset, call);
      if (isKnown(job, now, content_sha256)) return unchanged(parts, report, now!, call);
      if (otherColumns(job, present, now)) throw new ChangedMeanwhile(job.dataset);
      return commit(parts, report, { converted, staged_path, present }, call);
    });
  } finally {
    await rm(staged_path, { force: true });
  }
}

/** What replaces rows that moved on is not read again: the commit refuses it. */
function otherColumns(
  job: IngestJob,
  present: PresentDataset | undefined,
  now: PresentDataset | undefined,
): boolean {
  if (present?.dataset.fingerprint === now?.dataset.fingerprint) return false;
  const appeared = present === undefined;
  return appeared || job.mode === "append" || present.snapshot_id === now?.snapshot_id;
}

/** The same bytes are there already: all of them and nothing else, when they are to replace. */
function isKnown(job: IngestJob, present: PresentDataset | undefined, hash: string): boolean {
  if (present === undefined || !present.source_hashes.has(hash)) return false;
  return job.mode === "append" || (present.source_hashes.size === 1 && present.dataset.files === 1);
}

/** Converts; stops as soon as the hash tells that these bytes are there already (undefined). */
async function convertUnlessKnown(
  parts: IngestParts,
  job: IngestJob,
  present: PresentDataset | undefined,
  target_path: string,
  call: Call,
): Promise<ConvertResult | undefined> {
  const stop = new AbortController();
  let known = false;
  const watching = job.hashed.then(({ content_sha256 }) => {
    known = isKnown(job, present, content_sha256);
    if (known) stop.abort();
  });
  // The hash is there at once for an upload, and then nothing needs to be converted.
  await Promise.race([watching, new Promise((resolve) => setImmediate(resolve))]);
  if (known) return undefined;
  const signal = AbortSignal.any([call.signal, stop.signal]);
  try {
    const request = await conversionOf(job, present, { target_path, signal });
    const [result] = await Promise.all([parts.engine.convert(request), watching]);
    return known ? undefined : result;
  } catch (error) {
    if (known) return undefined;
    throw error;
  }
}

async function conversionOf(
  job: IngestJob,
  present: PresentDataset | undefined,
  way: { readonly target_path: string; readonly signal: AbortSignal },
): Promise<ConvertRequest> {
  const { path, format, size_bytes } = job.source;
  const bytes_total = size_bytes;
  job.entry.update({ phase: "converting", bytes_done: 0, bytes_total });
  // What replaces and may evolve has whatever columns the file has.
  const free = present === undefined || (job.mode === "replace" && job.evolve);
  return {
    source_path: path,
    format,
    compression: await compressionOf(path),
    target_path: way.target_path,
    signal: way.signal,
    onProgress: (done) => job.entry.update({ bytes_done: Math.round(done * size_bytes) }),
    ...(free ? {} : { columns: columnsOf(present.dataset), extend: job.evolve }),
  };
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
    readonly staged_path: string;
    readonly present: PresentDataset | undefined;
  },
  call: Call,
): Promise<IngestReport> {
  const { job, content_sha256 } = base;
  const { converted, staged_path, present } = made;
  const { ingest_id, mode, evolve } = job;
  const place = { dataset: job.dataset, ingest_id };
  const rejects_key = await putRejects(parts, place, converted.rejects, call);
  const { rows, rejected_rows } = converted;
  const counts = { rows, rejected_rows };
  const origin = { ingest_id, content_sha256, source_name: job.source.name };
  const properties = { ...origin, ...counts, mode, committed_at: isoTime(parts.clock) };
  const done = await commitDataset(
    parts,
    {
      name: job.dataset,
      mode,
      evolve,
      present,
      converted: { staged_path, columns: converted.columns, rows },
      source: { ingest_id, content_sha256, name: job.source.name },
      properties,
    },
    call,
  );
  await parts.tell(
    {
      action: "ingest.commit",
      subject: `dataset:${job.dataset}`,
      before: present?.snapshot_id ?? null,
      after: done.snapshot.snapshot_id,
      details: { ...origin, ...counts, mode },
    },
    call,
  );
  return {
    ...reportBase(parts, base, call),
    outcome: "committed",
    snapshot_id: done.snapshot.snapshot_id,
    ...counts,
    rejects_key,
    stored_bytes: done.stored_bytes,
    columns: columnsOf(done.dataset),
  };
}

async function unchanged(
  parts: IngestParts,
  base: ReportBase,
  present: PresentDataset,
  call: Call,
): Promise<IngestReport> {
  return {
    ...reportBase(parts, base, call),
    outcome: "unchanged",
    snapshot_id: present.snapshot_id,
    rows: 0,
    rejected_rows: 0,
    rejects_key: null,
    stored_bytes: 0,
    columns: columnsOf(present.dataset),
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
