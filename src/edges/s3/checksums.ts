// The checksums of S3: computed over streams, compared, joined over the parts of an upload.
import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { crc32c, crc64nvme, createCrcJoiner, type Halves } from "./crc.ts";
import { S3Error } from "./s3-error.ts";

export const ALGORITHMS = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;
export type ChecksumAlgorithm = (typeof ALGORITHMS)[number];

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

/** `COMPOSITE`: of the parts' checksums; `FULL_OBJECT`: of the bytes. */
export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

export const headerOf = (algorithm: ChecksumAlgorithm) => `x-amz-checksum-${algorithm}`;
/** The name under which storage keeps it beside the bytes. */
export const attributeOf = (algorithm: ChecksumAlgorithm) => `checksum-${algorithm}`;
/** As elements of S3's XML name it. */
export const elementOf = (algorithm: ChecksumAlgorithm) => `Checksum${algorithm.toUpperCase()}`;

/** The algorithm of a name in any case; `InvalidRequest` for one that is none of S3's. */
export function algorithmNamed(name: string): ChecksumAlgorithm {
  const known = ALGORITHMS.find((one) => one === name.toLowerCase());
  if (known !== undefined) return known;
  throw new S3Error("InvalidRequest", `Checksum algorithm provided is unsupported: ${name}`);
}

/** The one checksum that the headers hold; more than one, or one of a wrong length, is refused. */
export function declaredChecksum(
  headers: Headers,
): { algorithm: ChecksumAlgorithm; value: string } | undefined {
  const declared = ALGORITHMS.filter((one) => headers.has(headerOf(one)));
  if (declared.length > 1) {
    throw new S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header");
  }
  const [algorithm] = declared;
  if (algorithm === undefined) return undefined;
  const value = headers.get(headerOf(algorithm)) ?? "";
  checkForm(algorithm, value);
  return { algorithm, value };
}

/** Refuses what cannot be a checksum of this algorithm. */
export function checkForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, "base64");
  if (bytes.length === DIGEST_BYTES[algorithm] && bytes.toString("base64") === value) return;
  throw new S3Error("InvalidRequest", `Value for ${headerOf(algorithm)} header is invalid.`);
}

/** Takes bytes as they pass and gives the checksum in base64. */
export interface Checksummer {
  update(bytes: Uint8Array): void;
  digest(): string;
}

export function createChecksummer(algorithm: ChecksumAlgorithm | "md5"): Checksummer {
  if (algorithm === "crc32") return of32((bytes, before) => crc32(bytes, before));
  if (algorithm === "crc32c") return of32(crc32c);
  if (algorithm === "crc64nvme") return of64();
  const hash: Hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("base64") };
}

function of32(next: (bytes: Uint8Array, before: number) => number): Checksummer {
  let value = 0;
  return {
    update(bytes) {
      value = next(bytes, value);
    },
    digest() {
      const buffer = Buffer.alloc(4);
      buffer.writeUInt32BE(value);
      return buffer.toString("base64");
    },
  };
}

function of64(): Checksummer {
  let value: Halves = { high: 0, low: 0 };
  return {
    update(bytes) {
      value = crc64nvme(bytes, value);
    },
    digest() {
      const buffer = Buffer.alloc(8);
      buffer.writeUInt32BE(value.high, 0);
      buffer.writeUInt32BE(value.low, 4);
      return buffer.toString("base64");
    },
  };
}

/** The type an upload gets when it names none; `InvalidRequest` for one S3 does not offer. */
export function checksumTypeFor(
  algorithm: ChecksumAlgorithm,
  asked: string | undefined,
): ChecksumType {
  const standard = algorithm === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
  const type = asked ?? standard;
  const is_crc = algorithm.startsWith("crc");
  const offered =
    type === "FULL_OBJECT" ? is_crc : type === "COMPOSITE" && algorithm !== "crc64nvme";
  if (offered) return type as ChecksumType;
  throw new S3Error(
    "InvalidRequest",
    `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
  );
}

/** The checksum of an object made of parts, as S3 writes it. */
export function joinChecksums(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { value: string; size_bytes: number }[],
): string {
  if (type === "COMPOSITE") {
    const whole = createChecksummer(algorithm);
    for (const { value } of parts) whole.update(Buffer.from(value, "base64"));
    return `${whole.digest()}-${parts.length}`;
  }
  const join = createCrcJoiner(algorithm as "crc32" | "crc32c" | "crc64nvme");
  let joined = 0n;
  for (const { value, size_bytes } of parts) {
    const part = BigInt(`0x${Buffer.from(value, "base64").toString("hex")}`);
    joined = join(joined, part, size_bytes);
  }
  const digits = DIGEST_BYTES[algorithm] * 2;
  return Buffer.from(joined.toString(16).padStart(digits, "0"), "hex").toString("base64");
}
