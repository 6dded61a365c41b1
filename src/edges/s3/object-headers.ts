// What is kept beside an object's bytes, from and to HTTP headers.
import type { ObjectInfo } from "#contracts/storage.ts";
import { ALGORITHMS, attributeOf, elementOf, headerOf, type ChecksumType } from "./checksums.ts";
import type { Checksum } from "./incoming-body.ts";
import { S3Error } from "./s3-error.ts";
import { element, type Xml } from "./xml-writer.ts";

export type Attributes = Record<string, string>;

const KEPT = ["cache-control", "content-disposition", "content-language", "expires"] as const;
const META = "x-amz-meta-";
/** S3's own bound on names and values of user metadata together. */
const META_BYTES_MAX = 2048;
export const CHECKSUM_TYPE = "checksum-type";

/** Content type and attributes that a writer wants kept; refuses what could not be honoured. */
export function keptHeaders(headers: Headers): { content_type?: string; attributes: Attributes } {
  refuseUnkept(headers);
  const attributes: Attributes = {};
  for (const name of KEPT) {
    const value = headers.get(name);
    if (value !== null) attributes[name] = value;
  }
  // `aws-chunked` is how the body travels, not what it is.
  const encodings = (headers.get("content-encoding") ?? "").split(",").map((one) => one.trim());
  const encoding = encodings.filter((one) => one !== "" && one !== "aws-chunked").join(",");
  if (encoding !== "") attributes["content-encoding"] = encoding;
  let size = 0;
  for (const [name, value] of headers) {
    if (!name.startsWith(META)) continue;
    size += name.length - META.length + value.length;
    attributes[metaName(name.slice(META.length))] = value;
  }
  if (size > META_BYTES_MAX) {
    throw new S3Error(
      "MetadataTooLarge",
      "Your metadata headers exceed the maximum allowed size.",
      {
        details: { Size: String(size), MaxSizeAllowed: String(META_BYTES_MAX) },
      },
    );
  }
  const content_type = headers.get("content-type") ?? "";
  return content_type === "" ? { attributes } : { content_type, attributes };
}

function metaName(name: string): string {
  if (/^[a-z0-9._-]{1,120}$/.test(name)) return `meta-${name}`;
  throw new S3Error(
    "InvalidArgument",
    `The metadata name ${JSON.stringify(name)} is not 1 to 120 of a-z, 0-9, ".", "_" and "-".`,
  );
}

/** Silence about these would be a promise that nobody keeps. */
function refuseUnkept(headers: Headers): void {
  const unkept = ["x-amz-tagging", "x-amz-website-redirect-location"];
  for (const name of headers.keys()) {
    const encrypts = name.startsWith("x-amz-server-side-encryption");
    if (encrypts || name.startsWith("x-amz-object-lock-") || unkept.includes(name)) {
      throw notImplemented(`the header ${name}`);
    }
    if (name.startsWith("x-amz-grant-")) throw noAcl();
  }
  const acl = headers.get("x-amz-acl");
  if (acl !== null && acl !== "private" && acl !== "bucket-owner-full-control") throw noAcl();
  const storage_class = headers.get("x-amz-storage-class");
  if (storage_class === null || storage_class === "STANDARD") return;
  throw new S3Error(
    "InvalidStorageClass",
    "The storage class you specified is not valid: STANDARD is.",
  );
}

export function notImplemented(what: string): S3Error {
  return new S3Error(
    "NotImplemented",
    `A header or query you provided implies functionality that is not implemented: ${what}.`,
  );
}

function noAcl(): S3Error {
  return new S3Error("AccessControlListNotSupported", "The bucket does not allow ACLs.");
}

/** The attributes that keep a checksum. */
export function checksumAttributes(
  checksum: Checksum | undefined,
  type: ChecksumType = "FULL_OBJECT",
): Attributes {
  if (checksum === undefined) return {};
  return { [attributeOf(checksum.algorithm)]: checksum.value, [CHECKSUM_TYPE]: type };
}

/** The attributes of a checksum only. */
export function onlyChecksums(attributes: Readonly<Attributes>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => name.startsWith("checksum-")),
  );
}

type Described = Pick<ObjectInfo, "etag" | "modified_at" | "content_type" | "attributes">;

/** The headers of GET and HEAD, but for length and range. */
export function objectHeaders(object: Described, options: { checksums: boolean }): Headers {
  const headers = new Headers({
    etag: object.etag,
    "last-modified": new Date(object.modified_at).toUTCString(),
    "content-type": object.content_type,
    "accept-ranges": "bytes",
  });
  for (const [name, value] of Object.entries(object.attributes)) {
    if (name.startsWith("meta-")) headers.set(`x-amz-${name}`, headerText(value));
    else if (TOLD.has(name)) headers.set(name, headerText(value));
  }
  if (options.checksums) {
    for (const [name, value] of Object.entries(checksumHeaders(object.attributes))) {
      headers.set(name, value);
    }
  }
  return headers;
}

/**
 * Attributes that are headers of their own. Others may have come in by another door, where names
 * are free: one of them must not become a cookie, another etag or the policy of a page.
 */
const TOLD: ReadonlySet<string> = new Set([...KEPT, "content-encoding"]);

/**
 * Headers carry bytes: text that came in by another door is written as UTF-8, and what no header
 * can hold, such as a line's end, as S3 writes it (RFC 2047 §4.1).
 */
function headerText(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
    return `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;
  }
  // eslint-disable-next-line no-control-regex
  return /^[\x00-\xff]*$/.test(value) ? value : Buffer.from(value).toString("latin1");
}

/** The kept checksum as headers, with its type. */
export function checksumHeaders(attributes: Readonly<Attributes>): Attributes {
  const found = ALGORITHMS.filter((one) => attributes[attributeOf(one)] !== undefined);
  if (found.length === 0) return {};
  return {
    ...Object.fromEntries(found.map((one) => [headerOf(one), attributes[attributeOf(one)]!])),
    "x-amz-checksum-type": attributes[CHECKSUM_TYPE] ?? "FULL_OBJECT",
  };
}

/** The kept checksum as elements. */
export function checksumElements(attributes: Readonly<Attributes>, with_type = true): Xml[] {
  const found = ALGORITHMS.filter((one) => attributes[attributeOf(one)] !== undefined);
  if (found.length === 0) return [];
  const values = found.map((one) => element(elementOf(one), attributes[attributeOf(one)]!));
  const type = element("ChecksumType", attributes[CHECKSUM_TYPE] ?? "FULL_OBJECT");
  return with_type ? [...values, type] : values;
}
