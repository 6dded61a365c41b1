// A request's body on its way in: unwrapped from chunks and checked against every hash that came.
import { createHash } from "node:crypto";
import type { ByteStream } from "#kernel/contract.ts";
import { LIMITS } from "#kernel/limits.ts";
import { withoutStalls } from "#kernel/stalled-body.ts";
import { decodeChunked } from "./aws-chunked.ts";
import {
  algorithmNamed,
  checkForm,
  createChecksummer,
  declaredChecksum,
  headerOf,
  type ChecksumAlgorithm,
} from "./checksums.ts";
import type { SignedBody } from "./s3-caller.ts";
import { S3Error } from "./s3-error.ts";
import { UNSIGNED_PAYLOAD } from "./signed-request.ts";

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** base64 */
  readonly value: string;
}

export interface IncomingBody {
  /** Throws at its end, before whoever stores it makes it visible, when a hash differs. */
  readonly bytes: ByteStream;
  /** Of the object, not of its chunks; undefined when it was not said. */
  readonly size_bytes: number | undefined;
  /** Known at the start; undefined when it comes after the body or is only computed. */
  readonly declared: Checksum | undefined;
  /** Whether a checksum will be known at the end that was not at the start. */
  readonly late: boolean;
  /** Known (and right) once the bytes have ended. */
  checksum(): Checksum | undefined;
  /** What was wrong with the bytes: storage may tell it as a fault of its own. */
  fault(): S3Error | undefined;
}

export interface BodySource {
  readonly headers: Headers;
  readonly body: ByteStream | null;
  readonly signed: SignedBody | undefined;
  /** Computed when the sender gives no checksum itself. */
  readonly compute?: ChecksumAlgorithm | undefined;
  /** How long the next bytes may take; default one minute. */
  readonly stall_ms?: number | undefined;
}

/** As long as a call may last, so long a sender that fell silent would hold its place. */

const PAYLOADS: Readonly<Record<string, { signed: boolean; trailer: boolean }>> = {
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": { signed: true, trailer: false },
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": { signed: true, trailer: true },
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER": { signed: false, trailer: true },
};

