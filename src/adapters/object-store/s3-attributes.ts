// Attributes of an object as S3 headers and back.
import { createHash } from "node:crypto";
import type { StoredObject } from "#ports/object-store.ts";
import { CONTENT_TYPE_DEFAULT } from "./content-types.ts";
import { isoTime, quoted } from "./s3-xml.ts";

/** Attributes that S3 keeps in headers of the same name. */
const STANDARD = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
];
const META = "x-amz-meta-";
/** Ours among the metadata: `checksum-*`, and every other name that has no header of its own. */
const OURS = `${META}lakehouse-`;
const CHECKSUM = `${OURS}checksum-`;
const OTHER = `${OURS}attribute-`;
/** Marks one write, so that a repeated conditional put knows its own. Never an attribute. */
export const WRITE_ID = `${OURS}write`;

const PLAIN = /^[\x21-\x7e]+( [\x21-\x7e]+)*$/;
const ENCODED = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/;

/** Headers for a PUT. Values beyond ASCII are written as S3 itself does: RFC 2047 in UTF-8. */
export function headersOfAttributes(
  attributes: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [headerName(name), encodeValue(value)]),
  );
}

function headerName(name: string): string {
  if (STANDARD.includes(name)) return name;
  if (name.startsWith("checksum-")) return `${CHECKSUM}${name.slice("checksum-".length)}`;
  const own = name.startsWith("meta-") && !name.startsWith("meta-lakehouse-");
  return own ? `${META}${name.slice("meta-".length)}` : `${OTHER}${name}`;
}

function attributeName(header: string): string | undefined {
  if (STANDARD.includes(header)) return header;
  if (header === WRITE_ID) return undefined;
  if (header.startsWith(CHECKSUM)) return `checksum-${header.slice(CHECKSUM.length)}`;
  if (header.startsWith(OTHER)) return header.slice(OTHER.length);
  return header.startsWith(META) ? `meta-${header.slice(META.length)}` : undefined;
}

function encodeValue(value: string): string {
  if (PLAIN.test(value) && !ENCODED.test(value)) return value;
  return `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;
}

function decodeValue(value: string): string {
  const encoded = ENCODED.exec(value);
  return encoded === null ? value : Buffer.from(encoded[1]!, "base64").toString("utf8");
}

/** The object that the headers of a HEAD or GET tell of. */
export function objectOfHeaders(
  key: string,
  headers: Readonly<Record<string, string>>,
): StoredObject {
  const attributes: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    const name = attributeName(header.toLowerCase());
    if (name !== undefined) attributes[name] = decodeValue(value);
  }
  const whole = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
  return {
    key,
    size_bytes: Number(whole ?? headers["content-length"] ?? 0),
    etag: quoted(headers["etag"] ?? ""),
    modified_at: isoTime(headers["last-modified"]),
    content_type: headers["content-type"] ?? CONTENT_TYPE_DEFAULT,
    attributes,
  };
}

/** The etag that S3 gives an object of these parts, where the parts' etags are MD5 sums. */
export function etagOfParts(etags: readonly string[]): string {
  const sums = etags.map((etag) => Buffer.from(etag.replaceAll('"', ""), "hex"));
  return `"${createHash("md5").update(Buffer.concat(sums)).digest("hex")}-${etags.length}"`;
}
