// CompleteMultipartUpload: the parts in order, each as it was sent, become one object.
import type { PartInfo, UploadInfo } from "#contracts/storage.ts";
import {
  attributeOf,
  declaredChecksum,
  elementOf,
  joinChecksums,
  type ChecksumAlgorithm,
} from "./checksums.ts";
import { checksumElements, CHECKSUM_TYPE, type Attributes } from "./object-headers.ts";
import { quotedEtag, writeConditions } from "./s3-conditions.ts";
import { storing, type ObjectContext } from "./s3-context.ts";
import { S3Error } from "./s3-error.ts";
import { openBody, readBody } from "./incoming-body.ts";
import { slowAnswer } from "./slow-answer.ts";
import { checksumOfUpload, findUpload } from "./upload-operations.ts";
import { listOf, malformed, readXml, textOf, XML_BYTES_MAX, type XmlNode } from "./xml-reader.ts";
import { element, s3Document } from "./xml-writer.ts";

export async function completeUpload(context: ObjectContext): Promise<Response> {
  const { storage, call, at, bucket, key, headers } = context;
  const named = await readParts(context);
  const upload = await findUpload(context);
  const { upload_id } = upload;
  const present = await presentParts(context, upload_id);
  checkOrder(named);
  checkSize(headers, named, present);
  const attributes = checksumOf(context, upload, named, present);
  const parts = named.map(({ part_number, etag }) => ({ part_number, etag }));
  const conditions = writeConditions(headers);
  const work = storage
    .complete_upload({ ...at, upload_id, parts, ...conditions, attributes }, call)
    .then((object) => {
      context.uploads.forget(upload_id);
      return object;
    });
  return slowAnswer(context, storing(undefined, work), (object) =>
    s3Document("CompleteMultipartUploadResult", [
      element("Location", `${context.origin}${context.resource}`),
      element("Bucket", bucket),
      element("Key", key),
      element("ETag", object.etag),
      ...checksumElements(object.attributes),
    ]),
  );
}

interface NamedPart {
  readonly part_number: number;
  readonly etag: string;
  readonly node: XmlNode;
}

/**
 * Of this operation x-amz-checksum-… is the object's, not the body's: the body is checked by its
 * signature alone.
 */
async function readParts({ headers, body, signed }: ObjectContext): Promise<NamedPart[]> {
  const own = new Headers();
  for (const [name, value] of headers) {
    if (!name.startsWith("x-amz-checksum-")) own.set(name, value);
  }
  const bytes = await readBody(openBody({ headers: own, body, signed }), XML_BYTES_MAX);
  const nodes = listOf(readXml(bytes, "CompleteMultipartUpload"), "Part");
  if (nodes.length === 0 || nodes.length > 10_000) throw malformed();
  return nodes.map((node) => {
    const etag = textOf(node, "ETag")?.trim();
    const digits = textOf(node, "PartNumber")?.trim() ?? "";
    const part_number = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
    if (etag === undefined || etag === "") throw malformed();
    if (part_number < 1 || part_number > 10_000) {
      throw new S3Error("InvalidArgument", "PartNumber must be an integer between 1 and 10000");
    }
    return { part_number, etag: quotedEtag(etag), node };
  });
}

async function presentParts(
  { storage, call, at }: ObjectContext,
  upload_id: string,
): Promise<ReadonlyMap<number, PartInfo>> {
  const present = new Map<number, PartInfo>();
  for (let after_part: number | null = 0; after_part !== null;) {
    const page = await storage.parts({ ...at, upload_id, after_part }, call);
    for (const part of page.parts) present.set(part.part_number, part);
    after_part = page.next_after_part;
  }
  return present;
}

function checkOrder(named: readonly NamedPart[]): void {
  const wrong = named.some((one, at) => at > 0 && one.part_number <= named[at - 1]!.part_number);
  if (!wrong) return;
  throw new S3Error(
    "InvalidPartOrder",
    "The list of parts was not in ascending order. Parts must be ordered by part number.",
  );
}

function partOf(present: ReadonlyMap<number, PartInfo>, named: NamedPart): PartInfo {
  const part = present.get(named.part_number);
  if (part !== undefined && part.etag === named.etag) return part;
  throw invalidPart(named);
}

function invalidPart({ part_number, etag }: NamedPart): S3Error {
  return new S3Error(
    "InvalidPart",
    "One or more of the specified parts could not be found. The part may not have been " +
      "uploaded, or the specified entity tag may not match the part's entity tag.",
    { details: { PartNumber: String(part_number), ETag: etag } },
  );
}

function checkSize(
  headers: Headers,
  named: readonly NamedPart[],
  present: ReadonlyMap<number, PartInfo>,
): void {
  const said = headers.get("x-amz-mp-object-size");
  const size = named.reduce((sum, one) => sum + partOf(present, one).size_bytes, 0);
  if (said === null || Number(said) === size) return;
  throw new S3Error(
    "InvalidRequest",
    `The object has ${size} bytes, not the ${said} that were said.`,
  );
}

/** The attributes of the whole object's checksum, checked against what the request says of it. */
function checksumOf(
  context: ObjectContext,
  upload: UploadInfo,
  named: readonly NamedPart[],
  present: ReadonlyMap<number, PartInfo>,
): Attributes {
  const asked = checksumOfUpload(upload);
  if (asked === undefined) return {};
  const { algorithm, type } = asked;
  const parts = named.map((one) => ({
    value: partChecksum(context, upload.upload_id, algorithm, one, partOf(present, one)),
    size_bytes: partOf(present, one).size_bytes,
  }));
  const value = joinChecksums(algorithm, type, parts);
  const claimed = claimedChecksum(context.headers, algorithm);
  if (claimed !== undefined && claimed !== value && claimed !== value.split("-")[0]) {
    throw new S3Error(
      "BadDigest",
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return { [attributeOf(algorithm)]: value, [CHECKSUM_TYPE]: type };
}

/** What was kept with the part or seen as it came; else what the request says, as S3 wants it. */
function partChecksum(
  { uploads }: ObjectContext,
  upload_id: string,
  algorithm: ChecksumAlgorithm,
  named: NamedPart,
  part: PartInfo,
): string {
  const said = textOf(named.node, elementOf(algorithm));
  const late = uploads.checksum(upload_id, part.etag);
  const seen = late?.algorithm === algorithm ? late.value : undefined;
  const kept = part.attributes[attributeOf(algorithm)] ?? seen;
  if (kept !== undefined && said !== undefined && kept !== said) throw invalidPart(named);
  if (kept !== undefined || said !== undefined) return (kept ?? said)!;
  throw new S3Error(
    "InvalidRequest",
    `The upload was created using a ${algorithm} checksum. The complete request must include ` +
      `the checksum for each part. It was missing for part ${named.part_number} in the request.`,
  );
}

/** The object's checksum in the headers; a composite one ends in the number of parts. */
function claimedChecksum(headers: Headers, algorithm: ChecksumAlgorithm): string | undefined {
  const bare = new Headers();
  const name = `x-amz-checksum-${algorithm}`;
  const value = headers.get(name);
  if (value === null) return undefined;
  bare.set(name, value.replace(/-\d+$/, ""));
  declaredChecksum(bare);
  return value;
}
