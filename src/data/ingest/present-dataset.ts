// The dataset as it is before an ingest, and whether it holds the rows of these bytes already.
import type { Dataset } from "#contracts/catalog.ts";
import type { Column } from "#contracts/nouns.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { IngestJob, IngestParts } from "./ingest-job.ts";
import { partitionText, samePartitioning } from "./partition-text.ts";

type Catalog = Pick<IngestParts, "catalog">;

/** Undefined when there is none. A deleted one is `conflict` (`tombstoned`). */
export async function presentDataset(
  { catalog }: Catalog,
  name: string,
  call: Call,
): Promise<Dataset | undefined> {
  // Whoever makes a dataset expects none: that is an empty list, and no error.
  const { datasets } = await catalog.list({ name, include_tombstoned: true }, call);
  const [dataset] = datasets;
  if (dataset?.status !== "tombstoned") return dataset;
  throw new LakehouseError("conflict", `the dataset "${name}" was deleted`, {
    reason: "tombstoned",
    hint: "restore it first, or use another name",
  });
}

/** Partitioning is chosen once: `conflict` (`bad_partitioning`) when another one is asked for. */
export function requirePartitioning(job: IngestJob, present: Dataset | undefined): void {
  const wanted = job.partition_by;
  if (present === undefined || wanted === undefined) return;
  if (samePartitioning(wanted, present.partition_by)) return;
  const now = partitionText(present.partition_by);
  throw new LakehouseError("conflict", `"${job.dataset}" is partitioned by ${now}`, {
    reason: "bad_partitioning",
    hint: "leave partition_by out, or change it with catalog.alter first",
    extra: { partition_by: present.partition_by },
  });
}

/** The same bytes are there already: all of them and nothing else, when they are to replace. */
export async function isKnown(
  { catalog }: Catalog,
  job: IngestJob,
  present: Dataset | undefined,
  content_sha256: string,
  call: Call,
): Promise<boolean> {
  if (present === undefined || present.current_snapshot_id === null) return false;
  const { sources } = await catalog.sources({ name: job.dataset, content_sha256 }, call);
  const same = sources.find((source) => source.current);
  if (same === undefined || job.mode !== "replace") return same !== undefined;
  if (same.rows !== present.rows) return false;
  const { sources: all } = await catalog.sources({ name: job.dataset }, call);
  return all.filter((source) => source.current).length === 1;
}

export function columnsOf(columns: readonly Column[]): Column[] {
  return columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
}
