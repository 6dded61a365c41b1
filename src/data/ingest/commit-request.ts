// What an ingest asks the catalog to commit, and what came of it.
import type { Dataset } from "#contracts/catalog.ts";
import type { SourceOfRows } from "#contracts/table-nouns.ts";
import type { StagedFiles } from "#ports/staged-files.ts";
import type { ConvertResult } from "#ports/table-engine.ts";
import type { IngestJob } from "./ingest-job.ts";
import { columnsOf } from "./present-dataset.ts";

export interface CommitRequest {
  readonly job: IngestJob;
  readonly content_sha256: string;
  readonly converted: ConvertResult;
  readonly staged: StagedFiles;
  readonly properties: Record<string, unknown>;
}

export interface Committed {
  readonly dataset: Dataset;
  readonly snapshot_id: string;
  readonly stored_bytes: number;
  /** Present rows that an upsert replaced. */
  readonly updated_rows: number;
}

/** What every commit of an ingest says. The schema changes in the same swap as the files. */
export function commitOf(
  { job, content_sha256, converted, properties }: CommitRequest,
  on: Dataset,
) {
  const { ingest_id, dataset: name, source, evolve } = job;
  const { rows } = converted;
  const sources: SourceOfRows[] = [{ ingest_id, content_sha256, name: source.name, rows }];
  const fields = evolve ? { fields: columnsOf(converted.columns) } : {};
  const { dataset_id, schema_id, partition_spec_id } = on;
  return { name, dataset_id, schema_id, partition_spec_id, sources, properties, ...fields };
}
