// ListObjectsV2 and ListObjects: a page of keys and common prefixes.
import type { ObjectInfo } from "#contracts/storage.ts";
import { ALGORITHMS, attributeOf } from "./checksums.ts";
import { CHECKSUM_TYPE } from "./object-headers.ts";
import { numberParam, xmlResponse, type BucketContext } from "./s3-context.ts";
import { S3Error } from "./s3-error.ts";
import { element, optional, s3Document, type Xml } from "./xml-writer.ts";

const KEYS_MAX = 1000;

export async function listObjectsV2(context: BucketContext): Promise<Response> {
  const { params } = context;
  const token = params.get("continuation-token") ?? undefined;
  const start_after = params.get("start-after") ?? undefined;
  const asked = askedOf(context);
  const after = token === undefined ? start_after : readToken(token);
  const page = await readPage(context, asked, after);
  const with_owner = params.get("fetch-owner") === "true";
  const next = page.next_after === null ? undefined : writeToken(page.next_after);
  return xmlResponse(
    s3Document("ListBucketResult", [
      element("Name", context.bucket),
      element("Prefix", asked.encode(asked.prefix)),
      ...optional("Delimiter", asked.delimiter && asked.encode(asked.delimiter)),
      element("MaxKeys", asked.max_keys),
      ...optional("EncodingType", asked.encoding),
      element("KeyCount", page.objects.length + page.prefixes.length),
      element("IsTruncated", next !== undefined),
      ...optional("ContinuationToken", token),
      ...optional("NextContinuationToken", next),
      ...optional("StartAfter", start_after && asked.encode(start_after)),
      ...entries(page, asked, with_owner),
    ]),
  );
}

export async function listObjectsV1(context: BucketContext): Promise<Response> {
  const marker = context.params.get("marker") ?? "";
  const asked = askedOf(context);
  const page = await readPage(context, asked, marker === "" ? undefined : marker);
  const next = page.next_after ?? undefined;
  return xmlResponse(
    s3Document("ListBucketResult", [
      element("Name", context.bucket),
      element("Prefix", asked.encode(asked.prefix)),
      element("Marker", asked.encode(marker)),
      ...optional("NextMarker", next && asked.encode(next)),
      ...optional("Delimiter", asked.delimiter && asked.encode(asked.delimiter)),
      element("MaxKeys", asked.max_keys),
      ...optional("EncodingType", asked.encoding),
      element("IsTruncated", next !== undefined),
      ...entries(page, asked, true),
    ]),
  );
}

interface Asked {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly max_keys: number;
  readonly encoding: string | undefined;
  encode(text: string): string;
}

function askedOf({ params }: BucketContext): Asked {
  const encoding = encodingOf(params);
  const delimiter = params.get("delimiter") ?? "";
  if (delimiter.length > 64) {
    throw new S3Error("InvalidArgument", "A delimiter has at most 64 characters here.");
  }
  const bounds = { standard: KEYS_MAX, min: 0, max: 2 ** 31 - 1 };
  return {
    prefix: params.get("prefix") ?? "",
    delimiter: delimiter === "" ? undefined : delimiter,
    max_keys: Math.min(numberParam(params, "max-keys", bounds), KEYS_MAX),
    encoding,
    encode: encoderOf(encoding),
  };
}

/** `url` or undefined; anything else is refused. */
export function encodingOf(params: URLSearchParams): string | undefined {
  const encoding = params.get("encoding-type") ?? undefined;
  if (encoding === undefined || encoding === "url") return encoding;
  throw new S3Error("InvalidArgument", "Invalid Encoding Method specified in Request");
}

/** How keys are written: percent-encoded but for the slash when that was asked for. */
export function encoderOf(encoding: string | undefined): (text: string) => string {
  if (encoding === undefined) return (text) => text;
  return (text) =>
    encodeURIComponent(text)
      .replaceAll("%2F", "/")
      .replaceAll(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

interface Page {
  readonly objects: readonly ObjectInfo[];
  readonly prefixes: readonly string[];
  readonly next_after: string | null;
}

async function readPage(
  { storage, at, call }: BucketContext,
  asked: Asked,
  after: string | undefined,
): Promise<Page> {
  if (asked.max_keys === 0) return { objects: [], prefixes: [], next_after: null };
  const { prefix, delimiter, max_keys } = asked;
  const more = {
    ...(after === undefined ? {} : { after }),
    ...(delimiter === undefined ? {} : { delimiter }),
  };
  return storage.list({ ...at, prefix, limit: max_keys, ...more }, call);
}

const OWNER = element("Owner", [element("ID", "lakehouse"), element("DisplayName", "lakehouse")]);

function entries(page: Page, asked: Asked, with_owner: boolean): Xml[] {
  const contents = page.objects.map((object) =>
    element("Contents", [
      element("Key", asked.encode(object.key)),
      element("LastModified", object.modified_at),
      element("ETag", object.etag),
      ...checksumNames(object),
      element("Size", object.size_bytes),
      ...(with_owner ? [OWNER] : []),
      element("StorageClass", "STANDARD"),
    ]),
  );
  const prefixes = page.prefixes.map((prefix) =>
    element("CommonPrefixes", [element("Prefix", asked.encode(prefix))]),
  );
  return [...contents, ...prefixes];
}

function checksumNames({ attributes }: ObjectInfo): Xml[] {
  const found = ALGORITHMS.filter((one) => attributes[attributeOf(one)] !== undefined);
  if (found.length === 0) return [];
  const names = found.map((one) => element("ChecksumAlgorithm", one.toUpperCase()));
  return [...names, element("ChecksumType", attributes[CHECKSUM_TYPE] ?? "FULL_OBJECT")];
}

/** Opaque to clients, so that they do not come to lean on its being a key. */
function writeToken(after: string): string {
  return Buffer.from(JSON.stringify([1, after])).toString("base64url");
}

function readToken(token: string): string {
  try {
    const [version, after] = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown[];
    if (version === 1 && typeof after === "string") return after;
  } catch {
    // Told below, as any other token that is not one.
  }
  throw new S3Error("InvalidArgument", "The continuation token provided is incorrect", {
    details: { ArgumentName: "continuation-token" },
  });
}
