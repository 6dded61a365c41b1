// Which bytes became rows of a dataset: written in the same swap as the commit that added the rows.
import { z } from "zod";
import type { catalog } from "#contracts/catalog.ts";
import { count, time } from "#contracts/nouns.ts";
import type { SourceOfRows } from "#contracts/table-nouns.ts";
import type { OutputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Pointer, PointerChange, PointerStore } from "#ports/pointer-store.ts";
import type { DatasetRecord } from "./dataset-record.ts";
import type { FirstTable } from "./first-format.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";

/** A ledger line; its name is the content's sha256. */
const ledgerLine = z.strictObject({
  ingest_id: z.string(),
  name: z.string(),
  rows: count,
  snapshot_id: z.string(),
  committed_at: time,
  /** Lines of an earlier epoch than the dataset's made rows that were all replaced since. */
  epoch: count,
});
type LedgerLine = z.output<typeof ledgerLine>;

export type ToldSource = OutputOf<(typeof catalog)["operations"]["sources"]>["sources"][number];

export const ledgerSpace = (dataset_id: string): string => `sources:${dataset_id}`;

interface OfDataset {
  readonly record: Pick<DatasetRecord, "dataset" | "source_epoch">;
  readonly metadata: TableMetadata;
}

type Ledger = Pick<PointerStore, "get" | "list">;

/** The changes that note these sources; throws `conflict` (`source_exists`) for a present one. */
export async function noteSources(
  ledger: Ledger,
  of: OfDataset,
  commit: {
    readonly sources: readonly SourceOfRows[];
    readonly snapshot_id: string;
    readonly committed_at: string;
    /** The epoch that the commit leads to: a later one when it replaces all rows. */
    readonly epoch: number;
  },
): Promise<PointerChange[]> {
  if (commit.sources.length === 0) return [];
  const { dataset_id, name } = of.record.dataset;
  const space = ledgerSpace(dataset_id);
  const { snapshot_id, committed_at, epoch } = commit;
  const isCurrent = currentLines(of);
  const changes = new Map<string, PointerChange>();
  for (const { content_sha256, ...source } of commit.sources) {
    const held = await ledger.get(space, content_sha256);
    const line = held === undefined ? undefined : ledgerLine.parse(held.value);
    if (line !== undefined && epoch === of.record.source_epoch && isCurrent(line)) {
      throw sourceExists(name, content_sha256, line);
    }
    const value: LedgerLine = { ...source, snapshot_id, committed_at, epoch };
    const expected_version = held?.version ?? 0;
    changes.set(content_sha256, { space, name: content_sha256, expected_version, value });
  }
  return [...changes.values()];
}

/** The sources of a dataset, newest first; or that of given bytes. */
export async function readSources(
  ledger: Ledger,
  of: OfDataset,
  wanted: { readonly content_sha256?: string | undefined; readonly limit: number },
): Promise<ToldSource[]> {
  const space = ledgerSpace(of.record.dataset.dataset_id);
  const { content_sha256 } = wanted;
  const one = content_sha256 === undefined ? undefined : await ledger.get(space, content_sha256);
  const found = content_sha256 === undefined ? await ledger.list(space) : one ? [one] : [];
  const isCurrent = currentLines(of);
  const told = found.map((pointer): ToldSource => {
    const { epoch, ...line } = ledgerLine.parse(pointer.value);
    return { ...line, content_sha256: pointer.name, current: isCurrent({ ...line, epoch }) };
  });
  return told
    .toSorted((a, b) => Date.parse(b.committed_at) - Date.parse(a.committed_at))
    .slice(0, wanted.limit);
}

/**
 * The changes that strike out sources whose snapshots are about to be forgotten without their rows
 * standing in the present history: nobody could tell later that they were rolled back.
 */
export async function strikeSources(
  ledger: Ledger,
  of: OfDataset,
  expired: ReadonlySet<string>,
): Promise<PointerChange[]> {
  const space = ledgerSpace(of.record.dataset.dataset_id);
  const isCurrent = currentLines(of);
  const lost = (held: Pointer): boolean => {
    const line = ledgerLine.parse(held.value);
    return expired.has(line.snapshot_id) && !isCurrent(line);
  };
  return (await ledger.list(space)).filter(lost).map(({ name, version }) => ({
    space,
    name,
    expected_version: version,
    value: undefined,
  }));
}

type IsCurrent = (line: LedgerLine) => boolean;

function currentLines({ record, metadata }: OfDataset): IsCurrent {
  const known = new Map(metadata.snapshots.map((one) => [one["snapshot-id"], one]));
  const history = new Set<string>();
  let at = metadata["current-snapshot-id"];
  while (at !== null && !history.has(at)) {
    history.add(at);
    at = known.get(at)?.["parent-snapshot-id"] ?? null;
  }
  return (line) => {
    if (line.epoch !== record.source_epoch || history.size === 0) return false;
    // What has expired was in the history of the present snapshot, or it would be struck out.
    return history.has(line.snapshot_id) || !known.has(line.snapshot_id);
  };
}

function sourceExists(name: string, sha256: string, line: LedgerLine): LakehouseError {
  const message = `"${name}" has the rows of these bytes already: ${line.name}, ${sha256}`;
  return new LakehouseError("conflict", message, {
    reason: "source_exists",
    hint: "nothing is to be done; replace_all takes them anew",
    extra: { content_sha256: sha256, ingest_id: line.ingest_id, snapshot_id: line.snapshot_id },
  });
}

const MIGRATED_EPOCH = 1;

/**
 * The ledger of a dataset of version 0.1, which noted sources with its files and its snapshots.
 * Lines whose rows are gone get an earlier epoch than the dataset's, which is to be 1.
 */
export function firstLedger(dataset_id: string, table: FirstTable): PointerChange[] {
  const { current_snapshot_id } = table.metadata;
  const present = new Map<string, LedgerLine>();
  const lines = new Map<string, LedgerLine>();
  for (const snapshot of table.snapshots) {
    const committed_at = new Date(snapshot.timestamp_ms).toISOString();
    const { snapshot_id } = snapshot;
    const line = lineOfSnapshot(snapshot.properties, { snapshot_id, committed_at, epoch: 0 });
    if (line !== undefined) lines.set(line[0], line[1]);
    if (snapshot_id !== current_snapshot_id) continue;
    for (const { key } of table.lists.get(snapshot.manifest_key) ?? []) {
      for (const { file, snapshot_id: by } of table.manifests.get(key) ?? []) {
        if (file.source === null) continue;
        const { content_sha256, ingest_id, name } = file.source;
        const at = { snapshot_id: by ?? snapshot_id, committed_at, epoch: MIGRATED_EPOCH };
        present.set(content_sha256, { ingest_id, name, rows: file.rows, ...at });
      }
    }
  }
  for (const [sha256, line] of present) {
    lines.set(sha256, { ...line, ...lines.get(sha256), epoch: MIGRATED_EPOCH });
  }
  const space = ledgerSpace(dataset_id);
  return [...lines].map(([name, value]) => ({ space, name, expected_version: 0, value }));
}

function lineOfSnapshot(
  properties: Readonly<Record<string, unknown>>,
  at: Pick<LedgerLine, "snapshot_id" | "committed_at" | "epoch">,
): [string, LedgerLine] | undefined {
  const { content_sha256, ingest_id, source_name, rows } = properties;
  if (typeof content_sha256 !== "string") return undefined;
  const parsed = ledgerLine.safeParse({ ...at, ingest_id, name: source_name, rows });
  return parsed.success ? [content_sha256, parsed.data] : undefined;
}
