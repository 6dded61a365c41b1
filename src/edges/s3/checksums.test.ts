// Checksums against published check values, and joined ones against those of the whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ALGORITHMS,
  checkForm,
  checksumTypeFor,
  createChecksummer,
  joinChecksums,
  type ChecksumAlgorithm,
} from "./checksums.ts";
import { S3Error } from "./s3-error.ts";

function checksum(algorithm: ChecksumAlgorithm | "md5", ...pieces: Uint8Array[]): string {
  const sum = createChecksummer(algorithm);
  for (const piece of pieces) sum.update(piece);
  return sum.digest();
}

/** The check values of "123456789" in the catalogue of CRC algorithms, FIPS 180 and RFC 1321. */
const PUBLISHED: Readonly<Record<ChecksumAlgorithm | "md5", string>> = {
  crc32: "cbf43926",
  crc32c: "e3069283",
  crc64nvme: "ae8b14860a799888",
  sha1: "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
  sha256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
  md5: "25f9e794323b453885f5181f1b624d0b",
};

test("every algorithm gives its published check value", () => {
  for (const [algorithm, hex] of Object.entries(PUBLISHED)) {
    const value = checksum(algorithm as ChecksumAlgorithm, Buffer.from("123456789"));
    assert.equal(Buffer.from(value, "base64").toString("hex"), hex, algorithm);
  }
});

test("a checksum is the same however the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ALGORITHMS),
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
      (algorithm, pieces) => {
        assert.equal(checksum(algorithm, ...pieces), checksum(algorithm, Buffer.concat(pieces)));
      },
    ),
  );
});

test("the full-object checksum of parts is that of their bytes joined", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("crc32" as const, "crc32c" as const, "crc64nvme" as const),
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 6 }),
      (algorithm, pieces) => {
        const parts = pieces.map((piece) => ({
          value: checksum(algorithm, piece),
          size_bytes: piece.length,
        }));
        const whole = checksum(algorithm, Buffer.concat(pieces));
        assert.equal(joinChecksums(algorithm, "FULL_OBJECT", parts), whole);
      },
    ),
  );
});

test("a composite checksum is that of the parts' checksums with their number", () => {
  const parts = ["a", "b"].map((text) => ({
    value: checksum("sha256", Buffer.from(text)),
    size_bytes: 1,
  }));
  const digests = Buffer.concat(parts.map(({ value }) => Buffer.from(value, "base64")));
  assert.equal(joinChecksums("sha256", "COMPOSITE", parts), `${checksum("sha256", digests)}-2`);
});

test("ten thousand parts are joined in well under a second", () => {
  const part = { value: checksum("crc64nvme", Buffer.from("x")), size_bytes: 8 * 1024 * 1024 };
  const started = performance.now();
  joinChecksums(
    "crc64nvme",
    "FULL_OBJECT",
    Array.from({ length: 10_000 }, () => part),
  );
  assert.ok(performance.now() - started < 3_000);
});

test("what cannot be a checksum, or a type that S3 does not offer, is refused", () => {
  for (const value of ["", "AAAA", "AAAAAA", "AAAAAAA=", "!!!!!!=="]) {
    assert.throws(() => checkForm("crc32", value), S3Error, value);
  }
  checkForm("crc32", "AAAAAA==");
  assert.equal(checksumTypeFor("crc64nvme", undefined), "FULL_OBJECT");
  assert.equal(checksumTypeFor("sha256", undefined), "COMPOSITE");
  assert.throws(() => checksumTypeFor("sha256", "FULL_OBJECT"), S3Error);
  assert.throws(() => checksumTypeFor("crc64nvme", "COMPOSITE"), S3Error);
});
