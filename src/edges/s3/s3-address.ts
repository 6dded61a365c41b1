// What a request addresses: path style, with or without /s3 before it.
import type { Scope } from "#kernel/call.ts";
import { S3Error } from "./s3-error.ts";

export interface Address {
  /** Undefined: the service itself. */
  readonly bucket: string | undefined;
  /** Undefined: the bucket itself. */
  readonly key: string | undefined;
}

const KEY_BYTES_MAX = 1024;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Bucket names have three characters or more, so that none is `s3`. */
export function isBelowPrefix(path: string): boolean {
  return path === "/s3" || path.startsWith("/s3/");
}

/** `path` as it was sent; `InvalidURI` when it is not percent-encoded UTF-8. */
export function addressOf(path: string): Address {
  const below = isBelowPrefix(path) ? path.slice("/s3".length) : path;
  const [, bucket = "", key = ""] = /^\/?([^/]*)\/?(.*)$/s.exec(below) ?? [];
  if (bucket === "" && key !== "") {
    throw new S3Error("InvalidBucketName", "The specified bucket is not valid.");
  }
  return {
    bucket: bucket === "" ? undefined : checkBucket(decode(bucket)),
    key: key === "" ? undefined : checkKey(decode(key)),
  };
}

/** `[/]bucket/key[?versionId=…]`, percent-encoded, as in x-amz-copy-source. */
export function copySourceOf(text: string): { bucket: string; key: string } {
  const [path = "", version] = text.split("?versionId=");
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decode(path));
  if (match === null) {
    throw new S3Error(
      "InvalidArgument",
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    );
  }
  if (version !== undefined && version !== "null") throw noSuchVersion();
  return { bucket: checkBucket(match[1]!), key: checkKey(match[2]!) };
}

export function noSuchVersion(): S3Error {
  return new S3Error(
    "InvalidArgument",
    "Invalid version id specified: objects have one version, null",
  );
}

function checkBucket(name: string): string {
  if (BUCKET_NAME.test(name)) return name;
  throw new S3Error("InvalidBucketName", "The specified bucket is not valid.", {
    details: { BucketName: name },
  });
}

export function checkKey(key: string): string {
  if (Buffer.byteLength(key) <= KEY_BYTES_MAX) return key;
  throw new S3Error("KeyTooLongError", "Your key is too long", {
    details: { MaxSizeAllowed: String(KEY_BYTES_MAX), Size: String(Buffer.byteLength(key)) },
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error("InvalidURI", "Couldn't parse the specified URI.");
  }
}

/** Objects that services keep for themselves; Iceberg engines write below datasets/ themselves. */
const KEPT_BY_SERVICES = /^\/*(_catalog|_vectors|_rejects)(\/|$)/i;

/** The scope needed to write this key. */
export function writeScopeOf(key: string): Scope {
  return KEPT_BY_SERVICES.test(key) ? "admin" : "write";
}
