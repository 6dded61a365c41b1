// What an S3 endpoint's refusals mean in the words of the house.
import { LakehouseError, type ErrorCode } from "#kernel/problem.ts";

/** Error code of S3 → our code and reason (S3 API reference, "Error responses"). */
const KNOWN: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  NoSuchKey: ["not_found", "no_such_object"],
  NoSuchUpload: ["not_found", "no_such_upload"],
  NoSuchBucket: ["unavailable", "no_remote_bucket"],
  PreconditionFailed: ["precondition_failed", "etag_differs"],
  ConditionalRequestConflict: ["precondition_failed", "etag_differs"],
  EntityTooSmall: ["invalid", "part_too_small"],
  EntityTooLarge: ["too_large", "over_bytes_max"],
  InvalidPart: ["invalid", "bad_part"],
  InvalidPartOrder: ["invalid", "bad_part_order"],
  InvalidRange: ["invalid", "range_not_satisfiable"],
  KeyTooLongError: ["invalid", "bad_key"],
  AccessDenied: ["unavailable", "remote_refused"],
  InvalidAccessKeyId: ["unavailable", "remote_refused"],
  SignatureDoesNotMatch: ["unavailable", "remote_refused"],
  RequestTimeTooSkewed: ["unavailable", "remote_refused"],
  InsufficientStorage: ["unavailable", "storage_full"],
  XMinioStorageFull: ["unavailable", "storage_full"],
};

const BY_STATUS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  401: ["unavailable", "remote_refused"],
  403: ["unavailable", "remote_refused"],
  404: ["not_found", "no_such_object"],
  412: ["precondition_failed", "etag_differs"],
  416: ["invalid", "range_not_satisfiable"],
  507: ["unavailable", "storage_full"],
};

const HINTS: Readonly<Record<string, string>> = {
  remote_refused: "look at access_key, secret_key, region and the clock of this machine",
  no_remote_bucket: "make the bucket there, or correct its name in the settings",
};

/** `name` is endpoint and bucket; the message never holds credentials or what was signed. */
export function s3Fault(
  name: string,
  key: string | undefined,
  status: number,
  told: { readonly code: string; readonly message: string },
): LakehouseError {
  const [code, reason] = KNOWN[told.code] ?? BY_STATUS[status] ?? unknownFault(status);
  const what = told.code === "" ? `status ${status}` : `${told.code} (${status})`;
  const where = key === undefined ? name : `${name} (${key})`;
  // Only the message of unknown faults is passed on: those of signatures quote what was signed.
  const why = reason === "remote_failed" && told.message !== "" ? `: ${told.message}` : "";
  const hint = HINTS[reason];
  return new LakehouseError(code, `the bucket ${where} answers ${what}${why.slice(0, 300)}`, {
    reason,
    ...(hint === undefined ? {} : { hint }),
    extra: { s3_status: status, s3_code: told.code },
  });
}

/** A server in trouble may be better soon; what it will not take, it will not take later. */
function unknownFault(status: number): readonly [ErrorCode, string] {
  const passing = status >= 500 || status === 429 || status === 408;
  return [passing ? "unavailable" : "rejected", "remote_failed"];
}

/** Whether an error is this refusal of an endpoint. */
export function isFault(error: unknown, reason: string): boolean {
  return error instanceof LakehouseError && error.reason === reason;
}
