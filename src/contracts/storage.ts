// storage: objects by key, on disk or elsewhere, streamed and durable.
import { z } from "zod";
import { bytes, defineContract, read, write } from "#kernel/contract.ts";
import { count, page, time } from "./nouns.ts";

const key = z
  .string()
  .min(1)
  .max(1024)
  .describe("object key; / separates parts, no part is . or ..");

const bucket = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket is 3 to 63 of a-z, 0-9, . and -")
  .optional()
  .describe("a bucket of [storage.buckets]; absent: the main one");

/** What a writer wants kept beside the bytes: `meta-*` of its own, `cache-control`, checksums … */
const attributes = z
  .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/), z.string().max(2048))
  .describe("kept beside the bytes: meta-*, cache-control, content-encoding, checksum-crc32 …");

export const objectInfo = z.strictObject({
  key: z.string(),
  size_bytes: count,
  etag: z.string(),
  modified_at: time,
  content_type: z.string(),
  attributes: attributes.default({}),
});
export type ObjectInfo = z.output<typeof objectInfo>;

const rawHeaders = {
  etag: "etag",
  content_type: "content-type",
  size_bytes: "x-lakehouse-size",
  content_range: "content-range",
  modified_at: "x-lakehouse-modified-at",
  attributes: "x-lakehouse-attributes",
};

/** As a header an object travels as JSON. */
const headerRecord = z.union([
  attributes,
  z.string().transform((text, context): Record<string, string> => {
    try {
      return attributes.parse(JSON.parse(text));
    } catch {
      context.addIssue("not a JSON object of texts");
      return z.NEVER;
    }
  }),
]);

const putConditions = {
  if_none_match: z.literal("*").optional().describe("only when there is no such object"),
  if_match: z.string().optional().describe("only when the present etag is this one"),
};

const contentType = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[\x20-\x7e]+$/)
  .optional()
  .describe("absent: from the ending of the key, e.g. .parquet, .json");

const uploadId = z.string().regex(/^[0-9a-f-]{36}$/);

const partInfo = z.strictObject({
  part_number: z.int().min(1).max(10_000),
  etag: z.string(),
  size_bytes: count,
  modified_at: time,
  attributes: attributes.default({}),
});
export type PartInfo = z.output<typeof partInfo>;

const uploadInfo = z.strictObject({
  upload_id: z.string(),
  key: z.string(),
  started_at: time,
  content_type: z.string().optional(),
  attributes: attributes.default({}),
});
export type UploadInfo = z.output<typeof uploadInfo>;

const REFUSED_PUT = [
  "object_exists",
  "etag_differs",
  "over_prefix_cap",
  "storage_full",
  "bad_key",
  "no_such_bucket",
];

/** Objects that other services keep here: only their owners and admins write them. */
const KEPT_BY_SERVICES = /^\/storage\/objects\/+(datasets|_catalog|_vectors|_rejects)(\/|$)/i;

