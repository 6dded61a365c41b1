// PutObject: kept only when length, hashes, checksums and conditions are right.
import type { ByteStream } from "#kernel/contract.ts";
import { readBody, type IncomingBody } from "./incoming-body.ts";
import {
  checksumAttributes,
  checksumHeaders,
  keptHeaders,
  type Attributes,
} from "./object-headers.ts";
import { writeConditions } from "./s3-conditions.ts";
import { bodyOf, storing, type ObjectContext } from "./s3-context.ts";

/** Bodies up to this size whose checksum comes after them are held until it has come. */
export const HELD_BYTES_MAX = 1024 * 1024;

export async function putObject(context: ObjectContext): Promise<Response> {
  const kept = keptHeaders(context.headers);
  const conditions = writeConditions(context.headers);
  const body = bodyOf(context);
  const { etag, attributes } = await storing(body, store(context, body, kept, conditions));
  return new Response(null, { headers: { etag, ...checksumHeaders(attributes) } });
}

type Kept = ReturnType<typeof keptHeaders>;
type Conditions = ReturnType<typeof writeConditions>;

async function store(
  context: ObjectContext,
  body: IncomingBody,
  kept: Kept,
  conditions: Conditions,
): Promise<{ etag: string; attributes: Attributes }> {
  const { storage, call, at, key } = context;
  if (body.late && (body.size_bytes ?? Infinity) > HELD_BYTES_MAX) {
    return storeLate(context, body, kept, conditions);
  }
  const { bytes, attributes } = await withChecksum(body);
  const input = { ...at, key, ...kept, ...conditions, ...lengthOf(body), body: bytes };
  return storage.put({ ...input, attributes: { ...kept.attributes, ...attributes } }, call);
}

/** The bytes and the attributes of their checksum; a small body is read to learn a late one. */
export async function withChecksum(
  body: IncomingBody,
): Promise<{ bytes: ByteStream; attributes: Attributes }> {
  if (!body.late || (body.size_bytes ?? Infinity) > HELD_BYTES_MAX) {
    return { bytes: body.bytes, attributes: checksumAttributes(body.declared) };
  }
  const held = await readBody(body, HELD_BYTES_MAX);
  const bytes = (async function* () {
    if (held.length > 0) yield held;
  })();
  return { bytes, attributes: checksumAttributes(body.checksum()) };
}

export function lengthOf({ size_bytes }: IncomingBody): { content_length?: number } {
  return size_bytes === undefined ? {} : { content_length: size_bytes };
}

/**
 * A large object whose checksum comes after its bytes: attributes are given with the first byte of
 * a put, but laid over an upload when it is completed. So it is an upload of one part.
 */
async function storeLate(
  { storage, call, at, key }: ObjectContext,
  body: IncomingBody,
  kept: Kept,
  conditions: Conditions,
): Promise<{ etag: string; attributes: Attributes }> {
  const { upload_id } = await storage.start_upload({ ...at, key, ...kept }, call);
  const upload = { ...at, upload_id };
  try {
    const { etag } = await storage.put_part(
      { ...upload, part_number: 1, ...lengthOf(body), body: body.bytes },
      call,
    );
    const attributes = checksumAttributes(body.checksum());
    const parts = [{ part_number: 1, etag }];
    return await storage.complete_upload({ ...upload, parts, ...conditions, attributes }, call);
  } catch (error) {
    // Without the call: its caller may have left, and the parts must go all the same.
    await storage.abort_upload(upload).catch(() => undefined);
    throw error;
  }
}
