// Uploads in parts: begin, parts sent or copied, give up.
import type { PartInfo, UploadInfo } from "#contracts/storage.ts";
import type { ByteStream } from "#kernel/contract.ts";
import {
  algorithmNamed,
  checksumTypeFor,
  createChecksummer,
  type ChecksumAlgorithm,
  type Checksummer,
  type ChecksumType,
} from "./checksums.ts";
import { copyResult, findSource } from "./copy-object.ts";
import {
  checksumAttributes,
  checksumHeaders,
  CHECKSUM_TYPE,
  keptHeaders,
} from "./object-headers.ts";
import { lengthOf, withChecksum } from "./put-object.ts";
import { bodyOf, numberParam, storing, xmlResponse, type ObjectContext } from "./s3-context.ts";
import { S3Error } from "./s3-error.ts";
import { slowAnswer } from "./slow-answer.ts";
import { element, s3Document } from "./xml-writer.ts";

export const CHECKSUM_ALGORITHM = "checksum-algorithm";

export async function createUpload(context: ObjectContext): Promise<Response> {
  const { storage, call, at, bucket, key, headers } = context;
  const kept = keptHeaders(headers);
  const sums = askedChecksum(headers);
  const attributes = { ...kept.attributes, ...sums.attributes };
  const upload = await storage.start_upload({ ...at, key, ...kept, attributes }, call);
  context.uploads.keepUpload(upload);
  return xmlResponse(
    s3Document("InitiateMultipartUploadResult", [
      element("Bucket", bucket),
      element("Key", key),
      element("UploadId", upload.upload_id),
    ]),
    sums.headers,
  );
}

function askedChecksum(headers: Headers) {
  const name = headers.get("x-amz-checksum-algorithm");
  if (name === null) return { attributes: {}, headers: {} };
  const algorithm = algorithmNamed(name);
  const type = checksumTypeFor(algorithm, headers.get("x-amz-checksum-type") ?? undefined);
  return {
    attributes: { [CHECKSUM_ALGORITHM]: algorithm, [CHECKSUM_TYPE]: type },
    headers: {
      "x-amz-checksum-algorithm": algorithm.toUpperCase(),
      "x-amz-checksum-type": type,
    },
  };
}

/** The checksum that an upload was begun with. */
export function checksumOfUpload(
  upload: UploadInfo,
): { algorithm: ChecksumAlgorithm; type: ChecksumType } | undefined {
  const name = upload.attributes[CHECKSUM_ALGORITHM];
  if (name === undefined) return undefined;
  const algorithm = algorithmNamed(name);
  return { algorithm, type: checksumTypeFor(algorithm, upload.attributes[CHECKSUM_TYPE]) };
}

/** The upload that a request names; `NoSuchUpload` also when it is of another key. */
export async function findUpload(context: ObjectContext): Promise<UploadInfo> {
  const { storage, call, at, key, params, uploads } = context;
  const upload_id = params.get("uploadId") ?? "";
  if (!/^[0-9a-f-]{36}$/.test(upload_id)) throw noSuchUpload();
  const known = uploads.upload(upload_id);
  const upload = known ?? (await storage.parts({ ...at, upload_id, limit: 1 }, call)).upload;
  if (upload.key !== key) throw noSuchUpload();
  uploads.keepUpload(upload);
  return upload;
}

export function noSuchUpload(): S3Error {
  return new S3Error(
    "NoSuchUpload",
    "The specified multipart upload does not exist. The upload ID might be invalid, or the " +
      "multipart upload might have been aborted or completed.",
  );
}

const PARTS_MAX = 10_000;

function partNumber({ params }: ObjectContext): number {
  return numberParam(params, "partNumber", { standard: 0, min: 1, max: PARTS_MAX });
}

export async function uploadPart(context: ObjectContext): Promise<Response> {
  const part_number = partNumber(context);
  const upload = await findUpload(context);
  const body = bodyOf(context, checksumOfUpload(upload)?.algorithm);
  const work = withChecksum(body).then(async ({ bytes, attributes }) => {
    const sized = { ...lengthOf(body), attributes, body: bytes };
    return keepPart(context, upload, part_number, sized);
  });
  const part = await storing(body, work);
  const checksum = body.checksum();
  if (checksum !== undefined && Object.keys(part.attributes).length === 0) {
    context.uploads.keepChecksum(upload.upload_id, part.etag, checksum);
  }
  const sums = checksum === undefined ? {} : checksumHeaders(checksumAttributes(checksum));
  delete sums["x-amz-checksum-type"];
  return new Response(null, { headers: { etag: part.etag, ...sums } });
}

type Sized = {
  readonly content_length?: number;
  readonly attributes?: Record<string, string>;
  readonly body: ByteStream;
};

function keepPart(
  { storage, call, at }: ObjectContext,
  { upload_id }: UploadInfo,
  part_number: number,
  sized: Sized,
): Promise<PartInfo> {
  return storage.put_part({ ...at, upload_id, part_number, ...sized }, call);
}

export async function uploadPartCopy(context: ObjectContext): Promise<Response> {
  const { storage, call, headers } = context;
  const part_number = partNumber(context);
  const upload = await findUpload(context);
  const source = await findSource(context);
  const range = copyRange(headers.get("x-amz-copy-source-range"), source.object.size_bytes);
  const found = await storage.get({ ...source.at, key: source.object.key, ...range.asked }, call);
  if (found.etag !== source.object.etag) {
    await found.body[Symbol.asyncIterator]().return?.();
    throw new S3Error("OperationAborted", "The source was replaced while it was copied.");
  }
  const algorithm = checksumOfUpload(upload)?.algorithm;
  const sum = algorithm === undefined ? undefined : createChecksummer(algorithm);
  const sized = { content_length: range.size_bytes, body: summing(found.body, sum) };
  const work = keepPart(context, upload, part_number, sized).then((part) => {
    if (sum === undefined || algorithm === undefined) return part;
    const checksum = { algorithm, value: sum.digest() };
    context.uploads.keepChecksum(upload.upload_id, part.etag, checksum);
    return { ...part, attributes: checksumAttributes(checksum) };
  });
  return slowAnswer(context, work, (part) => s3Document("CopyPartResult", copyResult(part)));
}

async function* summing(body: ByteStream, sum: Checksummer | undefined): ByteStream {
  for await (const bytes of body) {
    sum?.update(bytes);
    yield bytes;
  }
}

function copyRange(header: string | null, size_bytes: number) {
  if (header === null) return { asked: {}, size_bytes };
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (!(first <= last)) {
    throw new S3Error(
      "InvalidArgument",
      "The x-amz-copy-source-range value must be of the form bytes=first-last",
    );
  }
  if (last >= size_bytes) {
    throw new S3Error("InvalidRange", `The range is not inside the source of ${size_bytes} bytes`);
  }
  return { asked: { range: header }, size_bytes: last - first + 1 };
}

export async function abortUpload(context: ObjectContext): Promise<Response> {
  const { storage, call, at } = context;
  const { upload_id } = await findUpload(context);
  const { aborted } = await storage.abort_upload({ ...at, upload_id }, call);
  context.uploads.forget(upload_id);
  if (!aborted) throw noSuchUpload();
  return new Response(null, { status: 204 });
}
