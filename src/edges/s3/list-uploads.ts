// ListParts and ListMultipartUploads.
import type { UploadInfo } from "#contracts/storage.ts";
import { encoderOf, encodingOf } from "./list-objects.ts";
import { checksumElements } from "./object-headers.ts";
import { numberParam, xmlResponse, type BucketContext, type ObjectContext } from "./s3-context.ts";
import { checksumOfUpload, findUpload } from "./upload-operations.ts";
import { element, optional, s3Document, type Xml } from "./xml-writer.ts";

const PAGE_MAX = 1000;
const OWNER = [element("ID", "lakehouse"), element("DisplayName", "lakehouse")];

export async function listParts(context: ObjectContext): Promise<Response> {
  const { storage, call, at, bucket, key, params } = context;
  const { upload_id } = await findUpload(context);
  const max_parts = numberParam(params, "max-parts", { standard: PAGE_MAX, min: 1, max: 2 ** 31 });
  const marker = numberParam(params, "part-number-marker", { standard: 0, min: 0, max: 2 ** 31 });
  const limit = Math.min(max_parts, PAGE_MAX);
  const asked = { ...at, upload_id, after_part: marker, limit };
  const { upload, parts, next_after_part } = await storage.parts(asked, call);
  return xmlResponse(
    s3Document("ListPartsResult", [
      element("Bucket", bucket),
      element("Key", key),
      element("UploadId", upload_id),
      element("PartNumberMarker", marker),
      ...optional("NextPartNumberMarker", next_after_part ?? parts.at(-1)?.part_number),
      element("MaxParts", limit),
      element("IsTruncated", next_after_part !== null),
      ...checksumNames(upload),
      ...parts.map((part) => {
        const late = context.uploads.checksum(upload_id, part.etag);
        const sums = late === undefined ? {} : { [`checksum-${late.algorithm}`]: late.value };
        return element("Part", [
          element("PartNumber", part.part_number),
          element("LastModified", part.modified_at),
          element("ETag", part.etag),
          element("Size", part.size_bytes),
          ...checksumElements({ ...sums, ...part.attributes }, false),
        ]);
      }),
      element("Initiator", OWNER),
      element("Owner", OWNER),
      element("StorageClass", "STANDARD"),
    ]),
  );
}

function checksumNames(upload: UploadInfo): Xml[] {
  const asked = checksumOfUpload(upload);
  if (asked === undefined) return [];
  return [
    element("ChecksumAlgorithm", asked.algorithm.toUpperCase()),
    element("ChecksumType", asked.type),
  ];
}

interface Listed {
  readonly uploads: UploadInfo[];
  readonly prefixes: string[];
  readonly truncated: boolean;
}

export async function listUploads(context: BucketContext): Promise<Response> {
  const { storage, call, at, bucket, params } = context;
  const encoding = encodingOf(params);
  const encode = encoderOf(encoding);
  const prefix = params.get("prefix") ?? "";
  const delimiter = params.get("delimiter") ?? "";
  const bounds = { standard: PAGE_MAX, min: 1, max: 2 ** 31 };
  const limit = Math.min(numberParam(params, "max-uploads", bounds), PAGE_MAX);
  const marker = {
    key: params.get("key-marker") ?? "",
    upload_id: params.get("upload-id-marker") ?? "",
  };
  const { uploads } = await storage.uploads({ ...at, prefix }, call);
  const page = pageOf(uploads, { prefix, delimiter, limit, marker });
  const last = page.uploads.at(-1);
  const next_key = [last?.key ?? "", page.prefixes.at(-1) ?? ""].toSorted().at(-1)!;
  return xmlResponse(
    s3Document("ListMultipartUploadsResult", [
      element("Bucket", bucket),
      element("KeyMarker", encode(marker.key)),
      element("UploadIdMarker", marker.upload_id),
      ...(page.truncated
        ? [
            element("NextKeyMarker", encode(next_key)),
            ...optional("NextUploadIdMarker", next_key === last?.key ? last.upload_id : undefined),
          ]
        : []),
      element("Prefix", encode(prefix)),
      ...optional("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      ...optional("EncodingType", encoding),
      element("MaxUploads", limit),
      element("IsTruncated", page.truncated),
      ...page.uploads.map((upload) =>
        element("Upload", [
          element("Key", encode(upload.key)),
          element("UploadId", upload.upload_id),
          element("Initiator", OWNER),
          element("Owner", OWNER),
          element("StorageClass", "STANDARD"),
          element("Initiated", upload.started_at),
          ...checksumNames(upload),
        ]),
      ),
      ...page.prefixes.map((one) => element("CommonPrefixes", [element("Prefix", encode(one))])),
    ]),
  );
}

interface PageAsked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly marker: { readonly key: string; readonly upload_id: string };
}

/** Uploads come in order of key, then of start (their ids are times first). */
function pageOf(all: readonly UploadInfo[], asked: PageAsked): Listed {
  const { prefix, delimiter, limit, marker } = asked;
  const uploads: UploadInfo[] = [];
  const prefixes: string[] = [];
  for (const upload of all) {
    const end = delimiter === "" ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const rolled = end < 0 ? undefined : upload.key.slice(0, end + delimiter.length);
    if (rolled !== undefined && (rolled === prefixes.at(-1) || rolled === marker.key)) continue;
    if (!isAfter(upload, marker)) continue;
    if (uploads.length + prefixes.length === limit) return { uploads, prefixes, truncated: true };
    if (rolled === undefined) uploads.push(upload);
    else prefixes.push(rolled);
  }
  return { uploads, prefixes, truncated: false };
}

function isAfter({ key, upload_id }: UploadInfo, marker: PageAsked["marker"]): boolean {
  const order = Buffer.compare(Buffer.from(key), Buffer.from(marker.key));
  if (order !== 0) return order > 0;
  return marker.upload_id !== "" && upload_id > marker.upload_id;
}
