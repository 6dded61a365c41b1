// A source as Parquet for a dataset: with its columns, ids and partitioning, or with its own.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { StagedFiles } from "#ports/staged-files.ts";
import type { ConvertRequest, ConvertResult, WriteTarget } from "#ports/table-engine.ts";
import type { IngestJob, IngestParts } from "./ingest-job.ts";
import { isKnown } from "./present-dataset.ts";
import { replacementColumns, sameColumns } from "./replacement-columns.ts";
import { compressionOf } from "./source-format.ts";

/** Converts; stops as soon as the hash tells that these bytes are there already (undefined). */
export async function convertUnlessKnown(
  parts: IngestParts,
  job: IngestJob,
  present: Dataset | undefined,
  staged: StagedFiles,
  call: Call,
): Promise<ConvertResult | undefined> {
  const stop = new AbortController();
  let known = false;
  const watching = job.hashed.then(async ({ content_sha256 }) => {
    known = await isKnown(parts, job, present, content_sha256, call);
    if (known) stop.abort();
  });
  watching.catch(() => undefined);
  // The hash is there at once for an upload, and then nothing needs to be converted.
  const hashed = await Promise.race([job.hashed.then(() => true), later(false)]);
  if (hashed) await watching;
  if (known) return undefined;
  const signal = AbortSignal.any([call.signal, stop.signal]);
  try {
    const converting = convertFor(parts, job, present, staged, signal);
    const [result] = await Promise.all([converting, watching]);
    return known ? undefined : result;
  } catch (error) {
    if (known) return undefined;
    throw error;
  }
}

const later = <T>(value: T) => new Promise<T>((resolve) => setImmediate(resolve, value));

async function convertFor(
  parts: IngestParts,
  job: IngestJob,
  present: Dataset | undefined,
  staged: StagedFiles,
  signal: AbortSignal,
): Promise<ConvertResult> {
  const { path, format, size_bytes } = job.source;
  job.entry.update({ phase: "converting", bytes_done: 0, bytes_total: size_bytes });
  const request: ConvertRequest = {
    source_path: path,
    format,
    compression: await compressionOf(path),
    target: conversionTarget(parts, job, present, staged),
    signal,
    onProgress: (done) => job.entry.update({ bytes_done: Math.round(done * size_bytes) }),
  };
  if (present === undefined) return parts.engine.convert(request);
  if (job.mode === "replace" && job.evolve) {
    // What replaces and may evolve has whatever columns the file has; their ids are known after it.
    const found = await parts.engine.convert(request);
    const columns = replacementColumns(present, found.columns);
    if (sameColumns(columns, found.columns) || found.rows === 0) return found;
    return parts.engine.convert({ ...request, columns });
  }
  const next_field_id = present.last_field_id + 1;
  return parts.engine.convert({
    ...request,
    columns: present.fields,
    ...(job.evolve ? { extend: true, next_field_id } : {}),
  });
}

/** An upsert is converted as it stands, and brought among the present rows afterwards. */
function conversionTarget(
  parts: IngestParts,
  job: IngestJob,
  present: Dataset | undefined,
  staged: StagedFiles,
): WriteTarget {
  const { nextPath } = staged;
  if (job.mode === "upsert") return { nextPath, partition_by: [] };
  const partition_by = present?.partition_by ?? job.partition_by ?? [];
  return { nextPath, partition_by, ...sizeOfFiles(parts, job) };
}

/** Splitting costs time: only what is large is split. */
export function sizeOfFiles(
  { file_bytes_max }: Pick<IngestParts, "file_bytes_max">,
  { source }: Pick<IngestJob, "source">,
): Pick<WriteTarget, "file_bytes"> {
  return source.size_bytes > file_bytes_max ? { file_bytes: file_bytes_max } : {};
}