export const storage = defineContract("storage", "Objects by key, streamed and durable.", {
  get: bytes({
    summary: "The bytes of an object, or a range of them.",
    http: "GET /storage/objects/{key...}",
    scope: "read",
    input: z.strictObject({
      key,
      bucket,
      range: z.string().optional().describe("HTTP Range, e.g. bytes=0-99"),
      if_none_match: z.string().optional(),
    }),
    output: z.strictObject({
      status: z.union([z.literal(200), z.literal(206), z.literal(304)]),
      etag: z.string(),
      content_type: z.string(),
      size_bytes: z.coerce.number().describe("size of the whole object"),
      content_range: z.string().optional(),
      modified_at: time,
      attributes: headerRecord.default({}),
    }),
    request_body: "json",
    response_body: "raw",
    request_headers: { range: "range", if_none_match: "if-none-match" },
    response_headers: rawHeaders,
    reasons: ["no_such_object", "range_not_satisfiable", "bad_key", "no_such_bucket"],
  }),
  head: read({
    summary: "What is known of an object, without its bytes.",
    http: "GET /storage/info/{key...}",
    input: z.strictObject({ key, bucket }),
    output: objectInfo,
    reasons: ["no_such_object", "bad_key", "no_such_bucket"],
  }),
  put: bytes({
    summary: "Stores an object; atomic and durable, optionally only if absent or unchanged.",
    http: "PUT /storage/objects/{key...}",
    admin_paths: KEPT_BY_SERVICES,
    input: z.strictObject({
      key,
      bucket,
      content_type: contentType,
      ...putConditions,
      content_length: z.coerce.number().int().min(0).optional(),
      attributes: headerRecord.default({}),
    }),
    output: objectInfo,
    request_body: "raw",
    response_body: "json",
    request_headers: {
      content_type: "content-type",
      if_none_match: "if-none-match",
      if_match: "if-match",
      content_length: "content-length",
      attributes: "x-lakehouse-attributes",
    },
    reasons: [...REFUSED_PUT, "length_differs"],
  }),
  copy: write({
    summary: "Copies an object inside the house, also between buckets.",
    http: "POST /storage/copy",
    scope: "admin",
    input: z.strictObject({
      from_key: key,
      from_bucket: bucket,
      if_source_match: z.string().optional().describe("only when the source's etag is this one"),
      key,
      bucket,
      ...putConditions,
      content_type: contentType.describe("absent: the source's"),
      attributes: attributes.optional().describe("absent: the source's"),
    }),
    output: objectInfo,
    timeout_ms: 3_600_000,
    reasons: [...REFUSED_PUT, "no_such_object"],
  }),
  start_upload: write({
    summary: "Begins an upload in parts; nothing is visible until it is completed.",
    http: "POST /storage/uploads",
    scope: "admin",
    input: z.strictObject({
      key,
      bucket,
      content_type: contentType,
      attributes: attributes.default({}),
    }),
    output: uploadInfo,
    reasons: ["bad_key", "no_such_bucket"],
  }),
  put_part: bytes({
    summary: "Stores one part of an upload; the same number again replaces it.",
    http: "PUT /storage/uploads/{upload_id}/parts/{part_number}",
    scope: "admin",
    input: z.strictObject({
      upload_id: uploadId,
      bucket,
      part_number: z.coerce.number().int().min(1).max(10_000),
      content_length: z.coerce.number().int().min(0).optional(),
      attributes: headerRecord.default({}),
    }),
    output: partInfo,
    request_body: "raw",
    response_body: "json",
    request_headers: {
      content_length: "content-length",
      attributes: "x-lakehouse-attributes",
    },
    timeout_ms: 3_600_000,
    reasons: [
      "no_such_upload",
      "over_prefix_cap",
      "length_differs",
      "storage_full",
      "no_such_bucket",
    ],
  }),
  complete_upload: write({
    summary: "Makes the named parts, in order, one object; atomic and durable.",
    http: "POST /storage/uploads/{upload_id}/complete",
    scope: "admin",
    input: z.strictObject({
      upload_id: uploadId,
      bucket,
      parts: z
        .array(z.strictObject({ part_number: z.int().min(1).max(10_000), etag: z.string() }))
        .min(1)
        .max(10_000),
      ...putConditions,
      attributes: attributes.optional().describe("laid over those given at the start"),
    }),
    output: objectInfo,
    timeout_ms: 3_600_000,
    reasons: [...REFUSED_PUT, "no_such_upload", "bad_part", "bad_part_order", "part_too_small"],
  }),
  abort_upload: write({
    summary: "Gives an upload up and removes its parts.",
    http: "DELETE /storage/uploads/{upload_id}",
    scope: "admin",
    input: z.strictObject({ upload_id: uploadId, bucket }),
    output: z.strictObject({ aborted: z.boolean() }),
    reasons: ["no_such_bucket"],
  }),
  parts: read({
    summary: "The upload and the parts that it has so far.",
    http: "GET /storage/uploads/{upload_id}",
    scope: "admin",
    input: z.strictObject({
      upload_id: uploadId,
      bucket,
      after_part: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(1000).default(1000),
    }),
    output: z.strictObject({
      upload: uploadInfo,
      parts: z.array(partInfo),
      next_after_part: count.nullable(),
    }),
    reasons: ["no_such_upload", "no_such_bucket"],
  }),
  uploads: read({
    summary: "Uploads that are neither completed nor given up, in order of key.",
    http: "GET /storage/uploads",
    scope: "admin",
    input: z.strictObject({ bucket, prefix: z.string().default("") }),
    output: z.strictObject({ uploads: z.array(uploadInfo) }),
    reasons: ["no_such_bucket"],
  }),
  buckets: read({
    summary: "The buckets, the main one first, and where each keeps its objects.",
    http: "GET /storage/buckets",
    input: z.strictObject({}),
    output: z.strictObject({
      buckets: z.array(
        z.strictObject({
          name: z.string(),
          main: z.boolean(),
          backend: z.enum(["disk", "s3"]),
          created_at: time,
        }),
      ),
    }),
  }),
  remove: write({
    summary: "Deletes an object; says whether there was one.",
    http: "DELETE /storage/objects/{key...}",
    admin_paths: KEPT_BY_SERVICES,
    input: z.strictObject({
      key,
      bucket,
      if_match: z.string().optional().describe("only when the present etag is this one"),
    }),
    output: z.strictObject({ removed: z.boolean() }),
    request_headers: { if_match: "if-match" },
    reasons: ["bad_key", "etag_differs", "no_such_bucket"],
  }),
  list: read({
    summary: "Objects whose keys start with a prefix, in key order, page by page.",
    http: "GET /storage/objects",
    input: z.strictObject({
      bucket,
      prefix: z.string().default(""),
      delimiter: z.string().min(1).max(64).optional(),
      ...page,
    }),
    output: z.strictObject({
      objects: z.array(objectInfo),
      prefixes: z.array(z.string()),
      next_after: z.string().nullable(),
    }),
    reasons: ["no_such_bucket"],
  }),
  locate: read({
    summary: "Where an engine on this machine can read an object by itself.",
    http: "GET /storage/locate/{key...}",
    scope: "admin",
    input: z.strictObject({ key, bucket }),
    output: z.strictObject({ uri: z.string(), size_bytes: count }),
    reasons: ["no_such_object", "bad_key", "no_such_bucket"],
    witnessed: false,
  }),
  locate_many: read({
    summary: "Where an engine on this machine can read immutable objects, many at once.",
    http: "POST /storage/locate-many",
    scope: "admin",
    input: z.strictObject({ keys: z.array(key).max(1_000_000), bucket }),
    output: z.strictObject({
      uris: z
        .array(z.string())
        .describe("in order; on disk without a look whether each is there, else a local copy"),
      missing_keys: z.array(z.string()),
    }),
    reasons: ["bad_key", "no_such_bucket"],
    timeout_ms: 3_600_000,
    body_bytes_max: 64 * 1024 * 1024,
    witnessed: false,
  }),
  stage: write({
    summary: "A fresh path to write a large result to, before it is adopted under a key.",
    http: "POST /storage/stage",
    scope: "admin",
    input: z.strictObject({ bucket }),
    output: z.strictObject({ path: z.string() }),
    reasons: ["no_such_bucket"],
    witnessed: false,
  }),
  adopt: write({
    summary: "Makes a staged file an object without copying it; an object of that key is kept.",
    http: "POST /storage/adopt",
    scope: "admin",
    input: z.strictObject({ key, bucket, path: z.string() }),
    output: z.strictObject({ object: objectInfo, existed: z.boolean() }),
    reasons: ["not_staged", "storage_full", "bad_key", "no_such_bucket"],
  }),
});
