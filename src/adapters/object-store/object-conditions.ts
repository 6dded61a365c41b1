// Conditions of a put, checked alike by every store.
import type { PutConditions, StoredObject } from "#ports/object-store.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** Throws `precondition_failed` (`object_exists`, `etag_differs`) when one does not hold. */
export function checkConditions(
  key: string,
  conditions: PutConditions,
  present: StoredObject | undefined,
): void {
  if (conditions.if_absent === true && present !== undefined) throw objectExists(key);
  if (conditions.if_match === undefined || conditions.if_match === present?.etag) return;
  if (conditions.if_match === "*" && present !== undefined) return;
  const now = present === undefined ? "there is no such object" : `its etag is ${present.etag}`;
  throw new LakehouseError("precondition_failed", `${key} is not ${conditions.if_match}: ${now}`, {
    reason: "etag_differs",
    extra: { etag: present?.etag ?? null },
  });
}

export function objectExists(key: string): LakehouseError {
  return new LakehouseError("precondition_failed", `there is an object ${key} already`, {
    reason: "object_exists",
  });
}

export function tooLarge(key: string, bytes_max: number): LakehouseError {
  return new LakehouseError("too_large", `${key} is larger than ${bytes_max} bytes`, {
    reason: "over_bytes_max",
    extra: { bytes_max },
  });
}

export function notStaged(path: string): LakehouseError {
  return new LakehouseError("invalid", `${path} is not a file of the staging folder`, {
    reason: "not_staged",
    hint: "write to the path that stage answered",
  });
}
