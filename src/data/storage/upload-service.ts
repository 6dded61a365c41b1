// Uploads in parts: the rules that stand above the store (caps, order and least size of parts).
import type { Call } from "#kernel/call.ts";
import type { Handlers } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { storage } from "#contracts/storage.ts";
import type { ObjectStore, Upload, UploadPart } from "#ports/object-store.ts";
import { guardBody } from "./put-body.ts";
import { capOf, overCap, underCap } from "./size-caps.ts";
import { storeOf, type Buckets } from "./storage-buckets.ts";
import type { StorageSettings } from "./storage-settings.ts";

type UploadOperation =
  | "start_upload"
  | "put_part"
  | "complete_upload"
  | "abort_upload"
  | "parts"
  | "uploads";

type UploadHandlers = Pick<Handlers<typeof storage>, UploadOperation>;

export function uploadHandlers(buckets: Buckets, settings: StorageSettings): UploadHandlers {
  return {
    async start_upload({ key, bucket, content_type, attributes }) {
      const store = storeOf(buckets, bucket);
      const type = content_type === undefined ? {} : { content_type };
      return described(await store.uploads.start(key, { ...type, attributes }));
    },
    put_part: (input, call) => putPart(storeOf(buckets, input.bucket), input, call, settings),
    async complete_upload(input) {
      const store = storeOf(buckets, input.bucket);
      const { upload, parts } = await found(store, input.upload_id);
      checkParts(input.parts, parts, settings.part_bytes_min);
      const bytes_max = capOf(settings, upload.key);
      const done = store.uploads.complete(input.upload_id, input.parts, {
        bytes_max,
        ...(input.if_none_match === undefined ? {} : { if_absent: true }),
        ...(input.if_match === undefined ? {} : { if_match: input.if_match }),
        ...(input.attributes === undefined ? {} : { attributes: input.attributes }),
      });
      const object = await underCap(upload.key, bytes_max, done);
      return { ...object, attributes: { ...object.attributes } };
    },
    async abort_upload({ upload_id, bucket }) {
      return { aborted: await storeOf(buckets, bucket).uploads.abort(upload_id) };
    },
    async parts({ upload_id, bucket, after_part, limit }) {
      const store = storeOf(buckets, bucket);
      const { upload, parts } = await found(store, upload_id, { after_part, limit: limit + 1 });
      const page = parts.slice(0, limit);
      return {
        upload: described(upload),
        parts: page.map(describedPart),
        next_after_part: parts.length > limit ? page.at(-1)!.part_number : null,
      };
    },
    async uploads({ bucket, prefix }) {
      const uploads = await storeOf(buckets, bucket).uploads.list(prefix);
      return { uploads: uploads.map(described) };
    },
  };
}

type PartInput = Parameters<UploadHandlers["put_part"]>[0];

async function putPart(
  store: ObjectStore,
  input: PartInput,
  call: Call,
  settings: StorageSettings,
): Promise<ReturnType<typeof describedPart>> {
  const { upload_id, part_number, content_length, attributes } = input;
  const { key } = (await found(store, upload_id, { limit: 0 })).upload;
  const bytes_max = capOf(settings, key);
  if (content_length !== undefined && content_length > bytes_max) throw overCap(key, bytes_max);
  const body = guardBody(input.body, content_length, call);
  const put = store.uploads.putPart(upload_id, part_number, body, { bytes_max, attributes });
  return describedPart(await underCap(key, bytes_max, put));
}

async function found(
  store: ObjectStore,
  upload_id: string,
  page?: { after_part?: number; limit: number },
) {
  const one = await store.uploads.find(upload_id, page);
  if (one !== undefined) return one;
  throw new LakehouseError("not_found", `there is no upload ${upload_id}`, {
    reason: "no_such_upload",
    hint: "it was completed or given up, or it is of another bucket",
  });
}

/** Every named part is there with its etag, in rising order, and large enough unless the last. */
function checkParts(
  named: readonly { part_number: number; etag: string }[],
  present: readonly UploadPart[],
  part_bytes_min: number,
): void {
  for (const [at, { part_number }] of named.entries()) {
    const before = named[at - 1]?.part_number ?? 0;
    if (part_number > before) continue;
    const message = `part ${part_number} stands after part ${before}`;
    throw new LakehouseError("invalid", message, {
      reason: "bad_part_order",
      hint: "name the parts in rising order, each once",
    });
  }
  const by_number = new Map(present.map((part) => [part.part_number, part]));
  for (const [at, { part_number, etag }] of named.entries()) {
    const part = by_number.get(part_number);
    if (part === undefined || part.etag !== etag) {
      const why = part === undefined ? "is not there" : `has the etag ${part.etag}, not ${etag}`;
      throw new LakehouseError("invalid", `part ${part_number} ${why}`, { reason: "bad_part" });
    }
    if (part.size_bytes < part_bytes_min && at < named.length - 1) {
      const message = `part ${part_number} has ${part.size_bytes} bytes, fewer than allowed`;
      throw new LakehouseError("invalid", message, {
        reason: "part_too_small",
        hint: `all parts but the last have at least ${part_bytes_min} bytes`,
        extra: { part_number, size_bytes: part.size_bytes, part_bytes_min },
      });
    }
  }
}

function described(upload: Upload) {
  const { upload_id, key, started_at, content_type } = upload;
  const type = content_type === undefined ? {} : { content_type };
  return { upload_id, key, started_at, ...type, attributes: { ...upload.attributes } };
}

function describedPart(part: UploadPart) {
  return { ...part, attributes: { ...part.attributes } };
}
