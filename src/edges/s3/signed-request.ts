// A signed request taken apart: who signed it, when, over which headers; header and presigned form.
import { S3Error } from "./s3-error.ts";
import { ALGORITHM, type SigningScope } from "./sigv4.ts";

export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

export interface SignedRequest {
  readonly form: "header" | "presigned";
  readonly access_key_id: string;
  readonly scope: SigningScope;
  /** Lower case, sorted, as the signer named them. */
  readonly signed_headers: readonly string[];
  readonly signature: string;
  /** YYYYMMDDTHHMMSSZ */
  readonly time: string;
  readonly time_ms: number;
  /** Of a presigned request: how long it is good. */
  readonly expires_s: number | undefined;
  /** The body's hash or one of the fixed words. */
  readonly payload: string;
}

const EXPIRES_S_MAX = 7 * 24 * 3600;

/** Whether a request carries a signature of AWS, of whichever version. */
export function isSigned(headers: Headers, query: URLSearchParams): boolean {
  return (
    /^AWS[ 0-9]/.test(headers.get("authorization") ?? "") ||
    query.has("X-Amz-Signature") ||
    query.has("X-Amz-Algorithm")
  );
}

/** Throws S3's errors for what is malformed; proves nothing yet. */
export function readSigned(headers: Headers, query: URLSearchParams): SignedRequest {
  const authorization = headers.get("authorization");
  const in_query = query.has("X-Amz-Signature") || query.has("X-Amz-Algorithm");
  if (authorization !== null && in_query) {
    throw new S3Error("InvalidArgument", "Only one auth mechanism allowed");
  }
  return authorization === null ? readPresigned(headers, query) : readHeader(headers);
}

function readHeader(headers: Headers): SignedRequest {
  const text = headers.get("authorization") ?? "";
  if (!text.startsWith(`${ALGORITHM} `)) {
    throw new S3Error(
      "InvalidRequest",
      `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
    );
  }
  const fields = new Map(
    text
      .slice(ALGORITHM.length)
      .split(",")
      .map((field) => {
        const at = field.indexOf("=");
        return [field.slice(0, at).trim(), field.slice(at + 1).trim()] as const;
      }),
  );
  const malformed = (what: string) =>
    new S3Error("AuthorizationHeaderMalformed", `The authorization header is malformed; ${what}`);
  const credential = credentialOf(fields.get("Credential"), malformed);
  const date = headers.get("x-amz-date") ?? compactDate(headers.get("date"));
  const time = timeOf(date, malformed);
  const payload = headers.get("x-amz-content-sha256");
  if (payload === null) {
    throw new S3Error(
      "InvalidRequest",
      "Missing required header for this request: x-amz-content-sha256",
    );
  }
  const rest = {
    ...time,
    ...credential,
    payload,
    signature: signatureField(fields.get("Signature"), malformed),
    signed_headers: signedHeaders(fields.get("SignedHeaders"), headers, malformed),
  };
  checkScope(rest, malformed);
  return { form: "header", expires_s: undefined, ...rest };
}

function readPresigned(headers: Headers, query: URLSearchParams): SignedRequest {
  const malformed = (what: string) => new S3Error("AuthorizationQueryParametersError", what);
  const needed = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"];
  for (const name of needed) {
    if (query.getAll(`X-Amz-${name}`).length === 1) continue;
    throw malformed(
      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, " +
        "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters, once each.",
    );
  }
  const field = (name: string) => query.get(`X-Amz-${name}`) ?? "";
  if (field("Algorithm") !== ALGORITHM) {
    throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`);
  }
  const expires_s = /^\d{1,9}$/.test(field("Expires")) ? Number(field("Expires")) : -1;
  if (expires_s < 0) throw malformed("X-Amz-Expires must be a non-negative number");
  if (expires_s > EXPIRES_S_MAX) {
    throw malformed("X-Amz-Expires must be less than a week (in seconds); 604800 at most");
  }
  const rest = {
    ...timeOf(field("Date"), malformed),
    ...credentialOf(field("Credential"), malformed),
    signature: signatureField(field("Signature"), malformed),
    signed_headers: signedHeaders(field("SignedHeaders"), headers, malformed),
    payload:
      headers.get("x-amz-content-sha256") ?? query.get("X-Amz-Content-Sha256") ?? UNSIGNED_PAYLOAD,
  };
  checkScope(rest, malformed);
  return { form: "presigned", expires_s, ...rest };
}

type Malformed = (what: string) => S3Error;

function credentialOf(text: string | undefined, malformed: Malformed) {
  const parts = (text ?? "").split("/");
  // A key id may hold slashes itself; the scope is the last four parts.
  const [date, region, service, last] = parts.slice(-4);
  const access_key_id = parts.slice(0, -4).join("/");
  if (access_key_id === "" || last !== "aws4_request" || !/^\d{8}$/.test(date ?? "")) {
    throw malformed(
      'the Credential is not of the form "<access key id>/YYYYMMDD/<region>/s3/aws4_request".',
    );
  }
  return { access_key_id, scope: { date: date!, region: region!, service: service! } };
}

function checkScope(
  { scope, time }: { scope: SigningScope; time: string },
  malformed: Malformed,
): void {
  if (scope.service !== "s3") throw malformed('the service of the Credential must be "s3".');
  if (!time.startsWith(scope.date)) {
    throw malformed("the date of the Credential is not that of the request.");
  }
}

function signatureField(text: string | undefined, malformed: Malformed): string {
  if (!/^[0-9a-f]{64}$/.test(text ?? "")) throw malformed("the Signature is not 64 hex digits.");
  return text!;
}

/** The signed headers; `host` and every x-amz-… header that is there must be among them. */
function signedHeaders(text: string | undefined, headers: Headers, malformed: Malformed): string[] {
  const names = (text ?? "").split(";");
  if (names.some((name) => !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))) {
    throw malformed("SignedHeaders must be names in lower case, joined by semicolons.");
  }
  if (!names.includes("host")) throw malformed("SignedHeaders must include host.");
  for (const name of headers.keys()) {
    // The hash of the body stands in the canonical request in any case.
    if (!name.startsWith("x-amz-") || name === "x-amz-content-sha256") continue;
    if (names.includes(name)) continue;
    throw new S3Error(
      "AccessDenied",
      "There were headers present in the request which were not signed",
      { details: { HeadersNotSigned: name } },
    );
  }
  return names;
}

function timeOf(text: string | undefined, malformed: Malformed) {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? "");
  const [, year, month, day, hour, minute, second] = match ?? [];
  const time_ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (match === null || Number.isNaN(time_ms)) {
    throw malformed("the date must be in the ISO 8601 form YYYYMMDDTHHMMSSZ.");
  }
  return { time: text!, time_ms };
}

/** The plain Date header of HTTP in the form that signatures use. */
function compactDate(date: string | null): string | undefined {
  const ms = Date.parse(date ?? "");
  if (Number.isNaN(ms)) return undefined;
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}
