// Signatures against the worked examples that the Amazon S3 API Reference publishes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chunkSignature, decodeChunked, trailerSignature } from "./aws-chunked.ts";
import { createChecksummer } from "./checksums.ts";
import { callerOf } from "./s3-caller.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Keys } from "./s3-keys.ts";
import { canonicalRequest, EMPTY_SHA256, signatureOf, signingKey, stringToSign } from "./sigv4.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { testRuns } from "../../../test/support/test-runs.ts";

const ID = "AKIAIOSFODNN7EXAMPLE";
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TIME = "20130524T000000Z";
const TIME_MS = Date.parse("2013-05-24T00:00:00Z");
const SCOPE = { date: "20130524", region: "us-east-1", service: "s3" };
const HOST = { host: "examplebucket.s3.amazonaws.com", "x-amz-date": TIME };
const KEY = signingKey(SECRET, SCOPE);

interface Example {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly headers: Record<string, string>;
  readonly payload: string;
  readonly signature: string;
}

function sign({ method, path, query = "", headers, payload }: Example): string {
  const all = new Headers({ ...headers, "x-amz-content-sha256": payload });
  const signed_headers = [...all.keys()].toSorted();
  const canonical = canonicalRequest({
    method,
    path,
    query,
    headers: all,
    signed_headers,
    payload,
  });
  return signatureOf(KEY, stringToSign(canonical, TIME, SCOPE));
}

