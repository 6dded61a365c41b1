// Copies inside an endpoint, by the endpoint: in one request, or in parts when too large for one.
import type { KeyedLock } from "#kernel/keyed-lock.ts";
import type { CopyOptions, StoredObject } from "#ports/object-store.ts";
import { checkConditions, tooLarge } from "./object-conditions.ts";
import { encodeS3Key } from "./s3-endpoint.ts";
import { isFault } from "./s3-faults.ts";
import { headS3 } from "./s3-reads.ts";
import {
  abortUpload,
  completeUpload,
  describingHeaders,
  startUpload,
  underConditions,
  type DonePart,
  type S3Target,
} from "./s3-writes.ts";
import { isoTime, readResultEtag } from "./s3-xml.ts";

/** Largest source of one CopyObject (S3 user guide, "Copying objects"). */
export const COPY_BYTES_MAX = 5 * 1024 ** 3;
const PART_BYTES = 512 * 1024 * 1024;
const COPY_TIMEOUT_MS = 900_000;

/** undefined: there is no such source. `whole_bytes_max`: of one request (tests make it small). */
export async function copyS3(
  target: S3Target,
  source_key: { readonly key: string; readonly remote_key: string },
  options: CopyOptions,
  locks: KeyedLock,
  whole_bytes_max = COPY_BYTES_MAX,
): Promise<StoredObject | undefined> {
  const { endpoint } = target;
  const source = await headS3(endpoint, source_key.key, source_key.remote_key);
  if (source === undefined) return undefined;
  const { if_source_match, bytes_max, ...rest } = options;
  if (if_source_match !== undefined) {
    checkConditions(source.key, { if_match: if_source_match }, source.etag);
  }
  if (source.size_bytes > bytes_max) throw tooLarge(target.key, bytes_max);
  const { content_type, attributes } = source;
  const write = { content_type, attributes, ...rest };
  const from = {
    "x-amz-copy-source": `/${endpoint.bucket}/${encodeS3Key(source_key.remote_key)}`,
    "x-amz-copy-source-if-match": source.etag,
  };
  try {
    return source.size_bytes > whole_bytes_max
      ? await copyParts(target, source.size_bytes, from, write, locks, whole_bytes_max)
      : await copyWhole(target, source.size_bytes, from, write, locks);
  } catch (error) {
    // Gone between our look and the copy.
    if (isFault(error, "no_such_object")) return undefined;
    throw error;
  }
}

type Write = Parameters<typeof describingHeaders>[1];
type From = Readonly<Record<string, string>>;

async function copyWhole(
  target: S3Target,
  size_bytes: number,
  from: From,
  write: Write,
  locks: KeyedLock,
): Promise<StoredObject> {
  const { endpoint, key, remote_key } = target;
  const described = describingHeaders(key, write);
  return underConditions(target, write, locks, async (conditions) => {
    const { text, headers } = await endpoint.sendForText({
      method: "PUT",
      key: remote_key,
      headers: { ...described, ...from, ...conditions, "x-amz-metadata-directive": "REPLACE" },
      timeout_ms: COPY_TIMEOUT_MS,
    });
    return {
      key,
      size_bytes,
      etag: readResultEtag(text, "CopyObjectResult"),
      modified_at: isoTime(headers["date"]),
      content_type: described["content-type"]!,
      attributes: write.attributes ?? {},
    };
  });
}

async function copyParts(
  target: S3Target,
  size_bytes: number,
  from: From,
  write: Write,
  locks: KeyedLock,
  whole_bytes_max: number,
): Promise<StoredObject> {
  const { endpoint, remote_key } = target;
  const part_bytes = Math.min(PART_BYTES, whole_bytes_max);
  const remote_id = await startUpload(target, write);
  try {
    const parts: DonePart[] = [];
    for (let start = 0; start < size_bytes; start += part_bytes) {
      const part_number = parts.length + 1;
      const last = Math.min(start + part_bytes, size_bytes) - 1;
      const { text } = await endpoint.sendForText({
        method: "PUT",
        key: remote_key,
        query: { partNumber: String(part_number), uploadId: remote_id },
        headers: { ...from, "x-amz-copy-source-range": `bytes=${start}-${last}` },
        timeout_ms: COPY_TIMEOUT_MS,
      });
      parts.push({ part_number, etag: readResultEtag(text, "CopyPartResult") });
    }
    return await completeUpload(target, { remote_id, size_bytes }, parts, write, locks);
  } catch (error) {
    await abortUpload(target, remote_id).catch(() => undefined);
    throw error;
  }
}
