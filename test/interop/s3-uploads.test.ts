// The AWS SDK against the S3 door: uploads in parts.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { test } from "node:test";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { failsAs, openSuite, pieces } from "./s3-cases.ts";
import { MAIN } from "./s3-house.ts";

const PART = 5 * 1024 * 1024;
const suite = await openSuite("uploads");
const { client, key } = suite;

/** Five MiB of one letter. */
const part = (letter: string) => Buffer.alloc(PART, letter);

async function begin(name: string, more: object = {}) {
  const target = { Bucket: MAIN, Key: key(name) };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, ...more }));
  const of = { ...target, UploadId };
  return {
    of,
    async send(PartNumber: number, Body: string | Uint8Array | Readable, extra: object = {}) {
      const done = await client.send(new UploadPartCommand({ ...of, PartNumber, Body, ...extra }));
      const { ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC64NVME } = done;
      return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC64NVME };
    },
    complete: (Parts: CompletedPart[], extra: object = {}) =>
      client.send(
        new CompleteMultipartUploadCommand({ ...of, MultipartUpload: { Parts }, ...extra }),
      ),
    abort: () => client.send(new AbortMultipartUploadCommand(of)),
    parts: (extra: object = {}) => client.send(new ListPartsCommand({ ...of, ...extra })),
  };
}

async function contentOf(name: string): Promise<string> {
  const found = await client.send(new GetObjectCommand({ Bucket: MAIN, Key: key(name) }));
  const hash = createHash("sha256");
  for await (const bytes of found.Body as AsyncIterable<Uint8Array>) hash.update(bytes);
  return hash.digest("hex");
}

const head = (name: string) =>
  client.send(new HeadObjectCommand({ Bucket: MAIN, Key: key(name), ChecksumMode: "ENABLED" }));

function sha256(...bytes: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const one of bytes) hash.update(one);
  return hash.digest("hex");
}

/** CRC-32 as S3 writes it. */
function sumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString("base64");
}

test("s3 uploads: two parts become one object with type and metadata of the start", async () => {
  const upload = await begin("two", { ContentType: "text/x-two", Metadata: { a: "1" } });
  const parts = [await upload.send(1, part("a")), await upload.send(2, "tail")];
  await failsAs(head("two"), "NotFound", 404);
  const done = await upload.complete(parts);
  assert.equal(done.Key, key("two"));
  const found = await head("two");
  assert.equal(found.ETag, done.ETag);
  assert.equal(found.ContentLength, PART + 4);
  assert.equal(found.ContentType, "text/x-two");
  assert.deepEqual(found.Metadata, { a: "1" });
  assert.equal(await contentOf("two"), sha256(part("a"), "tail"));
});

test("s3 uploads: the checksum of parts is composite, and as S3 works it out", async () => {
  const upload = await begin("composite", { ChecksumAlgorithm: "CRC32" });
  const parts = [await upload.send(1, part("a")), await upload.send(2, "tail")];
  const wrong = upload.complete(parts, { ChecksumCRC32: "AAAAAA==-2" });
  await failsAs(wrong, "BadDigest", 400);
  const digests = Buffer.alloc(8);
  digests.writeUInt32BE(crc32(part("a")), 0);
  digests.writeUInt32BE(crc32("tail"), 4);
  const whole = Buffer.alloc(4);
  whole.writeUInt32BE(crc32(digests));
  const done = await upload.complete(parts, { ChecksumCRC32: `${whole.toString("base64")}-2` });
  assert.equal(done.ChecksumCRC32, `${whole.toString("base64")}-2`);
  assert.equal(done.ChecksumType, "COMPOSITE");
  assert.equal((await head("composite")).ChecksumCRC32, done.ChecksumCRC32);
});

