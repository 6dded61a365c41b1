// The AWS SDK against the S3 door: objects, ranges, conditions, checksums.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type GetObjectCommandInput,
  type HeadObjectCommandInput,
} from "@aws-sdk/client-s3";
import { failsAs, openSuite, pieces } from "./s3-cases.ts";
import { MAIN, OTHER } from "./s3-house.ts";

const KIB = 1024;
const suite = await openSuite("objects", {
  settings: { object_bytes_max: 4 * KIB * KIB, caps: { "small/": 10 } },
});
const { key } = suite;
const B = { Bucket: MAIN };

const get = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  suite.client.send(new GetObjectCommand({ ...B, Key, ...more }));
const head = (Key: string, more: Partial<HeadObjectCommandInput> = {}) =>
  suite.client.send(new HeadObjectCommand({ ...B, Key, ...more }));
const text = async (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  (await get(Key, more)).Body!.transformToString();

test("s3 buckets: listed, found, located, without versions", async () => {
  const { Buckets } = await suite.client.send(new ListBucketsCommand({}));
  assert.deepEqual(
    Buckets?.map((one) => one.Name),
    [MAIN, OTHER],
  );
  await suite.client.send(new HeadBucketCommand(B));
  const location = await suite.client.send(new GetBucketLocationCommand(B));
  assert.equal(location.LocationConstraint, undefined);
  const versioning = await suite.client.send(new GetBucketVersioningCommand(B));
  assert.equal(versioning.Status, undefined);
});

test("s3 buckets: one that is not there is NoSuchBucket, for HEAD 404", async () => {
  const Bucket = "no-such-bucket";
  const asked = suite.client.send(new GetObjectCommand({ Bucket, Key: "a" }));
  await failsAs(asked, "NoSuchBucket", 404);
  await failsAs(suite.client.send(new HeadBucketCommand({ Bucket })), "NotFound", 404);
});

test("s3 buckets: making one that is there says that it is yours", async () => {
  await failsAs(suite.client.send(new CreateBucketCommand(B)), "BucketAlreadyOwnedByYou", 409);
});

test("s3 buckets: making or removing one says that they are configured", async () => {
  const made = suite.client.send(new CreateBucketCommand({ Bucket: "brand-new" }));
  assert.match((await failsAs(made, "NotImplemented", 501)).message, /storage\.buckets\.brand-new/);
  const removed = suite.client.send(new DeleteBucketCommand(B));
  assert.match((await failsAs(removed, "NotImplemented", 501)).message, /lakehouse\.toml/);
});

test("s3 buckets: ACLs and tags are not implemented, and say so", async () => {
  await failsAs(suite.client.send(new GetBucketAclCommand(B)), "NotImplemented", 501);
  const tags = suite.client.send(new GetObjectTaggingCommand({ ...B, Key: "a" }));
  await failsAs(tags, "NotImplemented", 501);
});

test("s3 objects: what is put is got, with type, metadata and headers", async () => {
  await suite.put(key("full"), "hello", {
    ContentType: "text/x-hello",
    CacheControl: "max-age=5",
    ContentDisposition: "inline",
    ContentLanguage: "en",
    ContentEncoding: "identity",
    Metadata: { one: "1", "two-words": "a b  c" },
  });
  for (const found of [await get(key("full")), await head(key("full"))]) {
    assert.equal(found.ContentLength, 5);
    assert.equal(found.ContentType, "text/x-hello");
    assert.equal(found.CacheControl, "max-age=5");
    assert.equal(found.ContentDisposition, "inline");
    assert.equal(found.ContentLanguage, "en");
    assert.equal(found.ContentEncoding, "identity");
    assert.deepEqual(found.Metadata, { one: "1", "two-words": "a b  c" });
    assert.ok(Date.now() - found.LastModified!.getTime() < 60_000);
  }
  assert.equal(await text(key("full")), "hello");
});

test("s3 objects: the bytes are those that other doors of storage show", async () => {
  await suite.put(key("shared"), "seen everywhere");
  const info = await suite.house.storage.head({ key: key("shared") });
  assert.equal(info.size_bytes, 15);
  assert.equal(info.etag, (await head(key("shared"))).ETag);
});

test("s3 objects: an empty object is one", async () => {
  await suite.put(key("empty"), "");
  assert.equal((await head(key("empty"))).ContentLength, 0);
  assert.equal(await text(key("empty")), "");
});

test("s3 objects: put again, the etag is another and the bytes are the new ones", async () => {
  const first = await suite.put(key("twice"), "one");
  const second = await suite.put(key("twice"), "two");
  assert.notEqual(first.ETag, second.ETag);
  assert.equal(await text(key("twice")), "two");
});

test("s3 objects: the second bucket is another place", async () => {
  const Key = key("elsewhere");
  await suite.client.send(new PutObjectCommand({ Bucket: OTHER, Key, Body: "there" }));
  await failsAs(get(Key), "NoSuchKey", 404);
  const found = await suite.client.send(new GetObjectCommand({ Bucket: OTHER, Key }));
  assert.equal(await found.Body!.transformToString(), "there");
});

test("s3 objects: what is not there is NoSuchKey, for HEAD 404 without a body", async () => {
  await failsAs(get(key("nowhere")), "NoSuchKey", 404);
  await failsAs(head(key("nowhere")), "NotFound", 404);
});

test("s3 objects: deleted once or twice, it is gone", async () => {
  await suite.put(key("doomed"), "x");
  for (let turn = 0; turn < 2; turn++) {
    const { $metadata } = await suite.client.send(
      new DeleteObjectCommand({ ...B, Key: key("doomed") }),
    );
    assert.equal($metadata.httpStatusCode, 204);
  }
  await failsAs(get(key("doomed")), "NoSuchKey", 404);
});

test("s3 objects: response headers can be asked for", async () => {
  await suite.put(key("named"), "x", { ContentType: "text/plain" });
  const found = await get(key("named"), {
    ResponseContentType: "application/x-other",
    ResponseContentDisposition: 'attachment; filename="a.txt"',
    ResponseCacheControl: "no-store",
  });
  assert.equal(found.ContentType, "application/x-other");
  assert.equal(found.ContentDisposition, 'attachment; filename="a.txt"');
  assert.equal(found.CacheControl, "no-store");
});

test("s3 objects: attributes tell size, etag and checksum", async () => {
  const { ETag } = await suite.put(key("attributes"), "hello", { ChecksumAlgorithm: "SHA256" });
  const found = await suite.client.send(
    new GetObjectAttributesCommand({
      ...B,
      Key: key("attributes"),
      ObjectAttributes: ["ETag", "ObjectSize", "Checksum", "StorageClass"],
    }),
  );
  assert.equal(found.ETag, ETag!.replaceAll('"', ""));
  assert.equal(found.ObjectSize, 5);
  assert.equal(found.Checksum?.ChecksumSHA256, "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
  assert.equal(found.Checksum?.ChecksumType, "FULL_OBJECT");
});

test("s3 objects: what would be dropped silently is refused instead", async () => {
  const Key = key("unkept");
  await failsAs(suite.put(Key, "x", { Tagging: "a=b" }), "NotImplemented", 501);
  await failsAs(suite.put(Key, "x", { ServerSideEncryption: "AES256" }), "NotImplemented", 501);
  await failsAs(suite.put(Key, "x", { StorageClass: "GLACIER" }), "InvalidStorageClass", 400);
  const acl = suite.put(Key, "x", { ACL: "public-read" });
  await failsAs(acl, "AccessControlListNotSupported", 400);
  const large = suite.put(Key, "x", { Metadata: { a: "x".repeat(2048) } });
  await failsAs(large, "MetadataTooLarge", 400);
  await failsAs(get(Key), "NoSuchKey", 404);
});

test("s3 caps: over the cap of its prefix nothing is stored", async () => {
  await suite.put("small/fits", "0123456789");
  await failsAs(suite.put("small/over", "0123456789a"), "EntityTooLarge", 400);
  await failsAs(head("small/over"), "NotFound", 404);
});

test("s3 caps: a length over the cap is answered before any of the body is sent", async () => {
  const asked = request(`${suite.house.url}/s3/${MAIN}/${key("huge")}`, {
    method: "PUT",
    headers: { "content-length": String(10 * 1024 ** 3) },
  });
  asked.on("error", () => undefined);
  asked.flushHeaders();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const body = await new Response(Readable.toWeb(response) as ReadableStream).text();
  asked.destroy();
  assert.equal(response.statusCode, 400);
  assert.match(body, /<Code>EntityTooLarge<\/Code>/);
});

for (const [range, expected, content_range] of [
  ["bytes=0-0", "0", "bytes 0-0/10"],
  ["bytes=2-4", "234", "bytes 2-4/10"],
  ["bytes=7-", "789", "bytes 7-9/10"],
  ["bytes=-3", "789", "bytes 7-9/10"],
  ["bytes=5-100", "56789", "bytes 5-9/10"],
  ["bytes=-100", "0123456789", "bytes 0-9/10"],
] as const) {
  test(`s3 ranges: ${range} of ten bytes is ${content_range}`, async () => {
    await suite.put(key("ten"), "0123456789");
    const found = await get(key("ten"), { Range: range, ChecksumMode: "ENABLED" });
    assert.equal(found.$metadata.httpStatusCode, 206);
    assert.equal(found.ContentRange, content_range);
    assert.equal(found.ContentLength, expected.length);
    assert.equal(await found.Body!.transformToString(), expected);
  });
}

test("s3 ranges: one behind the end is InvalidRange, nonsense is the whole", async () => {
  await suite.put(key("ten"), "0123456789");
  await failsAs(get(key("ten"), { Range: "bytes=10-" }), "InvalidRange", 416);
  assert.equal(await text(key("ten"), { Range: "lines=1-2" }), "0123456789");
});

test("s3 conditions: a read goes by RFC 9110 in its order", async () => {
  const Key = key("conditional");
  const { ETag } = await suite.put(Key, "x");
  const past = new Date(Date.now() - 3_600_000);
  const future = new Date(Date.now() + 3_600_000);
  assert.equal(await text(Key, { IfMatch: ETag! }), "x");
  assert.equal(await text(Key, { IfMatch: ETag!, IfUnmodifiedSince: past }), "x");
  assert.equal(await text(Key, { IfNoneMatch: '"another"', IfModifiedSince: future }), "x");
  assert.equal(await text(Key, { IfUnmodifiedSince: future }), "x");
  assert.equal(await text(Key, { IfModifiedSince: past }), "x");
  await failsAs(get(Key, { IfMatch: '"another"' }), "PreconditionFailed", 412);
  await failsAs(get(Key, { IfUnmodifiedSince: past }), "PreconditionFailed", 412);
  await failsAs(get(Key, { IfMatch: '"another"', Range: "bytes=9-" }), "PreconditionFailed", 412);
});

test("s3 conditions: not modified is 304 to GET and HEAD", async () => {
  const Key = key("conditional");
  const { ETag } = await suite.put(Key, "x");
  const future = new Date(Date.now() + 3_600_000);
  for (const asked of [{ IfNoneMatch: ETag! }, { IfModifiedSince: future }, { IfNoneMatch: "*" }]) {
    for (const read of [get, head]) {
      const status = await read(Key, asked).catch((error) => error.$metadata.httpStatusCode);
      assert.equal(status, 304, JSON.stringify(asked));
    }
  }
});

test("s3 conditions: a put only if absent, or only if unchanged", async () => {
  const Key = key("guarded");
  const { ETag } = await suite.put(Key, "1", { IfNoneMatch: "*" });
  await failsAs(suite.put(Key, "2", { IfNoneMatch: "*" }), "PreconditionFailed", 412);
  const second = await suite.put(Key, "2", { IfMatch: ETag });
  await failsAs(suite.put(Key, "3", { IfMatch: ETag }), "PreconditionFailed", 412);
  await suite.put(Key, "3", { IfMatch: second.ETag!.replaceAll('"', "") });
  assert.equal(await text(Key), "3");
  await failsAs(suite.put(key("absent"), "x", { IfMatch: ETag }), "NoSuchKey", 404);
  await failsAs(suite.put(Key, "x", { IfNoneMatch: ETag }), "NotImplemented", 501);
});

test("s3 conditions: a delete only if unchanged", async () => {
  const Key = key("guarded-delete");
  const { ETag } = await suite.put(Key, "1");
  const wrong = suite.client.send(new DeleteObjectCommand({ ...B, Key, IfMatch: '"another"' }));
  await failsAs(wrong, "PreconditionFailed", 412);
  await suite.client.send(new DeleteObjectCommand({ ...B, Key, IfMatch: ETag! }));
  await failsAs(get(Key), "NoSuchKey", 404);
});

test("s3 races: of twenty that put only if absent, one wins", async () => {
  const Key = key("race");
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, at) => suite.put(Key, `writer ${at}`, { IfNoneMatch: "*" })),
  );
  const winners = all.flatMap((one, at) => (one.status === "fulfilled" ? [at] : []));
  assert.equal(winners.length, 1);
  assert.equal(await text(Key), `writer ${winners[0]}`);
  for (const one of all)
    if (one.status === "rejected") assert.equal(one.reason.name, "PreconditionFailed");
});