/** Reads nothing yet; throws for headers that contradict themselves. */
export function openBody(asked: BodySource): IncomingBody {
  const { headers, body, signed, compute, stall_ms = LIMITS.body_stall_ms } = asked;
  const payload = signed?.payload ?? headers.get("x-amz-content-sha256") ?? UNSIGNED_PAYLOAD;
  const chunked = PAYLOADS[payload];
  const sha256 = chunked === undefined ? exactHash(payload) : undefined;
  const md5 = contentMd5(headers);
  const declared = declaredChecksum(headers);
  const trailing = chunked?.trailer === true ? trailingAlgorithm(headers) : undefined;
  if (declared !== undefined && trailing !== undefined) throw twoChecksums();
  const algorithm = declared?.algorithm ?? trailing ?? compute;
  if (chunked?.signed === true && signed === undefined) {
    throw new S3Error("InvalidRequest", `${payload} needs a signed request`);
  }
  let fault: S3Error | undefined;
  let seen: Checksum | undefined;
  let trailer: ReadonlyMap<string, string> = new Map();
  const source = body === null ? noBytes() : withoutStalls(body, stall_ms, stalled);
  const plain =
    chunked === undefined
      ? source
      : decodeChunked(source, {
          signer: chunked.signed ? { ...signed!, seed: signed!.signature } : undefined,
          has_trailer: chunked.trailer,
          onTrailer(found) {
            refuseUnannounced(found, trailing);
            trailer = found;
          },
        });

  function verify(sums: { sha256?: string; md5?: string; own?: string }): void {
    if (sha256 !== undefined && sums.sha256 !== sha256) {
      throw new S3Error(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
    }
    if (md5 !== undefined && sums.md5 !== md5) {
      throw new S3Error(
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
      );
    }
    if (algorithm === undefined) return;
    const claimed = declared?.value ?? (trailing && trailer.get(headerOf(trailing)));
    if (trailing !== undefined && claimed === undefined) {
      throw new S3Error("InvalidRequest", `The trailing header ${headerOf(trailing)} is missing.`);
    }
    if (claimed !== undefined) checkForm(algorithm, claimed);
    if (claimed !== undefined && claimed !== sums.own) {
      throw new S3Error(
        "BadDigest",
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
    seen = { algorithm, value: sums.own! };
  }

  async function* checked(): ByteStream {
    const of_sha256 = sha256 === undefined ? undefined : createHash("sha256");
    const of_md5 = md5 === undefined ? undefined : createChecksummer("md5");
    const own = algorithm === undefined ? undefined : createChecksummer(algorithm);
    try {
      for await (const bytes of plain) {
        of_sha256?.update(bytes);
        of_md5?.update(bytes);
        own?.update(bytes);
        yield bytes;
      }
      verify({
        ...(of_sha256 === undefined ? {} : { sha256: of_sha256.digest("hex") }),
        ...(of_md5 === undefined ? {} : { md5: of_md5.digest() }),
        ...(own === undefined ? {} : { own: own.digest() }),
      });
    } catch (error) {
      fault = error instanceof S3Error ? error : bodyBroke();
      throw error;
    }
  }

  return {
    bytes: checked(),
    size_bytes: sizeOf(headers, chunked !== undefined),
    declared,
    late: declared === undefined && algorithm !== undefined,
    checksum: () => seen,
    fault: () => fault,
  };
}

/** The whole of a small body, checked; over `bytes_max` it is refused. */
export async function readBody(body: IncomingBody, bytes_max: number): Promise<Buffer> {
  if ((body.size_bytes ?? 0) > bytes_max) throw tooLong(bytes_max);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const bytes of body.bytes) {
      size += bytes.length;
      if (size > bytes_max) throw tooLong(bytes_max);
      chunks.push(bytes);
    }
  } catch (error) {
    throw body.fault() ?? error;
  }
  return Buffer.concat(chunks);
}

function tooLong(bytes_max: number): S3Error {
  return new S3Error("EntityTooLarge", `The request body is larger than ${bytes_max} bytes.`);
}

function bodyBroke(): S3Error {
  return new S3Error("IncompleteBody", "The request body ended before it was complete.");
}

function exactHash(payload: string): string | undefined {
  if (payload === UNSIGNED_PAYLOAD) return undefined;
  if (/^[0-9a-f]{64}$/.test(payload)) return payload;
  const known = [UNSIGNED_PAYLOAD, ...Object.keys(PAYLOADS)].join(", ");
  throw new S3Error(
    "InvalidArgument",
    `x-amz-content-sha256 must be ${known} or a SHA-256 in lower-case hex.`,
  );
}

function contentMd5(headers: Headers): string | undefined {
  const value = headers.get("content-md5");
  if (value === null) return undefined;
  if (Buffer.from(value, "base64").length === 16 && value.length === 24) return value;
  throw new S3Error("InvalidDigest", "The Content-MD5 you specified is not valid.");
}

function trailingAlgorithm(headers: Headers): ChecksumAlgorithm | undefined {
  const named = (headers.get("x-amz-trailer") ?? "").toLowerCase().split(",");
  const checksum = named
    .map((name) => name.trim())
    .find((name) => name.startsWith("x-amz-checksum-"));
  return checksum === undefined ? undefined : algorithmNamed(checksum.slice(15));
}

function twoChecksums(): S3Error {
  return new S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header");
}

/** One that nobody works out would be taken for checked. */
function refuseUnannounced(
  trailer: ReadonlyMap<string, string>,
  announced: ChecksumAlgorithm | undefined,
): void {
  for (const name of trailer.keys()) {
    if (!name.startsWith("x-amz-checksum-")) continue;
    if (announced !== undefined && name === headerOf(announced)) continue;
    throw new S3Error(
      "InvalidRequest",
      `The trailing header ${name} is not what x-amz-trailer names.`,
    );
  }
}

function sizeOf(headers: Headers, chunked: boolean): number | undefined {
  const name = chunked ? "x-amz-decoded-content-length" : "content-length";
  const text = headers.get(name);
  if (text !== null && /^\d{1,15}$/.test(text)) return Number(text);
  if (text === null && !chunked) return undefined;
  throw new S3Error("MissingContentLength", `You must provide the ${name} HTTP header.`);
}

async function* noBytes(): ByteStream {}

function stalled(): S3Error {
  return new S3Error(
    "RequestTimeout",
    "Your socket connection to the server was not read from or written to within the timeout " +
      "period.",
  );
}
