// The AWS SDK against the S3 door: copies.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { failsAs, openSuite } from "./s3-cases.ts";
import { MAIN, OTHER } from "./s3-house.ts";

const suite = await openSuite("copies");
const { key } = suite;
const CRC32_OF_HELLO = "NhCmhg==";
const B = { Bucket: MAIN };

const get = (Key: string) => suite.client.send(new GetObjectCommand({ ...B, Key }));
const head = (Key: string, more: object = {}) =>
  suite.client.send(new HeadObjectCommand({ ...B, Key, ...more }));

const copy = (CopySource: string, Key: string, more: object = {}) =>
  suite.client.send(new CopyObjectCommand({ ...B, CopySource, Key, ...more }));

test("s3 copies: bytes, type and metadata come along, also from an odd key", async () => {
  const from = key("source ü+%");
  await suite.put(from, "copied", { ContentType: "text/x-a", Metadata: { a: "1" } });
  const done = await copy(`${MAIN}/${encodeURIComponent(from)}`, key("target"));
  const found = await get(key("target"));
  assert.equal(done.CopyObjectResult?.ETag, found.ETag);
  assert.equal(found.ContentType, "text/x-a");
  assert.deepEqual(found.Metadata, { a: "1" });
  assert.equal(await found.Body!.transformToString(), "copied");
});

test("s3 copies: into another bucket", async () => {
  const Key = key("across");
  await suite.put(Key, "across");
  await suite.client.send(
    new CopyObjectCommand({ Bucket: OTHER, Key, CopySource: `/${MAIN}/${Key}` }),
  );
  const found = await suite.client.send(new GetObjectCommand({ Bucket: OTHER, Key }));
  assert.equal(await found.Body!.transformToString(), "across");
});

test("s3 copies: metadata is replaced when that is asked for, the checksum stays", async () => {
  const Key = key("replaced");
  await suite.put(Key, "hello", { Metadata: { a: "1" }, ChecksumCRC32: CRC32_OF_HELLO });
  const more = { MetadataDirective: "REPLACE", Metadata: { b: "2" }, ContentType: "text/x-b" };
  await copy(`${MAIN}/${Key}`, Key, more);
  const found = await head(Key, { ChecksumMode: "ENABLED" });
  assert.deepEqual(found.Metadata, { b: "2" });
  assert.equal(found.ContentType, "text/x-b");
  assert.equal(found.ChecksumCRC32, CRC32_OF_HELLO);
});

test("s3 copies: onto itself without a change is refused", async () => {
  const Key = key("itself");
  await suite.put(Key, "x");
  await failsAs(copy(`${MAIN}/${Key}`, Key), "InvalidRequest", 400);
});

test("s3 copies: conditions on source and target hold, or nothing is copied", async () => {
  const Key = key("copy-source");
  const { ETag } = await suite.put(Key, "x");
  const from = `${MAIN}/${Key}`;
  const future = new Date(Date.now() + 3_600_000);
  await copy(from, key("copy-ok"), { CopySourceIfMatch: ETag });
  for (const wrong of [
    { CopySourceIfMatch: '"another"' },
    { CopySourceIfNoneMatch: ETag },
    { CopySourceIfModifiedSince: future },
    { CopySourceIfUnmodifiedSince: new Date(0) },
  ]) {
    await failsAs(copy(from, key("copy-no"), wrong), "PreconditionFailed", 412);
  }
  await failsAs(copy(from, key("copy-ok"), { IfNoneMatch: "*" }), "PreconditionFailed", 412);
  await failsAs(copy(`${MAIN}/${key("nowhere")}`, key("copy-no")), "NoSuchKey", 404);
  await failsAs(head(key("copy-no")), "NotFound", 404);
});
