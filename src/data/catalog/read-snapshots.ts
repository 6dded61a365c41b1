// Reading: the files of a snapshot, the snapshots there are, where rows came from.
import type { catalog, Snapshot } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import {
  healthyRecord,
  presentRecord,
  quarantinedError,
  type DatasetRecord,
} from "./dataset-record.ts";
import {
  currentSchema,
  currentSnapshot,
  schemaById,
  snapshotAt,
} from "./iceberg/table-metadata.ts";
import type { TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";
import type { ScanPlanner } from "./scan-files.ts";
import { readSources, type ToldSource } from "./source-ledger.ts";
import { NOTHING, toSnapshot, totalsOf } from "./snapshot-summary.ts";
import { BrokenMetadata } from "./table-objects.ts";
import { toDataset } from "./table-view.ts";

type Operations = (typeof catalog)["operations"];
type FilesInput = ParsedInputOf<Operations["files"]>;
type FilesAnswer = OutputOf<Operations["files"]>;

/** The snapshot that `at` names; `not_found` (`no_such_snapshot`) when there is none. */
export function requireSnapshot(name: string, metadata: TableMetadata, at: string): TableSnapshot {
  const found = snapshotAt(metadata, at);
  if (found !== undefined) return found;
  throw new LakehouseError("not_found", `"${name}" has no snapshot at ${at}`, {
    reason: "no_such_snapshot",
    hint: "it may have expired; `snapshots` lists those there are",
  });
}

export function readFiles(
  parts: CatalogParts,
  planner: ScanPlanner,
  input: FilesInput,
  call: Call,
): Promise<FilesAnswer> {
  const { store, objects } = parts;
  const { name, at } = input;
  return store.read(name, call, async (held) => {
    const record = healthyRecord(held, name);
    const metadata = await objects.metadata(record.metadata_location, call);
    if (at !== undefined) return readPast(parts, planner, record, metadata, { ...input, at }, call);
    const snapshot = currentSnapshot(metadata);
    const { dataset } = record;
    if (snapshot === undefined) return { dataset, snapshot: null, files: [], files_total: 0 };
    const schema = currentSchema(metadata);
    const found = await planner.plan(metadata, snapshot, { ...input, schema }, call);
    const totals = await totalsOf(objects, snapshot, call);
    return { dataset, snapshot: toSnapshot(metadata, snapshot, totals), ...found };
  });
}

/** An old snapshot that cannot be read is no reason to quarantine the present one. */
async function readPast(
  { objects }: CatalogParts,
  planner: ScanPlanner,
  record: DatasetRecord,
  metadata: TableMetadata,
  input: FilesInput & { readonly at: string },
  call: Call,
): Promise<FilesAnswer> {
  const { name, at } = input;
  const snapshot = requireSnapshot(name, metadata, at);
  try {
    const totals = await totalsOf(objects, snapshot, call);
    const told = toSnapshot(metadata, snapshot, totals);
    // A schema that somebody removed is lost: then it reads as the present one.
    const schema = schemaById(metadata, told.schema_id) ?? currentSchema(metadata);
    const found = await planner.plan(metadata, snapshot, { ...input, schema }, call);
    const dataset = toDataset(record.dataset, metadata, snapshot, totals, schema["schema-id"]);
    return { dataset, snapshot: told, ...found };
  } catch (error) {
    if (!(error instanceof BrokenMetadata)) throw error;
    throw quarantinedError(`${name} at ${at}`, error.message);
  }
}

export function readSnapshots(
  { store, objects }: CatalogParts,
  name: string,
  limit: number,
  call: Call,
): Promise<Snapshot[]> {
  return store.read(name, call, async (held) => {
    const { metadata_location } = presentRecord(held, name);
    const metadata = await objects.metadata(metadata_location, call);
    const newest = metadata.snapshots
      .toSorted((a, b) => b["sequence-number"] - a["sequence-number"])
      .slice(0, limit);
    const told: Snapshot[] = [];
    for (const snapshot of newest) {
      // What an old snapshot holds is not worth quarantining the dataset for.
      const totals = await totalsOf(objects, snapshot, call).catch((error: unknown) => {
        if (error instanceof BrokenMetadata) return NOTHING;
        throw error;
      });
      told.push(toSnapshot(metadata, snapshot, totals));
    }
    return told;
  });
}

export function listSources(
  { store, objects, pointers }: CatalogParts,
  input: ParsedInputOf<Operations["sources"]>,
  call: Call,
): Promise<ToldSource[]> {
  return store.read(input.name, call, async (held) => {
    const record = presentRecord(held, input.name);
    const metadata = await objects.metadata(record.metadata_location, call);
    return readSources(pointers, { record, metadata }, input);
  });
}
