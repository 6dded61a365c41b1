// Who asks: a verified signature, a bearer token, or the owner on loopback.
import type { Principal, Scope } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Keys } from "./s3-keys.ts";
import { isSigned, readSigned, type SignedRequest } from "./signed-request.ts";
import {
  canonicalRequest,
  sameSignature,
  signatureOf,
  signingKey,
  stringToSign,
  type SigningScope,
} from "./sigv4.ts";

/** What the body of a signed request is checked with. */
export interface SignedBody {
  /** The body's hash or one of the fixed words. */
  readonly payload: string;
  readonly key: Buffer;
  readonly scope: SigningScope;
  readonly time: string;
  /** The signature of the headers, from which those of the chunks go on. */
  readonly signature: string;
}

export interface Caller {
  readonly principal: Principal;
  /** Undefined: the request is not signed. */
  readonly signed: SignedBody | undefined;
}

export interface CallerRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly query: string;
  readonly params: URLSearchParams;
  readonly headers: Headers;
  readonly authenticate: (scope: Scope) => Principal;
}

const SKEW_MS_MAX = 15 * 60_000;

/** The caller, who may do what the scope says; throws S3's errors. */
export function callerOf(
  asked: CallerRequest,
  scope: Scope,
  needs: { keys: S3Keys; clock: Clock },
): Caller {
  if (!isSigned(asked.headers, asked.params)) {
    return { principal: asked.authenticate(scope), signed: undefined };
  }
  const request = readSigned(asked.headers, asked.params);
  const known = needs.keys.find(request.access_key_id);
  if (known === undefined) {
    throw new S3Error(
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
      { details: { AWSAccessKeyId: request.access_key_id } },
    );
  }
  const key = signingKey(known.secret, request.scope);
  const text = stringToSign(
    canonicalRequest({ ...asked, ...request }),
    request.time,
    request.scope,
  );
  if (!sameSignature(request.signature, signatureOf(key, text))) {
    throw signatureDiffers(request, text);
  }
  checkTime(request, needs.clock.now());
  if (!allows(known.principal, scope)) {
    throw new S3Error("AccessDenied", `Access Denied: the key lacks the scope ${scope}`);
  }
  const { payload, time, signature } = request;
  return {
    principal: known.principal,
    signed: { payload, key, scope: request.scope, time, signature },
  };
}

/** Whether a principal may do what needs this scope. */
export function allows(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes(scope) || principal.scopes.includes("admin");
}

function checkTime(request: SignedRequest, now_ms: number): void {
  const { time_ms, expires_s } = request;
  const too_skewed = (ahead_only: boolean) =>
    time_ms - now_ms > SKEW_MS_MAX || (!ahead_only && now_ms - time_ms > SKEW_MS_MAX);
  if (too_skewed(expires_s !== undefined)) {
    const message = "The difference between the request time and the current time is too large.";
    throw new S3Error("RequestTimeTooSkewed", message, {
      details: {
        RequestTime: request.time,
        ServerTime: new Date(now_ms).toISOString(),
        MaxAllowedSkewMilliseconds: String(SKEW_MS_MAX),
      },
    });
  }
  if (expires_s === undefined || now_ms <= time_ms + expires_s * 1000) return;
  throw new S3Error("AccessDenied", "Request has expired", {
    details: {
      "X-Amz-Expires": String(expires_s),
      Expires: new Date(time_ms + expires_s * 1000).toISOString(),
      ServerTime: new Date(now_ms).toISOString(),
    },
  });
}

function signatureDiffers(request: SignedRequest, text: string): S3Error {
  return new S3Error(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. " +
      "Check your key and signing method.",
    // As S3 does: the text to sign has no secret in it and tells where the two sides differ.
    {
      details: {
        AWSAccessKeyId: request.access_key_id,
        SignatureProvided: request.signature,
        StringToSign: text,
      },
    },
  );
}
