// Which operation a request asks for: by method, by what it addresses, by words in its query.
import type { Scope } from "#kernel/call.ts";
import {
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from "./bucket-operations.ts";
import { completeUpload } from "./complete-upload.ts";
import { copyObject } from "./copy-object.ts";
import { deleteObject, deleteObjects } from "./delete-objects.ts";
import { getObject, getObjectAttributes, headObject } from "./get-object.ts";
import { listObjectsV1, listObjectsV2 } from "./list-objects.ts";
import { listParts, listUploads } from "./list-uploads.ts";
import { notImplemented } from "./object-headers.ts";
import { putObject } from "./put-object.ts";
import { writeScopeOf, type Address } from "./s3-address.ts";
import type { BucketContext, ObjectContext, S3Context } from "./s3-context.ts";
import { S3Error } from "./s3-error.ts";
import { abortUpload, createUpload, uploadPart, uploadPartCopy } from "./upload-operations.ts";

/** One operation, and at what level it stands. */
export type S3Operation =
  | { readonly level: "service"; run(context: S3Context): Promise<Response> }
  | { readonly level: "create_bucket" }
  | { readonly level: "bucket"; run(context: BucketContext): Promise<Response> }
  | { readonly level: "object"; run(context: ObjectContext): Promise<Response> };

export interface S3Request {
  readonly method: string;
  readonly params: URLSearchParams;
  readonly headers: Headers;
}

export interface Chosen {
  readonly operation: S3Operation;
  readonly scope: Scope;
}

/** `MethodNotAllowed` or `NotImplemented` for what this door does not do. */
export function chooseOperation(asked: S3Request, { bucket, key }: Address): Chosen {
  const reads = asked.method === "GET" || asked.method === "HEAD";
  if (bucket === undefined) {
    if (asked.method !== "GET") throw notAllowed(asked.method);
    return { operation: { level: "service", run: listBuckets }, scope: "read" };
  }
  refuseUnknown(asked.params, key === undefined ? BUCKET_WORDS : OBJECT_WORDS);
  if (key === undefined) {
    return { operation: bucketOperation(asked), scope: reads ? "read" : "write" };
  }
  const scope = reads ? "read" : writeScopeOf(key);
  return { operation: { level: "object", run: objectOperation(asked) }, scope };
}

function bucketOperation({ method, params }: S3Request): S3Operation {
  const run = (one: (context: BucketContext) => Promise<Response>): S3Operation => ({
    level: "bucket",
    run: one,
  });
  if (method === "GET") {
    if (params.has("location")) return run(getBucketLocation);
    if (params.has("versioning")) return run(getBucketVersioning);
    if (params.has("uploads")) return run(listUploads);
    return run(params.get("list-type") === "2" ? listObjectsV2 : listObjectsV1);
  }
  if (method === "HEAD") return run(headBucket);
  if (method === "PUT" && !params.has("versioning")) return { level: "create_bucket" };
  if (method === "PUT") throw notImplemented("versioning");
  if (method === "DELETE") return run(deleteBucket);
  if (method === "POST" && params.has("delete")) return run(deleteObjects);
  if (method === "POST") throw notImplemented("uploads by HTML form");
  throw notAllowed(method);
}

function objectOperation(asked: S3Request): (context: ObjectContext) => Promise<Response> {
  const { method, params, headers } = asked;
  const in_upload = params.has("uploadId");
  const copies = headers.has("x-amz-copy-source");
  if (method === "GET") {
    if (in_upload) return listParts;
    return params.has("attributes") ? getObjectAttributes : getObject;
  }
  if (method === "HEAD") return headObject;
  if (method === "PUT" && !in_upload && params.has("partNumber")) {
    // Taken for a whole object, a part whose upload was forgotten would replace it.
    throw new S3Error("InvalidArgument", "A partNumber needs the uploadId that it is a part of.");
  }
  if (method === "PUT" && in_upload) return copies ? uploadPartCopy : uploadPart;
  if (method === "PUT") return copies ? copyObject : putObject;
  if (method === "POST" && params.has("uploads")) return createUpload;
  if (method === "POST" && in_upload) return completeUpload;
  if (method === "DELETE") return in_upload ? abortUpload : deleteObject;
  throw notAllowed(method);
}

/** Words in the query that name operations of S3 which are not here. */
const BUCKET_WORDS: ReadonlySet<string> = new Set(
  (
    "acl policy policyStatus lifecycle cors website tagging encryption replication logging " +
    "notification requestPayment accelerate analytics inventory metrics intelligent-tiering " +
    "ownershipControls publicAccessBlock object-lock versions session metadataTable"
  ).split(" "),
);

const OBJECT_WORDS: ReadonlySet<string> = new Set(
  "acl tagging retention legal-hold torrent restore select renameObject append".split(" "),
);

function refuseUnknown(params: URLSearchParams, words: ReadonlySet<string>): void {
  for (const name of params.keys()) {
    if (words.has(name)) throw notImplemented(name);
  }
}

function notAllowed(method: string): S3Error {
  return new S3Error(
    "MethodNotAllowed",
    "The specified method is not allowed against this resource.",
    {
      details: { Method: method },
    },
  );
}
