// Writing to an S3 endpoint: small bodies in one PUT, larger ones as parts of bounded size.
import { newId } from "#kernel/ids.ts";
import type { KeyedLock } from "#kernel/keyed-lock.ts";
import type { PutConditions, StoredObject } from "#ports/object-store.ts";
import { contentTypeOf } from "./content-types.ts";
import { checkConditions, objectExists } from "./object-conditions.ts";
import { etagOfParts, headersOfAttributes, WRITE_ID } from "./s3-attributes.ts";
import type { S3Endpoint } from "./s3-endpoint.ts";
import { isFault } from "./s3-faults.ts";
import { headS3 } from "./s3-reads.ts";
import { completeDocument, isoTime, quoted, readResultEtag, readUploadId } from "./s3-xml.ts";

/** Of one PUT of a body whose length is not known; larger bodies go as parts of this size. */
export const BLOCK_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 3;
const COMPLETE_TIMEOUT_MS = 900_000;

export interface S3Target {
  readonly endpoint: S3Endpoint;
  readonly key: string;
  readonly remote_key: string;
}

export interface S3WriteOptions extends PutConditions {
  readonly content_type?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Headers that describe the object that is to be. */
export function describingHeaders(key: string, options: S3WriteOptions): Record<string, string> {
  return {
    "content-type": options.content_type ?? contentTypeOf(key),
    ...headersOfAttributes(options.attributes ?? {}),
  };
}

/**
 * Runs a write under its conditions: one at a time for each key here, looked at before, and the
 * endpoint asked to hold them too, so that they also hold against others where it can.
 */
export async function underConditions<T>(
  target: S3Target,
  options: PutConditions,
  locks: KeyedLock,
  write: (headers: Record<string, string>) => Promise<T>,
): Promise<T> {
  const { if_absent, if_match } = options;
  if (if_absent !== true && if_match === undefined) return write({});
  return locks.run(target.key, async () => {
    const present = await headS3(target.endpoint, target.key, target.remote_key);
    checkConditions(target.key, options, present?.etag);
    const headers: Record<string, string> =
      if_absent === true
        ? { "if-none-match": "*" }
        : { "if-match": if_match === "*" ? present!.etag : if_match! };
    try {
      return await write(headers);
    } catch (error) {
      const refused = isFault(error, "etag_differs");
      throw refused && if_absent === true ? objectExists(target.key) : error;
    }
  });
}

/** One PUT. A repeated one that finds its own first attempt has been carried out. */
export async function putWhole(
  target: S3Target,
  body: Buffer,
  options: S3WriteOptions,
  locks: KeyedLock,
): Promise<StoredObject> {
  const { endpoint, key, remote_key } = target;
  const described = describingHeaders(key, options);
  return underConditions(target, options, locks, async (conditions) => {
    const write_id = newId();
    const mark: Record<string, string> =
      Object.keys(conditions).length > 0 ? { [WRITE_ID]: write_id } : {};
    const tries = { count: 0 };
    const headers = { ...described, ...conditions, ...mark };
    try {
      const request = { method: "PUT", key: remote_key, headers, body, tries } as const;
      const answer = await endpoint.sendForText(request);
      return written(target, options, answer.headers, body.length);
    } catch (error) {
      if (tries.count < 2 || !isFault(error, "etag_differs")) throw error;
      const present = await endpoint.sendForText({ method: "HEAD", key: remote_key });
      if (present.headers[WRITE_ID] !== write_id) throw error;
      return written(target, options, present.headers, body.length);
    }
  });
}

function written(
  { key }: S3Target,
  options: S3WriteOptions,
  headers: Readonly<Record<string, string>>,
  size_bytes: number,
): StoredObject {
  return {
    key,
    size_bytes,
    etag: quoted(headers["etag"] ?? ""),
    // A PUT is not told when it was; the clock of the answer is the endpoint's own.
    modified_at: isoTime(headers["last-modified"] ?? headers["date"]),
    content_type: options.content_type ?? contentTypeOf(key),
    attributes: options.attributes ?? {},
  };
}

/** Starts an upload at the endpoint; its id there. */
export async function startUpload(target: S3Target, options: S3WriteOptions): Promise<string> {
  const { text } = await target.endpoint.sendForText({
    method: "POST",
    key: target.remote_key,
    query: { uploads: "" },
    headers: describingHeaders(target.key, options),
  });
  return readUploadId(text);
}

export interface DonePart {
  readonly part_number: number;
  readonly etag: string;
}

/** Completes an upload; one whose first attempt was carried out is found again. */
export async function completeUpload(
  target: S3Target,
  upload: { readonly remote_id: string; readonly size_bytes: number },
  parts: readonly DonePart[],
  options: S3WriteOptions,
  locks: KeyedLock,
): Promise<StoredObject> {
  const { endpoint, key, remote_key } = target;
  return underConditions(target, options, locks, async (conditions) => {
    const tries = { count: 0 };
    try {
      const { text, headers } = await endpoint.sendForText({
        method: "POST",
        key: remote_key,
        query: { uploadId: upload.remote_id },
        headers: { "content-type": "application/xml", ...conditions },
        body: completeDocument(parts),
        timeout_ms: COMPLETE_TIMEOUT_MS,
        tries,
      });
      const etag = readResultEtag(text, "CompleteMultipartUploadResult");
      return written(target, options, { ...headers, etag }, upload.size_bytes);
    } catch (error) {
      const maybe_done = isFault(error, "no_such_upload") || isFault(error, "etag_differs");
      if (tries.count < 2 || !maybe_done) throw error;
      const present = await headS3(endpoint, key, remote_key);
      if (present?.etag !== etagOfParts(parts.map((part) => part.etag))) throw error;
      return { ...present, attributes: options.attributes ?? {} };
    }
  });
}

export async function abortUpload(target: S3Target, remote_id: string): Promise<void> {
  const { endpoint, remote_key } = target;
  const query = { uploadId: remote_id };
  await endpoint.sendForText({ method: "DELETE", key: remote_key, query });
}

/** Sends blocks as parts, a few at once; on any failure the endpoint is told to forget them. */
export async function putBlocks(
  target: S3Target,
  blocks: AsyncIterable<Buffer>,
  options: S3WriteOptions,
  locks: KeyedLock,
): Promise<StoredObject> {
  const remote_id = await startUpload(target, options);
  const sending = new Set<Promise<unknown>>();
  const parts: DonePart[] = [];
  let size_bytes = 0;
  try {
    let part_number = 0;
    for await (const block of blocks) {
      size_bytes += block.length;
      const number = ++part_number;
      const sent = sendPart(target, remote_id, number, block).then((etag) => {
        parts[number - 1] = { part_number: number, etag };
        sending.delete(sent);
      });
      sending.add(sent);
      // Its failure is met below; here it must not count as one that nobody minds.
      sent.catch(() => undefined);
      if (sending.size >= PARTS_AT_ONCE) await Promise.race(sending);
    }
    await Promise.all(sending);
    return await completeUpload(target, { remote_id, size_bytes }, parts, options, locks);
  } catch (error) {
    await Promise.allSettled(sending);
    await abortUpload(target, remote_id).catch(() => undefined);
    throw error;
  }
}

async function sendPart(
  { endpoint, remote_key }: S3Target,
  uploadId: string,
  part_number: number,
  body: Buffer,
): Promise<string> {
  const query = { partNumber: String(part_number), uploadId };
  const { headers } = await endpoint.sendForText({ method: "PUT", key: remote_key, query, body });
  return quoted(headers["etag"] ?? "");
}
