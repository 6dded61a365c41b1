// storage: objects by key, on disk or elsewhere, streamed and durable.
import { z } from "zod";
import { bytes, defineContract, read, write } from "#kernel/contract.ts";
import { count, page, time } from "./nouns.ts";

const key = z
  .string()
  .min(1)
  .max(1024)
  .describe("object key; / separates parts, no part is . or ..");

export const objectInfo = z.strictObject({
  key: z.string(),
  size_bytes: count,
  etag: z.string(),
  modified_at: time,
  content_type: z.string(),
});
export type ObjectInfo = z.output<typeof objectInfo>;

const rawHeaders = {
  etag: "etag",
  content_type: "content-type",
  size_bytes: "x-lakehouse-size",
  content_range: "content-range",
  modified_at: "x-lakehouse-modified-at",
};

/** Objects that other services keep here: only their owners and admins write them. */
const KEPT_BY_SERVICES = /^\/storage\/objects\/+(datasets|_catalog|_vectors|_rejects)\//i;

export const storage = defineContract("storage", "Objects by key, streamed and durable.", {
  get: bytes({
    summary: "The bytes of an object, or a range of them.",
    http: "GET /storage/objects/{key...}",
    scope: "read",
    input: z.strictObject({
      key,
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
    }),
    request_body: "json",
    response_body: "raw",
    request_headers: { range: "range", if_none_match: "if-none-match" },
    response_headers: rawHeaders,
    reasons: ["no_such_object", "range_not_satisfiable", "bad_key"],
  }),
  head: read({
    summary: "What is known of an object, without its bytes.",
    http: "GET /storage/info/{key...}",
    input: z.strictObject({ key }),
    output: objectInfo,
    reasons: ["no_such_object", "bad_key"],
  }),
  put: bytes({
    summary: "Stores an object; atomic and durable, optionally only if absent or unchanged.",
    http: "PUT /storage/objects/{key...}",
    admin_paths: KEPT_BY_SERVICES,
    input: z.strictObject({
      key,
      content_type: z
        .string()
        .min(1)
        .max(256)
        .regex(/^[\x20-\x7e]+$/)
        .optional()
        .describe("absent: from the ending of the key, e.g. .parquet, .json"),
      if_none_match: z.literal("*").optional().describe("only when there is no such object"),
      if_match: z.string().optional().describe("only when the present etag is this one"),
      content_length: z.coerce.number().int().min(0).optional(),
    }),
    output: objectInfo,
    request_body: "raw",
    response_body: "json",
    request_headers: {
      content_type: "content-type",
      if_none_match: "if-none-match",
      if_match: "if-match",
      content_length: "content-length",
    },
    reasons: [
      "object_exists",
      "etag_differs",
      "over_prefix_cap",
      "length_differs",
      "storage_full",
      "bad_key",
    ],
  }),
  remove: write({
    summary: "Deletes an object; says whether there was one.",
    http: "DELETE /storage/objects/{key...}",
    admin_paths: KEPT_BY_SERVICES,
    input: z.strictObject({ key }),
    output: z.strictObject({ removed: z.boolean() }),
    reasons: ["bad_key"],
  }),
  list: read({
    summary: "Objects whose keys start with a prefix, in key order, page by page.",
    http: "GET /storage/objects",
    input: z.strictObject({
      prefix: z.string().default(""),
      delimiter: z.string().length(1).optional(),
      ...page,
    }),
    output: z.strictObject({
      objects: z.array(objectInfo),
      prefixes: z.array(z.string()),
      next_after: z.string().nullable(),
    }),
  }),
  locate: read({
    summary: "Where an engine on this machine can read an object by itself.",
    http: "GET /storage/locate/{key...}",
    scope: "admin",
    input: z.strictObject({ key }),
    output: z.strictObject({ uri: z.string(), size_bytes: count }),
    reasons: ["no_such_object", "bad_key"],
    witnessed: false,
  }),
  stage: write({
    summary: "A fresh path to write a large result to, before it is adopted under a key.",
    http: "POST /storage/stage",
    scope: "admin",
    input: z.strictObject({}),
    output: z.strictObject({ path: z.string() }),
    witnessed: false,
  }),
  adopt: write({
    summary: "Makes a staged file an object without copying it; an object of that key is kept.",
    http: "POST /storage/adopt",
    scope: "admin",
    input: z.strictObject({ key, path: z.string() }),
    output: z.strictObject({ object: objectInfo, existed: z.boolean() }),
    reasons: ["not_staged", "over_prefix_cap", "storage_full", "bad_key"],
  }),
});
