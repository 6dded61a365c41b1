// Buckets: they stand in the settings, so that clients can find them but not make or remove them.
import { xmlResponse, type BucketContext, type S3Context } from "./s3-context.ts";
import { S3Error } from "./s3-error.ts";
import { element, s3Document } from "./xml-writer.ts";

export async function listBuckets({ storage, call }: S3Context): Promise<Response> {
  const { buckets } = await storage.buckets({}, call);
  const listed = buckets.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return xmlResponse(
    s3Document("ListAllMyBucketsResult", [
      element(
        "Buckets",
        listed.map(({ name, created_at }) =>
          element("Bucket", [element("Name", name), element("CreationDate", created_at)]),
        ),
      ),
      element("Owner", [element("ID", "lakehouse"), element("DisplayName", "lakehouse")]),
    ]),
  );
}

const REGION = "us-east-1";

export async function headBucket(_context: BucketContext): Promise<Response> {
  return new Response(null, { headers: { "x-amz-bucket-region": REGION } });
}

/** An empty location is S3's way to say us-east-1. */
export async function getBucketLocation(_context: BucketContext): Promise<Response> {
  return xmlResponse(s3Document("LocationConstraint", []));
}

/** Never switched on. */
export async function getBucketVersioning(_context: BucketContext): Promise<Response> {
  return xmlResponse(s3Document("VersioningConfiguration", []));
}

export async function createBucket(context: S3Context, bucket: string): Promise<Response> {
  const { buckets } = await context.storage.buckets({}, context.call);
  if (buckets.some(({ name }) => name === bucket)) {
    throw new S3Error(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      { details: { BucketName: bucket } },
    );
  }
  throw new S3Error(
    "NotImplemented",
    `Buckets are configured: add [storage.buckets.${bucket}] to lakehouse.toml.`,
  );
}

export async function deleteBucket({ bucket }: BucketContext): Promise<Response> {
  throw new S3Error(
    "NotImplemented",
    `Buckets are configured: take ${bucket} out of lakehouse.toml; its objects stay.`,
  );
}
