// What a commit may ask for, checked before anything is looked up.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { checkNames } from "./dataset-fields.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";

export type CommitInput = ParsedInputOf<(typeof catalog)["operations"]["commit"]>;

/**
 * Throws `invalid` for a request that contradicts its operation (`bad_commit`), or whose fields
 * share a name (`duplicate_field`).
 */
export function checkRequest(input: CommitInput): void {
  const { operation, added, removed_keys, replace_all } = input;
  const removes = removed_keys.length > 0 || replace_all;
  if (operation === "append" && removes) throw badCommit("an append removes nothing");
  if (operation === "delete" && added.length > 0) throw badCommit("a delete adds nothing");
  if (operation === "replace" && removed_keys.length === 0) {
    throw badCommit("a replace names the files whose rows it writes anew");
  }
  if (operation === "replace" && (input.fields ?? input.sources[0]) !== undefined) {
    throw badCommit("a replace has the same rows: no new fields and no sources");
  }
  if (!removes && added.length === 0) throw badCommit("there is nothing to commit");
  if (replace_all && removed_keys.length > 0) throw badCommit("replace_all names no files");
  if (operation === "delete" && input.fields !== undefined) {
    throw badCommit("a delete has no fields");
  }
  const { expected_snapshot_id: expected, based_on_snapshot_id: based_on } = input;
  if (expected !== undefined && based_on !== undefined) {
    throw badCommit("expected_snapshot_id and based_on_snapshot_id exclude each other");
  }
  if (input.fields !== undefined) checkNames(input.fields);
  refuseTwice(added.map((file) => `${file.bucket ?? ""} ${file.key}`));
  refuseTwice(removed_keys);
  refuseTwice(input.sources.map((source) => source.content_sha256));
}

/**
 * Throws `conflict` (`schema_differs`) when the files were made for another dataset of that name,
 * or divided by another partitioning: readers would look for their rows in the wrong places.
 */
export function requireMadeFor(
  { name, dataset_id }: Pick<Dataset, "name" | "dataset_id">,
  metadata: TableMetadata,
  wanted: Pick<CommitInput, "dataset_id" | "partition_spec_id">,
): void {
  const spec_id = metadata["default-spec-id"];
  const why =
    wanted.dataset_id !== undefined && wanted.dataset_id !== dataset_id
      ? `it is another dataset now, ${dataset_id}`
      : wanted.partition_spec_id !== undefined && wanted.partition_spec_id !== spec_id
        ? `its partitioning is number ${spec_id} now, not ${wanted.partition_spec_id}`
        : undefined;
  if (why === undefined) return;
  throw new LakehouseError("conflict", `"${name}" was changed meanwhile: ${why}`, {
    reason: "schema_differs",
    hint: "look at the dataset again and write the files anew",
    extra: { dataset_id, partition_spec_id: spec_id },
  });
}

function refuseTwice(keys: readonly string[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) throw badCommit(`${key.trim()} is named twice`);
    seen.add(key);
  }
}

export function badCommit(message: string, hint?: string): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "bad_commit",
    ...(hint === undefined ? {} : { hint }),
  });
}

export function snapshotMoved(
  input: Pick<CommitInput, "name">,
  current_id: string | null,
  why?: string,
): LakehouseError {
  const detail = why === undefined ? "" : `, and ${why}`;
  const message = `"${input.name}" was changed meanwhile: its snapshot is ${current_id ?? "none"}`;
  return new LakehouseError("conflict", `${message}${detail}`, {
    reason: "snapshot_moved",
    hint: "look at the present state, then commit on top of it",
    extra: { current_snapshot_id: current_id, ...(why === undefined ? {} : { why }) },
  });
}

export function fileExists(name: string, key: string): LakehouseError {
  return new LakehouseError("conflict", `"${name}" has the file ${key} already`, {
    reason: "file_exists",
    extra: { key },
  });
}

export function noSuchFile(name: string, missing: readonly string[]): LakehouseError {
  const message = `${missing.length} of the files to remove are not in the current snapshot of "${name}": ${missing[0]}`;
  return new LakehouseError("conflict", message, { reason: "no_such_file" });
}