test("s3 races: a counter raised by eight writers under If-Match loses nothing", async () => {
  const Key = key("counter");
  await suite.put(Key, "0");
  async function raise(): Promise<void> {
    for (;;) {
      const found = await get(Key);
      const next = Number(await found.Body!.transformToString()) + 1;
      const done = await suite.put(Key, String(next), { IfMatch: found.ETag }).then(
        () => true,
        (error) => assert.equal(error.name, "PreconditionFailed"),
      );
      if (done === true) return;
    }
  }
  await Promise.all(Array.from({ length: 8 }, raise));
  assert.equal(await text(Key), "8");
});

const SUMS = {
  CRC32: "NhCmhg==",
  CRC32C: "mnG7TA==",
  CRC64NVME: "M3eFcAZSQlc=",
  SHA1: "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
  SHA256: "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
};

for (const [name, right] of Object.entries(SUMS)) {
  const field = `Checksum${name}` as const;
  test(`s3 checksums: ${name} is checked, kept and told when it is asked for`, async () => {
    const Key = key(`sum-${name}`);
    await suite.put(Key, "hello", { [field]: right });
    const found = (await head(Key, { ChecksumMode: "ENABLED" })) as unknown as Record<
      string,
      unknown
    >;
    assert.equal(found[field], right);
    assert.equal(found["ChecksumType"], "FULL_OBJECT");
    assert.equal(((await head(Key)) as unknown as Record<string, unknown>)[field], undefined);
    assert.equal(await text(Key, { ChecksumMode: "ENABLED" }), "hello");
  });

  test(`s3 checksums: a wrong ${name} stores nothing`, async () => {
    const Key = key(`wrong-sum-${name}`);
    await failsAs(suite.put(Key, "hellO", { [field]: right }), "BadDigest", 400);
    await failsAs(suite.put(Key, "hello", { [field]: "AAAA" }), "InvalidRequest", 400);
    await failsAs(head(Key), "NotFound", 404);
  });
}

