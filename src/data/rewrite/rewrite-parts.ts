// What a rewrite needs, and how one is tried again when others commit meanwhile.
import { setTimeout as wait } from "node:timers/promises";
import type { catalog, Dataset, ScanFile } from "#contracts/catalog.ts";
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  createStagedFiles,
  surelyRefused,
  tablePlace,
  toTableFile,
  type AdoptedFile,
  type StagedFiles,
} from "#ports/staged-files.ts";
import type { TableEngine, TableRelation, WrittenFile } from "#ports/table-engine.ts";
import type { RewriteSettings } from "./rewrite-settings.ts";

export interface RewriteParts {
  readonly storage: Client<typeof storage>;
  readonly catalog: Client<typeof catalog>;
  readonly engine: TableEngine;
  readonly settings: RewriteSettings;
}

/** Files of one dataset on their way to a commit. */
export interface NewFiles {
  readonly nextPath: StagedFiles["nextPath"];
  adopt(written: readonly WrittenFile[]): Promise<AdoptedFile[]>;
}

/**
 * Runs work that writes files for a dataset and commits them. What it wrote is removed when it is
 * refused; files that became part of a snapshot stay.
 */
export async function withNewFiles<T>(
  { storage }: Pick<RewriteParts, "storage">,
  dataset: Dataset,
  call: Call,
  work: (files: NewFiles) => Promise<T>,
): Promise<T> {
  const place = tablePlace(dataset.location);
  const staged = createStagedFiles(storage, place.bucket, call);
  try {
    return await work({
      nextPath: staged.nextPath,
      adopt: (written) => staged.adopt(place, newId(), written),
    });
  } catch (error) {
    if (surelyRefused(error)) await staged.undo();
    throw error;
  } finally {
    await staged.discard();
  }
}

/** These files of a dataset as a relation; `name` is what a condition may qualify columns with. */
export function relationOf(dataset: Dataset, files: readonly ScanFile[]): TableRelation {
  const [name, schema] = dataset.name.split(".").toReversed();
  return {
    kind: "table",
    schema: schema ?? "main",
    name: name!,
    columns: dataset.fields,
    files: files.map(toTableFile),
    name_mapped: dataset.name_mapped,
  };
}

const PAUSE_MS = 40;

/** Looks and rewrites again when others changed what was read; at last `snapshot_moved`. */
export async function untilItStands<T>(
  tries_max: number,
  call: Call,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isMoved(error) || tries >= tries_max) throw error;
    }
    await wait(PAUSE_MS * tries * Math.random(), undefined, { signal: call.signal });
  }
}

function isMoved(error: unknown): boolean {
  if (!(error instanceof LakehouseError)) return false;
  // The last: somebody changed schema or partitioning between our look and our commit.
  return ["snapshot_moved", "no_such_file", "schema_differs"].includes(error.reason ?? "");
}
