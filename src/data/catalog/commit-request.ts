// What a commit may ask for, checked before anything is looked up.
import type { catalog } from "#contracts/catalog.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { checkNames } from "./dataset-fields.ts";

export type CommitInput = ParsedInputOf<(typeof catalog)["operations"]["commit"]>;

/**
 * Throws `invalid` for a request that contradicts its operation (`bad_commit`), or whose fields
 * share a name (`duplicate_field`).
 */
export function checkRequest(input: CommitInput): void {
  const { operation, added, removed_keys, replace_all } = input;
  const removes = removed_keys.length > 0 || replace_all;
  if (operation === "append" && removes) throw bad("an append removes nothing");
  if (operation === "delete" && added.length > 0) throw bad("a delete adds nothing");
  if (!removes && added.length === 0) throw bad("there is nothing to commit");
  if (replace_all && removed_keys.length > 0) throw bad("replace_all names no files");
  if (operation === "delete" && input.fields !== undefined) throw bad("a delete has no fields");
  if (input.fields !== undefined) checkNames(input.fields);
  refuseTwice(added.map((file) => file.key));
  refuseTwice(removed_keys);
}

function refuseTwice(keys: readonly string[]): void {
  if (new Set(keys).size < keys.length) throw bad("a file is named twice");
}

function bad(message: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "bad_commit" });
}

export function snapshotMoved(input: CommitInput, current_id: string | null): LakehouseError {
  const message = `"${input.name}" was changed meanwhile: its snapshot is ${current_id ?? "none"}`;
  return new LakehouseError("conflict", message, {
    reason: "snapshot_moved",
    hint: "look at the present state, then commit on top of it",
    extra: { current_snapshot_id: current_id },
  });
}
