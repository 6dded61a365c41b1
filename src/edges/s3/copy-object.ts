// CopyObject: inside the house, under conditions on the source.
import type { ObjectInfo } from "#contracts/storage.ts";
import { keptHeaders, onlyChecksums, checksumElements } from "./object-headers.ts";
import { slowAnswer } from "./slow-answer.ts";
import { allows } from "./s3-caller.ts";
import { copySourceOf } from "./s3-address.ts";
import { conditionFailed, judge, writeConditions } from "./s3-conditions.ts";
import { storing, type ObjectContext } from "./s3-context.ts";
import { S3Error } from "./s3-error.ts";
import { element, s3Document } from "./xml-writer.ts";

const SOURCE = "x-amz-copy-source";

export async function copyObject(context: ObjectContext): Promise<Response> {
  const { storage, call, at, key, headers } = context;
  const source = await findSource(context);
  const kept = keptHeaders(headers);
  const replace = directiveOf(headers) === "REPLACE";
  const onto_itself = source.at.bucket === at.bucket && source.object.key === key;
  if (onto_itself && !replace) {
    throw new S3Error(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without " +
        "changing the object's metadata.",
    );
  }
  const attributes = { ...onlyChecksums(source.object.attributes), ...kept.attributes };
  const { content_type = "binary/octet-stream" } = kept;
  const { bucket: from_bucket } = source.at;
  const work = storage.copy(
    {
      ...at,
      key,
      from_key: source.object.key,
      ...(from_bucket === undefined ? {} : { from_bucket }),
      if_source_match: source.object.etag,
      ...writeConditions(headers),
      ...(replace ? { content_type, attributes } : {}),
    },
    call,
  );
  return slowAnswer(context, storing(undefined, work), (object) =>
    s3Document("CopyObjectResult", copyResult(object)),
  );
}

export function copyResult(object: Pick<ObjectInfo, "etag" | "modified_at" | "attributes">) {
  return [
    element("LastModified", object.modified_at),
    element("ETag", object.etag),
    ...checksumElements(object.attributes),
  ];
}

/** The source as it is now, when its conditions hold and the caller may read. */
export async function findSource(
  context: ObjectContext,
): Promise<{ object: ObjectInfo; at: { bucket?: string } }> {
  const { storage, call, headers, principal } = context;
  if (!allows(principal, "read")) {
    throw new S3Error("AccessDenied", "Access Denied: the key lacks the scope read");
  }
  const { bucket, key } = copySourceOf(headers.get(SOURCE) ?? "");
  const at = await context.storeBucket(bucket);
  const object = await storage.head({ ...at, key }, call);
  if (judge(headers, object, `${SOURCE}-`) !== "holds") throw conditionFailed(SOURCE);
  return { object, at };
}

function directiveOf(headers: Headers): string {
  if (headers.get("x-amz-tagging-directive") === "REPLACE") {
    throw new S3Error("NotImplemented", "Objects have no tags here.");
  }
  const directive = headers.get("x-amz-metadata-directive") ?? "COPY";
  if (directive === "COPY" || directive === "REPLACE") return directive;
  throw new S3Error("InvalidArgument", "Unknown metadata directive.");
}
