// Errors as S3 clients know them: a code, a status, an XML document.
import { retryAfterHeader, toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import { element, xmlDocument } from "./xml-writer.ts";

/** The codes this door answers with, and their HTTP status. */
const STATUS_OF = {
  AccessDenied: 403,
  AccessControlListNotSupported: 400,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IncompleteBody: 400,
  InsufficientStorage: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  OperationAborted: 409,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3Code = keyof typeof STATUS_OF;

/** An error in S3's words; `details` become elements of the document. */
export class S3Error extends Error {
  override name = "S3Error";
  readonly code: S3Code;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: S3Code,
    message: string,
    options: { details?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.code = code;
    this.details = options.details ?? {};
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return STATUS_OF[this.code];
  }
}

const CODE_OF_REASON: Readonly<Record<string, S3Code>> = {
  no_such_object: "NoSuchKey",
  no_such_bucket: "NoSuchBucket",
  no_such_upload: "NoSuchUpload",
  object_exists: "PreconditionFailed",
  etag_differs: "PreconditionFailed",
  over_prefix_cap: "EntityTooLarge",
  over_bytes_max: "EntityTooLarge",
  storage_full: "InsufficientStorage",
  range_not_satisfiable: "InvalidRange",
  length_differs: "IncompleteBody",
  bad_part: "InvalidPart",
  bad_part_order: "InvalidPartOrder",
  part_too_small: "EntityTooSmall",
};

const CODE_OF_CODE: Readonly<Record<LakehouseError["code"], S3Code>> = {
  invalid: "InvalidArgument",
  unauthenticated: "AccessDenied",
  forbidden: "AccessDenied",
  not_found: "NoSuchKey",
  conflict: "OperationAborted",
  precondition_failed: "PreconditionFailed",
  too_large: "EntityTooLarge",
  rejected: "InvalidRequest",
  rate_limited: "SlowDown",
  cancelled: "RequestTimeout",
  internal: "InternalError",
  unimplemented: "NotImplemented",
  unavailable: "ServiceUnavailable",
  deadline_exceeded: "RequestTimeout",
};

/** Any thrown value in S3's words; what broke on our side keeps its message to itself. */
export function toS3Error(thrown: unknown): S3Error {
  if (thrown instanceof S3Error) return thrown;
  const error = toLakehouseError(thrown);
  if (error.code === "internal") {
    return new S3Error("InternalError", "We encountered an internal error. Please try again.");
  }
  const code = CODE_OF_REASON[error.reason] ?? CODE_OF_CODE[error.code];
  const message = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
  const size = error.extra["size_bytes"];
  const retry_after = retryAfterHeader(error);
  return new S3Error(code, message, {
    headers: {
      ...(code === "InvalidRange" && typeof size === "number"
        ? { "content-range": `bytes */${size}` }
        : {}),
      ...(retry_after === undefined ? {} : { "retry-after": retry_after }),
    },
  });
}

/** The `<Error>` element with everything S3 puts into it. */
export function errorElement(error: S3Error, resource: string, request_id: string): string {
  return element("Error", [
    element("Code", error.code),
    element("Message", error.message),
    ...Object.entries(error.details).map(([name, value]) => element(name, value)),
    element("Resource", resource),
    element("RequestId", request_id),
  ]);
}

/** The answer for an error; to HEAD without a body. */
export function errorResponse(
  error: S3Error,
  asked: { method: string; resource: string; request_id: string },
): Response {
  const headers = new Headers({ ...error.headers, "x-amz-request-id": asked.request_id });
  if (asked.method === "HEAD") return new Response(null, { status: error.status, headers });
  headers.set("content-type", "application/xml");
  // Of a body that stopped coming nothing more is waited for.
  if (error.code === "RequestTimeout") headers.set("connection", "close");
  const body = xmlDocument(errorElement(error, asked.resource, asked.request_id));
  return new Response(body, { status: error.status, headers });
}
