// Settings of storage: caps, buckets and where each keeps its objects.
import { z } from "zod";
import { secretReference } from "#kernel/secret-reference.ts";

const MIB = 1024 * 1024;

/** S3's own rules for names, so that every bucket can be reached through the S3 door. */
const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket is 3 to 63 of a-z, 0-9, . and -");

const reference = secretReference.default("").describe("reference: env:NAME or file:/path");

export const bucketSettings = z
  .strictObject({
    backend: z.enum(["disk", "s3"]).default("disk").describe("where the objects are kept"),
    path: z
      .string()
      .default("")
      .describe("disk: folder; relative to buckets/ of the data folder; empty: the bucket's name"),
    endpoint: z
      .string()
      .default("")
      .describe("s3: http(s)://host[:port], without a path")
      .refine((text) => text === "" || isOrigin(text), "must be http(s)://host[:port]"),
    region: z.string().min(1).default("us-east-1"),
    bucket: z.string().default("").describe("s3: its name there; empty: the same name"),
    prefix: z
      .string()
      .default("")
      .describe("s3: put before every key, e.g. lake/")
      .refine((text) => text === "" || /^[^/].*\/$/.test(text), "ends in / and starts without"),
    access_key: reference,
    secret_key: reference,
    session_token: reference,
    path_style: z.boolean().default(true).describe("s3: false puts the bucket before the host"),
    cache_mb: z
      .int()
      .min(1)
      .default(10_240)
      .describe("s3: local copies for engines; those unused longest go first"),
    timeout_ms: z.int().min(1).default(60_000).describe("s3: for an answer to begin or go on"),
  })
  .refine((one) => one.backend === "disk" || one.endpoint !== "", {
    path: ["endpoint"],
    message: "a bucket on s3 needs its endpoint",
  });
export type BucketSettings = z.output<typeof bucketSettings>;

const S3_BUCKET = {
  backend: "s3",
  endpoint: "https://s3.example.com",
  bucket: "lake-archive",
  access_key: "env:S3_ACCESS_KEY",
  secret_key: "env:S3_SECRET_KEY",
};

export const storageSettings = z.strictObject({
  /** Largest object under each prefix, in bytes; the longest prefix that fits decides. */
  caps: z
    .record(z.string(), z.int().min(1))
    .default({ "_vectors/": 4096 * MIB })
    .describe("largest object in bytes under each prefix; the longest that fits decides"),
  object_bytes_max: z
    .int()
    .min(1)
    .default(256 * MIB)
    .describe("largest object in bytes under any other prefix"),
  part_bytes_min: z
    .int()
    .min(1)
    .default(5 * MIB)
    .describe("smallest part of an upload, but for the last one"),
  main_bucket: bucketName
    .default("lakehouse")
    .describe("meant when no bucket is said; on disk unless [storage.buckets.<name>] says s3"),
  buckets: z
    .record(bucketName, bucketSettings)
    .default({})
    .describe("more buckets: [storage.buckets.<name>] with backend, path, endpoint …")
    .meta({ examples: [{ archive: S3_BUCKET }] }),
});
export type StorageSettings = z.output<typeof storageSettings>;

function isOrigin(text: string): boolean {
  try {
    const url = new URL(text);
    const plain = url.pathname === "/" && url.search === "" && url.username === "";
    return plain && (url.protocol === "http:" || url.protocol === "https:");
  } catch {
    return false;
  }
}
