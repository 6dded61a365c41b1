// Headers that stand in the query of a presigned URL: SDKs put every x-amz-… there when they sign.
import { S3Error } from "./s3-error.ts";

/** What Signature Version 4 itself keeps in the query. */
const OF_SIGNATURE: ReadonlySet<string> = new Set(
  "algorithm credential date expires signedheaders signature security-token content-sha256"
    .split(" ")
    .map((name) => `x-amz-${name}`),
);

/**
 * The headers of a request with those of its presigned query: metadata, conditions on copies, what
 * is refused (ACLs, tags …). The signature covers both. `InvalidArgument` for one that is said
 * twice or that is no header's value.
 */
export function withQueryHeaders(headers: Headers, query: URLSearchParams): Headers {
  if (!query.has("X-Amz-Signature")) return headers;
  const found = [...query].filter(([name, value]) => isHeader(name.toLowerCase(), value));
  if (found.length === 0) return headers;
  const all = new Headers(headers);
  for (const [written, value] of found) {
    const name = written.toLowerCase();
    // As in a header, text is bytes of UTF-8.
    const text = Buffer.from(value).toString("latin1");
    // eslint-disable-next-line no-control-regex
    const is_value = /^[a-z0-9_.-]+$/.test(name) && /^[^\x00-\x08\x0a-\x1f\x7f]*$/.test(text);
    if (!is_value || all.has(name)) {
      throw new S3Error("InvalidArgument", `${name} is said twice, or is not a header's value`, {
        details: { ArgumentName: name },
      });
    }
    all.set(name, text);
  }
  return all;
}

function isHeader(name: string, value: string): boolean {
  if (!name.startsWith("x-amz-") || OF_SIGNATURE.has(name)) return false;
  return !(name.startsWith("x-amz-checksum-crc") && OF_NOTHING.has(value));
}

/** CRCs of no bytes: an SDK that signs before there is a body puts that in for it. */
const OF_NOTHING: ReadonlySet<string> = new Set(["AAAAAA==", "AAAAAAAAAAA="]);
