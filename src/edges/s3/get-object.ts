// GetObject, HeadObject, GetObjectAttributes: bytes and what is known of them, under conditions.
import type { ObjectInfo } from "#contracts/storage.ts";
import type { ByteStream } from "#kernel/contract.ts";
import { toReadableStream } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { checksumElements, objectHeaders } from "./object-headers.ts";
import { noSuchVersion } from "./s3-address.ts";
import { conditionFailed, hasConditions, judge, quotedEtag } from "./s3-conditions.ts";
import { xmlResponse, type ObjectContext } from "./s3-context.ts";
import { S3Error } from "./s3-error.ts";
import { element, s3Document } from "./xml-writer.ts";

export async function getObject(context: ObjectContext): Promise<Response> {
  checkVersion(context.params);
  checkPartNumber(context.params);
  const found = await openObject(context);
  const verdict = judge(context.headers, found);
  if (verdict !== "holds") {
    await found.body[Symbol.asyncIterator]().return?.();
    return refusedRead(verdict, found);
  }
  const { content_range } = found;
  const whole = content_range === undefined;
  // A checksum of the whole says nothing of a range.
  const headers = objectHeaders(found, { checksums: whole && wantsChecksums(context.headers) });
  if (content_range !== undefined) headers.set("content-range", content_range);
  headers.set("content-length", String(whole ? found.size_bytes : lengthOf(content_range)));
  override(headers, context);
  return new Response(toReadableStream(found.body), { status: whole ? 200 : 206, headers });
}

type Found = Omit<ObjectInfo, "key"> & {
  readonly content_range?: string | undefined;
  readonly body: ByteStream;
};

async function openObject(context: ObjectContext): Promise<Found> {
  const { storage, call, at, key, headers } = context;
  const range = headers.get("range");
  const get = (asked: { range?: string }) => storage.get({ ...at, key, ...asked }, call);
  if (range === null) return get({});
  try {
    const found = await get({ range });
    const if_range = headers.get("if-range");
    if (if_range === null || quotedEtag(if_range) === found.etag) return found;
    await found.body[Symbol.asyncIterator]().return?.();
    return await get({});
  } catch (error) {
    const outside = error instanceof LakehouseError && error.reason === "range_not_satisfiable";
    if (!outside || !hasConditions(headers)) throw error;
    // Conditions are judged before ranges.
    const object = await storage.head({ ...at, key }, call);
    if (judge(headers, object) === "holds") throw error;
    return { ...object, body: (async function* () {})() };
  }
}

/** `bytes 2-4/10` has 3 bytes. */
function lengthOf(content_range: string): number {
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(content_range) ?? [];
  return Number(last) - Number(first) + 1;
}

export async function headObject(context: ObjectContext): Promise<Response> {
  checkVersion(context.params);
  checkPartNumber(context.params);
  const { storage, call, at, key } = context;
  const object = await storage.head({ ...at, key }, call);
  const verdict = judge(context.headers, object);
  if (verdict !== "holds") return refusedRead(verdict, object);
  const headers = objectHeaders(object, { checksums: wantsChecksums(context.headers) });
  headers.set("content-length", String(object.size_bytes));
  override(headers, context);
  return new Response(null, { headers });
}

export async function getObjectAttributes(context: ObjectContext): Promise<Response> {
  checkVersion(context.params);
  const { storage, call, at, key } = context;
  const object = await storage.head({ ...at, key }, call);
  const asked = (context.headers.get("x-amz-object-attributes") ?? "")
    .split(",")
    .map((name) => name.trim());
  const known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
  if (asked.some((name) => !known.includes(name))) {
    throw new S3Error(
      "InvalidArgument",
      `x-amz-object-attributes is a list of ${known.join(", ")}`,
    );
  }
  const sums = checksumElements(object.attributes);
  const parts: Record<string, string[]> = {
    ETag: [element("ETag", object.etag.replaceAll('"', ""))],
    Checksum: sums.length === 0 ? [] : [element("Checksum", sums)],
    StorageClass: [element("StorageClass", "STANDARD")],
    ObjectSize: [element("ObjectSize", object.size_bytes)],
  };
  return xmlResponse(
    s3Document(
      "GetObjectAttributesResponse",
      asked.flatMap((name) => parts[name] ?? []),
    ),
    { "last-modified": new Date(object.modified_at).toUTCString() },
  );
}

function refusedRead(
  verdict: "not_modified" | "failed",
  object: { etag: string; modified_at: string },
): Response {
  if (verdict === "failed") throw conditionFailed("If-Match or If-Unmodified-Since");
  const last_modified = new Date(object.modified_at).toUTCString();
  return new Response(null, {
    status: 304,
    headers: { etag: object.etag, "last-modified": last_modified },
  });
}

function wantsChecksums(headers: Headers): boolean {
  return headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
}

const OVERRIDES = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
];

/** `response-…` in the query sets headers of the answer; whoever signed it asked for that. */
function override(headers: Headers, { params, signed }: ObjectContext): void {
  for (const name of OVERRIDES) {
    const value = params.get(`response-${name}`);
    if (value === null) continue;
    if (signed === undefined) {
      throw new S3Error("InvalidRequest", "Request specific response headers need a signature.");
    }
    // eslint-disable-next-line no-control-regex
    if (!/^[\x20-\x7e\t\x80-\xff]*$/.test(value)) {
      throw new S3Error("InvalidArgument", `response-${name} is not the value of a header`);
    }
    headers.set(name, value);
  }
}

function checkVersion(params: URLSearchParams): void {
  if ((params.get("versionId") ?? "null") !== "null") throw noSuchVersion();
}

/** Objects are whole here: part 1 is all of one, whatever it was uploaded as. */
function checkPartNumber(params: URLSearchParams): void {
  if ((params.get("partNumber") ?? "1") === "1") return;
  throw new S3Error("InvalidPartNumber", "The requested partnumber is not satisfiable");
}