const EXAMPLES: Readonly<Record<string, Example>> = {
  "GET Object with a range": {
    method: "GET",
    path: "/test.txt",
    headers: { ...HOST, range: "bytes=0-9" },
    payload: EMPTY_SHA256,
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  "PUT Object": {
    method: "PUT",
    path: "/test$file.text",
    headers: {
      ...HOST,
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    },
    payload: sha256Hex("Welcome to Amazon S3."),
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  "GET Bucket Lifecycle": {
    method: "GET",
    path: "/",
    query: "lifecycle",
    headers: HOST,
    payload: EMPTY_SHA256,
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  "Get Bucket (List Objects)": {
    method: "GET",
    path: "/",
    query: "prefix=J&max-keys=2",
    headers: HOST,
    payload: EMPTY_SHA256,
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
};

for (const [name, example] of Object.entries(EXAMPLES)) {
  test(`the published example "${name}" has the published signature`, () => {
    assert.equal(sign(example), example.signature);
  });
}

const PRESIGNED = new URLSearchParams({
  "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
  "X-Amz-Credential": `${ID}/20130524/us-east-1/s3/aws4_request`,
  "X-Amz-Date": TIME,
  "X-Amz-Expires": "86400",
  "X-Amz-SignedHeaders": "host",
  "X-Amz-Signature": "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
});

const principal = { name: "somebody", scopes: ["read" as const] };
const keys = {
  find: (id: string) => (id === ID ? { secret: SECRET, principal } : undefined),
} as S3Keys;

function callPresigned(now_ms: number, params = PRESIGNED) {
  const asked = {
    method: "GET",
    path: "/test.txt",
    query: String(params),
    params,
    headers: new Headers({ host: HOST.host }),
    authenticate: () => assert.fail("a signed request was taken for another"),
  };
  return callerOf(asked, "read", { keys, clock: { now: () => now_ms } });
}

function failsAs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof S3Error && error.code === code;
}

test("the published presigned URL is taken in its time, not before it and not after", () => {
  assert.equal(callPresigned(TIME_MS).principal, principal);
  assert.equal(callPresigned(TIME_MS + 86_400_000).principal, principal);
  assert.throws(() => callPresigned(TIME_MS + 86_400_001), failsAs("AccessDenied"));
  assert.throws(() => callPresigned(TIME_MS - 15 * 60_000 - 1), failsAs("RequestTimeTooSkewed"));
});

test("a presigned URL with any parameter changed, doubled or left out is refused", () => {
  for (const name of PRESIGNED.keys()) {
    const without = new URLSearchParams(PRESIGNED);
    without.delete(name);
    assert.throws(() => callPresigned(TIME_MS, without), S3Error, `without ${name}`);
    const twice = new URLSearchParams(PRESIGNED);
    twice.append(name, PRESIGNED.get(name)!);
    assert.throws(() => callPresigned(TIME_MS, twice), S3Error, `twice ${name}`);
  }
  const longer = new URLSearchParams(PRESIGNED);
  longer.set("X-Amz-Expires", "86401");
  assert.throws(() => callPresigned(TIME_MS, longer), failsAs("SignatureDoesNotMatch"));
  longer.set("X-Amz-Expires", "604801");
  assert.throws(() => callPresigned(TIME_MS, longer), failsAs("AuthorizationQueryParametersError"));
});

// The chunked upload of the reference: 65 KiB of the letter a, in chunks of 64 KiB and 1 KiB.
const SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const CHUNKS = [
  { size: 65_536, signature: "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648" },
  { size: 1024, signature: "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497" },
  { size: 0, signature: "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9" },
];
const signer = { key: KEY, scope: SCOPE, time: TIME, seed: SEED };

test("the published chunked upload has the published seed and chunk signatures", () => {
  const seed = sign({
    method: "PUT",
    path: "/examplebucket/chunkObject.txt",
    headers: {
      host: "s3.amazonaws.com",
      "x-amz-date": TIME,
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": "66560",
      "content-length": "66824",
    },
    payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    signature: SEED,
  });
  assert.equal(seed, SEED);
  let previous = SEED;
  for (const { size, signature } of CHUNKS) {
    assert.equal(chunkSignature(signer, previous, sha256Hex("a".repeat(size))), signature);
    previous = signature;
  }
});

test("the published upload with a trailer has the published trailer signature", () => {
  const crc32c = createChecksummer("crc32c");
  crc32c.update(Buffer.alloc(66_560, "a"));
  assert.equal(crc32c.digest(), "sOO8/Q==");
  const trailer = new Map([["x-amz-checksum-crc32c", "sOO8/Q=="]]);
  const last = "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992";
  const right = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
  assert.equal(trailerSignature(signer, last, trailer), right);
});

function chunkedBody(): Buffer {
  return Buffer.concat(
    CHUNKS.flatMap(({ size, signature }) => [
      Buffer.from(`${size.toString(16)};chunk-signature=${signature}\r\n`),
      Buffer.alloc(size, "a"),
      Buffer.from("\r\n"),
    ]),
  );
}

async function decode(body: Buffer, piece_bytes: number): Promise<Buffer> {
  async function* pieces() {
    for (let at = 0; at < body.length; at += piece_bytes) yield body.subarray(at, at + piece_bytes);
  }
  const chunks: Uint8Array[] = [];
  const form = { signer, has_trailer: false, onTrailer: () => undefined };
  for await (const bytes of decodeChunked(pieces(), form)) chunks.push(bytes);
  return Buffer.concat(chunks);
}

test("a chunked body is the same however the network cuts it", async () => {
  const body = chunkedBody();
  const whole = Buffer.alloc(66_560, "a");
  assert.ok((await decode(body, 7)).equals(whole));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 60, max: 70_000 }), async (piece_bytes) => {
      assert.ok((await decode(body, piece_bytes)).equals(whole));
    }),
    { numRuns: testRuns(20) },
  );
});

test("a chunked body with any byte changed, cut short or longer is refused", async () => {
  const body = chunkedBody();
  await fc.assert(
    fc.asyncProperty(fc.nat(body.length - 3), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(body);
      changed[at] = changed[at]! ^ by;
      // A line may end in a line feed alone: what changes only the carriage return changes nothing.
      if (body[at] === 0x0d) return;
      // Sizes are hexadecimal in either case.
      if (by === 0x20 && /[a-f]/i.test(String.fromCharCode(body[at]!)) && at < 6) return;
      await assert.rejects(decode(changed, 4096), S3Error, `byte ${at}`);
    }),
    { numRuns: testRuns(60) },
  );
  for (const length of [0, 10, 1000, 65_700, body.length - 90]) {
    await assert.rejects(decode(body.subarray(0, length), 4096), S3Error, `${length} bytes`);
  }
  await assert.rejects(decode(Buffer.concat([body, Buffer.from("x")]), 4096), S3Error);
});
