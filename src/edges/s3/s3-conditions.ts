// Conditional requests (RFC 9110 §13): for reads, for copies, for writes.
import { S3Error } from "./s3-error.ts";
import { notImplemented } from "./object-headers.ts";

export type Verdict = "holds" | "not_modified" | "failed";

interface Version {
  readonly etag: string;
  readonly modified_at: string;
}

/** An etag in double quotes, however it was written. */
export function quotedEtag(text: string): string {
  const bare = text.trim().replace(/^W\//, "");
  return bare === "*" || bare.startsWith('"') ? bare : `"${bare}"`;
}

function names(list: string, etag: string): boolean {
  return list.split(",").some((one) => ["*", etag].includes(quotedEtag(one)));
}

/**
 * What the conditions of a read say of this version, in the order of RFC 9110 §13.2.2. `prefix`
 * stands before the names of the headers (copy sources).
 */
export function judge(headers: Headers, version: Version, prefix = ""): Verdict {
  const get = (name: string) => headers.get(prefix + name);
  const changed_s = Math.floor(Date.parse(version.modified_at) / 1000);
  const secondsOf = (name: string) => Math.floor(Date.parse(get(name) ?? "") / 1000);
  const if_match = get("if-match");
  if (if_match !== null) {
    if (!names(if_match, version.etag)) return "failed";
  } else if (changed_s > secondsOf("if-unmodified-since")) return "failed";
  const if_none_match = get("if-none-match");
  if (if_none_match !== null) return names(if_none_match, version.etag) ? "not_modified" : "holds";
  return changed_s <= secondsOf("if-modified-since") ? "not_modified" : "holds";
}

export function hasConditions(headers: Headers, prefix = ""): boolean {
  const all = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
  return all.some((name) => headers.has(prefix + name));
}

export function conditionFailed(condition: string): S3Error {
  return new S3Error(
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
    { details: { Condition: condition } },
  );
}

/** Conditions of a write as storage takes them. */
export function writeConditions(headers: Headers): { if_none_match?: "*"; if_match?: string } {
  const if_none_match = headers.get("if-none-match");
  const if_match = headers.get("if-match");
  if (if_none_match !== null && if_none_match.trim() !== "*") {
    throw notImplemented("If-None-Match with anything but * on a write");
  }
  return {
    ...(if_none_match === null ? {} : { if_none_match: "*" as const }),
    ...(if_match === null ? {} : { if_match: quotedEtag(if_match) }),
  };
}
