// The metadata on its way through a list of updates.
import { z } from "zod";
import { readJson } from "./metadata-json.ts";
import type { TableMetadata } from "./table-types.ts";

/** What is changed while a list of updates is applied: the metadata, and what was added last. */
export interface Draft {
  metadata: TableMetadata;
  readonly now_ms: number;
  /** For the id -1: "the one added last". */
  last_schema?: number;
  last_spec?: number;
  last_order?: number;
  readonly added_snapshots: Set<string>;
}

export type Update = Readonly<Record<string, unknown>>;
/** The keys of an update that its action needs. Error: `invalid` with reason `bad_update`. */
export function read<S extends z.ZodRawShape>(update: Update, shape: S): z.output<z.ZodObject<S>> {
  const what = `update ${String(update["action"])}`;
  return readJson(z.looseObject(shape), update, what, "bad_update") as z.output<z.ZodObject<S>>;
}

/** Replaces keys of the metadata. */
export function set(draft: Draft, changed: Partial<TableMetadata>): void {
  draft.metadata = { ...draft.metadata, ...changed } as TableMetadata;
}
