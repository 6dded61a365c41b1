// Errors as the Iceberg REST specification has them: `{"error": {message, type, code}}`.
import {
  outwardMessage,
  retryAfterHeader,
  STATUS_OF_CODE,
  toLakehouseError,
} from "#kernel/problem.ts";
import type { ErrorCode, LakehouseError } from "#kernel/problem.ts";

interface Shape {
  readonly status: number;
  readonly type: string;
}

const BY_REASON: Readonly<Record<string, Shape>> = {
  no_such_namespace: { status: 404, type: "NoSuchNamespaceException" },
  no_such_dataset: { status: 404, type: "NoSuchTableException" },
  tombstoned: { status: 404, type: "NoSuchTableException" },
  no_such_view: { status: 404, type: "NoSuchViewException" },
  namespace_exists: { status: 409, type: "AlreadyExistsException" },
  dataset_exists: { status: 409, type: "AlreadyExistsException" },
  namespace_not_empty: { status: 409, type: "NamespaceNotEmptyException" },
  requirement_failed: { status: 409, type: "CommitFailedException" },
  // A conflict of ours, but nothing that trying again could mend.
  quarantined: { status: 422, type: "UnprocessableEntityException" },
  missing_object: { status: 400, type: "BadRequestException" },
  wrong_method: { status: 405, type: "UnsupportedOperationException" },
};

const BY_CODE: Readonly<Record<ErrorCode, Shape>> = {
  invalid: { status: 400, type: "BadRequestException" },
  unauthenticated: { status: 401, type: "NotAuthorizedException" },
  forbidden: { status: 403, type: "ForbiddenException" },
  not_found: { status: 404, type: "NotFoundException" },
  conflict: { status: 409, type: "CommitFailedException" },
  precondition_failed: { status: 409, type: "CommitFailedException" },
  too_large: { status: 413, type: "BadRequestException" },
  rejected: { status: 422, type: "UnprocessableEntityException" },
  rate_limited: { status: 429, type: "SlowDownException" },
  cancelled: { status: 503, type: "ServiceUnavailableException" },
  internal: { status: 500, type: "InternalServerError" },
  unimplemented: { status: 406, type: "UnsupportedOperationException" },
  unavailable: { status: 503, type: "ServiceUnavailableException" },
  deadline_exceeded: { status: 504, type: "InternalServerError" },
};

/** After these nobody knows whether a commit was made. */
const UNKNOWN_END: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "internal",
  "unavailable",
  "cancelled",
  "deadline_exceeded",
]);

/**
 * Any thrown value as its answer. Of a commit whose end is not known the type says so: clients
 * then keep the files they wrote, where after any other failure they delete them.
 */
export function errorAnswer(
  thrown: unknown,
  asked: { readonly head: boolean; readonly commit: boolean },
): Response {
  const error = toLakehouseError(thrown);
  const { status, type } = shapeOf(error, asked.commit);
  const headers = new Headers();
  const retry_after = retryAfterHeader(error);
  if (retry_after !== undefined) headers.set("retry-after", retry_after);
  // RFC 9110, section 15.5.2.
  if (status === 401) headers.set("www-authenticate", "Bearer");
  if (asked.head) return new Response(null, { status, headers });
  headers.set("content-type", "application/json");
  const body = { error: { message: messageOf(error), type, code: status } };
  return new Response(JSON.stringify(body), { status, headers });
}

function shapeOf(error: LakehouseError, commit: boolean): Shape {
  if (commit && UNKNOWN_END.has(error.code)) {
    const status = error.code === "internal" ? STATUS_OF_CODE.internal : 504;
    return { status, type: "CommitStateUnknownException" };
  }
  return BY_REASON[error.reason] ?? BY_CODE[error.code];
}

function messageOf(error: LakehouseError): string {
  const issues = error.issues.map(({ path, message }) => `${path}: ${message}`);
  const hint = error.hint === undefined ? [] : [error.hint];
  return [outwardMessage(error), ...issues, ...hint].join("; ");
}