test("s3 uploads: a full-object checksum is that of the bytes", async () => {
  const more = { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" };
  const upload = await begin("full-object", more);
  const parts = [await upload.send(1, part("a")), await upload.send(2, "tail")];
  const whole = Buffer.alloc(4);
  whole.writeUInt32BE(crc32("tail", crc32(part("a"))));
  const wrong = upload.complete(parts, { ChecksumCRC32: "AAAAAA==", ChecksumType: "FULL_OBJECT" });
  await failsAs(wrong, "BadDigest", 400);
  const done = await upload.complete(parts);
  assert.equal(done.ChecksumCRC32, whole.toString("base64"));
  assert.equal(done.ChecksumType, "FULL_OBJECT");
});

test("s3 uploads: parts whose checksum comes behind them are checked and joined", async () => {
  const upload = await begin("late", { ChecksumAlgorithm: "SHA256" });
  const text = "0123456789abcdef".repeat(4096);
  const body = Readable.from(pieces(text, 80), { objectMode: false });
  const sized = { ContentLength: PART, ChecksumAlgorithm: "SHA256" };
  const parts = [
    await upload.send(1, body, sized),
    await upload.send(2, "tail", { ChecksumAlgorithm: "SHA256" }),
  ];
  assert.ok(parts.every((one) => one.ChecksumSHA256?.length === 44));
  const { Parts } = await upload.parts();
  assert.deepEqual(
    Parts?.map((one) => one.ChecksumSHA256),
    parts.map((one) => one.ChecksumSHA256),
  );
  const done = await upload.complete(parts);
  const digests = parts.map((one) => Buffer.from(one.ChecksumSHA256!, "base64"));
  const composite = createHash("sha256").update(Buffer.concat(digests)).digest("base64");
  assert.equal(done.ChecksumSHA256, `${composite}-2`);
  assert.equal(await contentOf("late"), sha256(text.repeat(80), "tail"));
});

test("s3 uploads: a part with a wrong checksum is not kept", async () => {
  const upload = await begin("wrong-sum");
  await failsAs(upload.send(1, "x", { ChecksumCRC32: "AAAAAA==" }), "BadDigest", 400);
  assert.equal((await upload.parts()).Parts, undefined);
  await upload.abort();
});

test("s3 uploads: a part's checksum that is repeated wrongly fails the completion", async () => {
  const upload = await begin("repeated", { ChecksumAlgorithm: "CRC32" });
  const sent = await upload.send(1, "x");
  const wrong = upload.complete([{ ...sent, ChecksumCRC32: "AAAAAA==" }]);
  await failsAs(wrong, "InvalidPart", 400);
  await upload.complete([sent]);
});

test("s3 uploads: parts sent in any order are joined by number", async () => {
  const upload = await begin("any-order");
  const last = await upload.send(7, "end");
  const [second, first] = await Promise.all([upload.send(5, part("b")), upload.send(2, part("a"))]);
  await upload.complete([first!, second!, last]);
  assert.equal(await contentOf("any-order"), sha256(part("a"), part("b"), "end"));
});

test("s3 uploads: a completion out of order is refused, and can be made good", async () => {
  const upload = await begin("out-of-order");
  const parts = [await upload.send(1, part("a")), await upload.send(2, "b")];
  await failsAs(upload.complete(parts.toReversed()), "InvalidPartOrder", 400);
  await failsAs(upload.complete([parts[0]!, parts[0]!]), "InvalidPartOrder", 400);
  await upload.complete(parts);
});

test("s3 uploads: a missing part, or another etag, is InvalidPart", async () => {
  const upload = await begin("invalid");
  const sent = await upload.send(1, "x");
  const missing = upload.complete([sent, { ...sent, PartNumber: 2 }]);
  await failsAs(missing, "InvalidPart", 400);
  await failsAs(upload.complete([{ ...sent, ETag: '"another"' }]), "InvalidPart", 400);
  await failsAs(head("invalid"), "NotFound", 404);
  await upload.complete([sent]);
});

test("s3 uploads: parts that were sent but are not named are left out", async () => {
  const upload = await begin("left-out");
  await upload.send(1, "not this");
  await upload.complete([await upload.send(2, "this")]);
  assert.equal(await contentOf("left-out"), sha256("this"));
});

test("s3 uploads: the same number again replaces the part", async () => {
  const upload = await begin("replaced");
  const first = await upload.send(1, "first");
  const second = await upload.send(1, "second");
  await failsAs(upload.complete([first]), "InvalidPart", 400);
  await upload.complete([second]);
  assert.equal(await contentOf("replaced"), sha256("second"));
});

test("s3 uploads: parts but the last have 5 MiB at least", async () => {
  const upload = await begin("too-small");
  const parts = [await upload.send(1, "small"), await upload.send(2, "b")];
  await failsAs(upload.complete(parts), "EntityTooSmall", 400);
  await upload.abort();
});

test("s3 uploads: one that is aborted is gone with its parts", async () => {
  const upload = await begin("aborted");
  const sent = await upload.send(1, "x");
  await upload.abort();
  await failsAs(upload.send(2, "y"), "NoSuchUpload", 404);
  await failsAs(upload.complete([sent]), "NoSuchUpload", 404);
  await failsAs(upload.parts(), "NoSuchUpload", 404);
  await failsAs(upload.abort(), "NoSuchUpload", 404);
});

test("s3 uploads: an id that is none, or of another key, is NoSuchUpload", async () => {
  const { of } = await begin("one-key");
  for (const wrong of [{ UploadId: "nonsense" }, { Key: key("another-key") }]) {
    const asked = { ...of, ...wrong, PartNumber: 1, Body: "x" };
    await failsAs(client.send(new UploadPartCommand(asked)), "NoSuchUpload", 404);
  }
});

test("s3 uploads: part numbers are 1 to 10000", async () => {
  const upload = await begin("numbers");
  for (const wrong of [0, 10_001]) await failsAs(upload.send(wrong, "x"), "InvalidArgument", 400);
  await upload.complete([await upload.send(10_000, "x")]);
});

test("s3 uploads: completed only if absent", async () => {
  const upload = await begin("conditional");
  await suite.put(key("conditional"), "already there");
  const sent = await upload.send(1, "x");
  await failsAs(upload.complete([sent], { IfNoneMatch: "*" }), "PreconditionFailed", 412);
  assert.equal(await contentOf("conditional"), sha256("already there"));
});

test("s3 uploads: the size that is said must be that of the parts", async () => {
  const upload = await begin("said-size");
  const sent = await upload.send(1, "12345");
  await failsAs(upload.complete([sent], { MpuObjectSize: 6 }), "InvalidRequest", 400);
  await upload.complete([sent], { MpuObjectSize: 5 });
});

test("s3 uploads: no parts at all is MalformedXML", async () => {
  await failsAs((await begin("no-parts")).complete([]), "MalformedXML", 400);
});

test("s3 uploads: parts are listed in pages", async () => {
  const upload = await begin("listed-parts");
  for (const number of [1, 2, 3, 5]) await upload.send(number, `part ${number}`);
  const numbers: unknown[] = [];
  let PartNumberMarker: string | undefined;
  do {
    const page = await upload.parts({ MaxParts: 3, PartNumberMarker });
    numbers.push(...page.Parts!.map((one) => one.PartNumber));
    for (const one of page.Parts!) assert.equal(one.Size, 6);
    PartNumberMarker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (PartNumberMarker !== undefined);
  assert.deepEqual(numbers, [1, 2, 3, 5]);
});

test("s3 uploads: those that go on are listed by prefix, folder and page", async () => {
  for (const name of ["go/1", "go/2", "go/2", "go/in/3"]) await begin(name);
  const list = (more: object) =>
    client.send(new ListMultipartUploadsCommand({ Bucket: MAIN, Prefix: key("go/"), ...more }));
  const all = await list({});
  assert.equal(all.Uploads?.length, 4);
  const folders = await list({ Delimiter: "/" });
  assert.equal(folders.Uploads?.length, 3);
  assert.deepEqual(folders.CommonPrefixes, [{ Prefix: key("go/in/") }]);
  const seen: unknown[] = [];
  let more: object = {};
  for (;;) {
    const page = await list({ MaxUploads: 1, ...more });
    seen.push(...page.Uploads!.map((one) => one.UploadId));
    if (page.IsTruncated !== true) break;
    more = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
  assert.deepEqual(
    seen,
    all.Uploads!.map((one) => one.UploadId),
  );
});

test("s3 uploads: parts are copied from objects, whole or in ranges", async () => {
  await suite.put(key("source"), "0123456789");
  const upload = await begin("copied", { ChecksumAlgorithm: "CRC32" });
  const CopySource = `${MAIN}/${key("source")}`;
  const whole = { ...upload.of, PartNumber: 1, CopySource };
  const first = await client.send(new UploadPartCopyCommand(whole));
  const ranged = { ...whole, PartNumber: 2, CopySourceRange: "bytes=2-4" };
  const second = await client.send(new UploadPartCopyCommand(ranged));
  const { Parts } = await upload.parts();
  assert.deepEqual(
    Parts?.map((one) => [one.Size, one.ETag, one.ChecksumCRC32]),
    [
      [10, first.CopyPartResult!.ETag, sumOf("0123456789")],
      [3, second.CopyPartResult!.ETag, sumOf("234")],
    ],
  );
  const outside = { ...ranged, CopySourceRange: "bytes=5-10" };
  await failsAs(client.send(new UploadPartCopyCommand(outside)), "InvalidRange", 416);
  const changed = { ...ranged, CopySourceIfMatch: '"another"' };
  await failsAs(client.send(new UploadPartCopyCommand(changed)), "PreconditionFailed", 412);
  await upload.complete([{ PartNumber: 2, ETag: second.CopyPartResult!.ETag! }]);
  assert.equal(await contentOf("copied"), sha256("234"));
});
