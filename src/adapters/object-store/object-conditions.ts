// Conditions of a put, checked alike by every store.
import type { PutConditions } from "#ports/object-store.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** Throws `precondition_failed` (`object_exists`, `etag_differs`) when one does not hold. */
export function checkConditions(
  key: string,
  conditions: PutConditions,
  present_etag: string | undefined,
): void {
  if (conditions.if_absent === true && present_etag !== undefined) throw objectExists(key);
  if (conditions.if_match === undefined || conditions.if_match === present_etag) return;
  if (conditions.if_match === "*" && present_etag !== undefined) return;
  throw etagDiffers(key, conditions.if_match, present_etag);
}

/** `present_etag` undefined: there is no such object. */
export function etagDiffers(
  key: string,
  wanted: string,
  present_etag: string | undefined,
): LakehouseError {
  const now =
    present_etag === undefined ? "there is no such object" : `its etag is ${present_etag}`;
  return new LakehouseError("precondition_failed", `${key} is not ${wanted}: ${now}`, {
    reason: "etag_differs",
    extra: { etag: present_etag ?? null },
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

export function noSuchUpload(upload_id: string): LakehouseError {
  return new LakehouseError("not_found", `there is no upload ${upload_id}`, {
    reason: "no_such_upload",
    hint: "it was completed or given up, or it is of another bucket",
  });
}

export function badPart(part_number: number, why: string): LakehouseError {
  return new LakehouseError("invalid", `part ${part_number} ${why}`, {
    reason: "bad_part",
    extra: { part_number },
  });
}

/** Throws `bad_part` unless the part is there with this etag. */
export function checkPart(
  named: { readonly part_number: number; readonly etag: string },
  present_etag: string | undefined,
): void {
  if (named.etag === present_etag) return;
  const why = `has the etag ${present_etag}, not ${named.etag}`;
  throw badPart(named.part_number, present_etag === undefined ? "is not there" : why);
}