test("s3 checksums: Content-MD5 is checked", async () => {
  const Key = key("md5");
  await suite.put(Key, "hello", { ContentMD5: "XUFAKrxLKna5cZ2REBfFkg==" });
  const wrong = suite.put(Key, "other", { ContentMD5: "XUFAKrxLKna5cZ2REBfFkg==" });
  await failsAs(wrong, "BadDigest", 400);
  await failsAs(suite.put(Key, "hello", { ContentMD5: "nonsense" }), "InvalidDigest", 400);
  assert.equal(await text(Key), "hello");
});

for (const [size, count] of [
  ["small", 10],
  ["large", 3000],
] as const) {
  test(`s3 checksums: a ${size} stream brings its checksum behind it`, async () => {
    const Key = key(`stream-${size}`);
    const piece = "0123456789abcdef".repeat(64);
    await suite.put(Key, "", {
      Body: Readable.from(pieces(piece, count), { objectMode: false }),
      ContentLength: piece.length * count,
      ChecksumAlgorithm: "CRC64NVME",
      Metadata: { by: "stream" },
    });
    const found = await head(Key, { ChecksumMode: "ENABLED" });
    assert.equal(found.ContentLength, piece.length * count);
    assert.equal(found.ChecksumCRC64NVME?.length, 12);
    assert.deepEqual(found.Metadata, { by: "stream" });
    assert.equal(await text(Key, { ChecksumMode: "ENABLED" }), piece.repeat(count));
  });
}
