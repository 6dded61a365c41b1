// Which bytes became rows of a dataset: written in the same swap as the commit that added the rows.
import { z } from "zod";
import type { catalog } from "#contracts/catalog.ts";
import { count, time } from "#contracts/nouns.ts";
import type { SourceOfRows } from "#contracts/table-nouns.ts";
import type { OutputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerChange, PointerStore } from "#ports/pointer-store.ts";
import type { DatasetRecord } from "./dataset-record.ts";
import type { FirstTable } from "./first-format.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import { standsAt } from "./source-lineage.ts";

/** A ledger line; its name is the content's sha256. */
const ledgerLine = z.strictObject({
  ingest_id: z.string(),
  name: z.string(),
  rows: count,
  snapshot_id: z.string(),
  committed_at: time,
  /** Of that snapshot. */
  sequence_number: count.optional(),
  /** Lines of an earlier epoch than the dataset's made rows of another table that stood there. */
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
    readonly sequence_number: number;
    readonly committed_at: string;
    /** Whether no other rows are left: then the same bytes may come again. */
    readonly replaces: boolean;
  },
): Promise<PointerChange[]> {
  if (commit.sources.length === 0) return [];
  const { dataset_id, name } = of.record.dataset;
  const space = ledgerSpace(dataset_id);
  const { snapshot_id, sequence_number, committed_at, replaces } = commit;
  const epoch = of.record.source_epoch;
  const isCurrent = currentLines(of);
  const changes = new Map<string, PointerChange>();
  for (const { content_sha256, ...source } of commit.sources) {
    const held = await ledger.get(space, content_sha256);
    const line = held === undefined ? undefined : ledgerLine.parse(held.value);
    if (line !== undefined && !replaces && isCurrent(line)) {
      throw sourceExists(name, content_sha256, line);
    }
    const value: LedgerLine = { ...source, snapshot_id, sequence_number, committed_at, epoch };
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
    const line = ledgerLine.parse(pointer.value);
    const { epoch: _epoch, sequence_number: _sequence, ...told_of } = line;
    return { ...told_of, content_sha256: pointer.name, current: isCurrent(line) };
  });
  return told
    .toSorted((a, b) => Date.parse(b.committed_at) - Date.parse(a.committed_at))
    .slice(0, wanted.limit);
}

/** The changes that strike out sources whose rows stand at no snapshot of `next` any more. */
export async function strikeSources(
  ledger: Ledger,
  { record, metadata: before }: OfDataset,
  next: TableMetadata,
): Promise<PointerChange[]> {
  const kept = new Set(next.snapshots.map((one) => one["snapshot-id"]));
  const gone = new Set(before.snapshots.map((one) => one["snapshot-id"]));
  for (const id of kept) gone.delete(id);
  if (gone.size === 0) return [];
  const current = next["current-snapshot-id"];
  const ids = [...(current === null ? [] : [current]), ...kept];
  const stands = ids.map((id) => lazily(() => standsAt(next, id)));
  const sequenceOf = sequences(before);
  const space = ledgerSpace(record.dataset.dataset_id);
  return (await ledger.list(space)).flatMap(({ name, version, value }): PointerChange[] => {
    const line = ledgerLine.parse(value);
    if (!gone.has(line.snapshot_id)) return [];
    const sequence = sequenceOf(line);
    const of_now = line.epoch === record.source_epoch;
    if (of_now && stands.some((standsThere) => standsThere()(sequence))) return [];
    return [{ space, name, expected_version: version, value: undefined }];
  });
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function currentLines({ record, metadata }: OfDataset): (line: LedgerLine) => boolean {
  const stands = standsAt(metadata, metadata["current-snapshot-id"]);
  const sequenceOf = sequences(metadata);
  return (line) => line.epoch === record.source_epoch && stands(sequenceOf(line));
}

/** When the rows of a line were committed; a line that does not say is as old as can be. */
function sequences({ snapshots }: TableMetadata): (line: LedgerLine) => number {
  const known = new Map(snapshots.map((one) => [one["snapshot-id"], one["sequence-number"]]));
  return (line) => line.sequence_number ?? known.get(line.snapshot_id) ?? 0;
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
