// AWS Signature Version 4 for S3: canonical request, string to sign, signature. Pure.
// Source: "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API Reference.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export const ALGORITHM = "AWS4-HMAC-SHA256";
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The credential scope: what a signing key is good for. */
export interface SigningScope {
  /** YYYYMMDD */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface ToSign {
  readonly method: string;
  /** Path as it was sent, percent-encoding included. */
  readonly path: string;
  /** Query as it was sent, without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  readonly signed_headers: readonly string[];
  /** What stands for the body: its hash or one of the fixed words. */
  readonly payload: string;
}

/** The canonical request; header values are bytes in latin1, as HTTP carries them. */
export function canonicalRequest(asked: ToSign): string {
  const names = asked.signed_headers;
  const headers = names.map((name) => `${name}:${canonicalValue(asked.headers.get(name))}\n`);
  return [
    asked.method,
    canonicalPath(asked.path),
    canonicalQuery(asked.query),
    headers.join(""),
    names.join(";"),
    asked.payload,
  ].join("\n");
}

export function scopeText(scope: SigningScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** `time` is YYYYMMDDTHHMMSSZ. */
export function stringToSign(canonical: string, time: string, scope: SigningScope): string {
  const hash = createHash("sha256").update(canonical, "latin1").digest("hex");
  return [ALGORITHM, time, scopeText(scope), hash].join("\n");
}

export function signingKey(secret: string, scope: SigningScope): Buffer {
  const hmac = (key: string | Buffer, text: string) =>
    createHmac("sha256", key).update(text).digest();
  const of_date = hmac(`AWS4${secret}`, scope.date);
  return hmac(hmac(hmac(of_date, scope.region), scope.service), "aws4_request");
}

export function signatureOf(key: Buffer, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

/** Whether two signatures are the same, in a time that does not tell how far they agree. */
export function sameSignature(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** S3 takes the path once encoded, each byte outside of the unreserved ones and `/` as %XX. */
function canonicalPath(path: string): string {
  return encodeBytes(decodeBytes(path), true);
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  const pairs = query.split("&").filter((pair) => pair !== "");
  const encoded = pairs.map((pair) => {
    const at = pair.indexOf("=");
    const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    return { name: canonicalPart(name), value: canonicalPart(value) };
  });
  return encoded
    .filter(({ name }) => name !== "X-Amz-Signature")
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalPart(text: string): string {
  return encodeBytes(decodeBytes(text.replaceAll("+", " ")), false);
}

function canonicalValue(value: string | null): string {
  return (value ?? "").trim().replaceAll(/[ \t]+/g, " ");
}

/** Percent-decoded to bytes, whether or not they are text. */
function decodeBytes(text: string): Buffer {
  const bytes = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1");
}

const UNRESERVED = /[A-Za-z0-9\-._~]/;

function encodeBytes(bytes: Buffer, keep_slash: boolean): string {
  let text = "";
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    const kept = UNRESERVED.test(char) || (keep_slash && char === "/");
    text += kept ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
