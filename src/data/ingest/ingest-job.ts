// What one ingest is asked to do, and what it needs for it.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { storage } from "#contracts/storage.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import type { KeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { SourceFormat, TableEngine } from "#ports/table-engine.ts";
import type { CommitTeller } from "./commit-teller.ts";
import type { ProgressEntry } from "./ingest-progress.ts";
import type { NamedPartitionField } from "./partition-text.ts";
import type { Received } from "./receive-file.ts";

export interface IngestParts {
  readonly storage: Client<typeof storage>;
  readonly catalog: Client<typeof catalog>;
  readonly engine: TableEngine;
  readonly clock: Clock;
  /** Journals what stands already: never fails, and says in health what it could not tell. */
  readonly tell: CommitTeller["tell"];
  /** One commit at a time for each dataset, so that the same bytes cannot be added twice. */
  readonly commits: KeyedLock;
  /** A source that is larger becomes several files of about this size. */
  readonly file_bytes_max: number;
}

export interface IngestJob {
  readonly ingest_id: string;
  readonly dataset: string;
  readonly mode: "append" | "replace" | "upsert";
  /** Columns that name a row; some when the mode is upsert, none otherwise. */
  readonly key: readonly string[];
  /** Of a dataset that is made; undefined: not said. */
  readonly partition_by: readonly NamedPartitionField[] | undefined;
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

/** Columns, ids or partitioning are others than those the file was converted for. */
export class ChangedMeanwhile extends LakehouseError {
  constructor(name: string) {
    super("conflict", `"${name}" got other columns meanwhile`, {
      reason: "snapshot_moved",
      hint: "try again",
    });
  }
}

/** A file converted for one of these shapes fits no other. */
export function shapeOf(dataset: Dataset | undefined): string {
  if (dataset === undefined) return "none";
  const { dataset_id, schema_id, partition_spec_id } = dataset;
  return JSON.stringify([dataset_id, schema_id, partition_spec_id]);
}
