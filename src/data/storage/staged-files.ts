// Staged files that become objects without being copied.
import { rm } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";
import type { ObjectStore, StoredObject } from "#ports/object-store.ts";

/**
 * Gives a staged file its key. An object that has the key already is kept and the staged file is
 * removed: keys of staged results name their content. The store refuses paths outside its staging
 * folder before anything else is done with them. The caps are of what comes in by PUT, not of what
 * the house made itself: a result is as large as its source makes it.
 */
export async function adoptStaged(
  objects: ObjectStore,
  key: string,
  path: string,
): Promise<{ object: StoredObject; existed: boolean }> {
  try {
    const object = await objects.adopt(key, path, { if_absent: true });
    return { object, existed: false };
  } catch (error) {
    if (!(error instanceof LakehouseError) || error.reason !== "object_exists") throw error;
    const object = await objects.head(key);
    if (object === undefined) throw error;
    // The store has found the path to be a staged file, else it had failed with `not_staged`.
    await rm(path, { force: true });
    return { object, existed: true };
  }
}
