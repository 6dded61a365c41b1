// The AWS SDK against the S3 door: signatures, time, presigned URLs, scopes, shapes of errors.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { AwsClient } from "aws4fetch";
import { chunkSignature } from "#edges/s3/aws-chunked.ts";
import type { KeyPair } from "#edges/s3/s3-keys.ts";
import { signingKey } from "#edges/s3/sigv4.ts";
import { failsAs, openSuite } from "./s3-cases.ts";
import { MAIN } from "./s3-house.ts";

const TOKENS = [
  { name: "reader", secret: "reader-secret-0123456789", scopes: ["read" as const] },
  { name: "writer", secret: "writer-secret-0123456789", scopes: ["read", "write"] as const },
  { name: "boss", secret: "boss-secret-0123456789", scopes: ["admin" as const] },
];
const open = await openSuite("signing");
const closed = await openSuite("closed", { tokens: TOKENS });
const Key = open.key("object");
const B = { Bucket: MAIN };
await open.put(Key, "hello");

interface Sent {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
}

/** A client whose requests are changed after they were signed. */
function tampering(change: (sent: Sent) => void): S3Client {
  const client = open.another();
  client.middlewareStack.add(
    (next) => (args) => {
      change(args.request as Sent);
      return next(args);
    },
    { step: "deserialize", priority: "low", name: "tamper" },
  );
  return client;
}

const get = (client: S3Client, more: object = {}) =>
  client.send(new GetObjectCommand({ ...B, Key, ...more }));
const put = (client: S3Client, own = Key, body = "hello") =>
  client.send(new PutObjectCommand({ ...B, Key: own, Body: body }));

async function unchanged(): Promise<void> {
  assert.equal(await (await get(open.client)).Body!.transformToString(), "hello");
}

test("s3 signing: a key that is not known is InvalidAccessKeyId", async () => {
  const pair = { ...open.house.house, access_key_id: "AKIDNOBODY" };
  await failsAs(get(open.another(pair)), "InvalidAccessKeyId", 403);
});

test("s3 signing: a wrong secret is SignatureDoesNotMatch, which tells no secret", async () => {
  const pair = { ...open.house.house, secret_access_key: "a-wrong-secret-of-some-length" };
  const error = await failsAs(get(open.another(pair)), "SignatureDoesNotMatch", 403);
  assert.equal(JSON.stringify(error).includes(open.house.house.secret_access_key), false);
});

const TAMPERINGS: Readonly<Record<string, (sent: Sent) => void>> = {
  "another path": (sent) => void (sent.path += "x"),
  "another method": (sent) => void (sent.method = "DELETE"),
  "one more query": (sent) => void (sent.query["versionId"] = "null"),
  "a query changed": (sent) => void (sent.query["x-id"] = "Other"),
  "a signed header changed": (sent) => void (sent.headers["x-amz-date"] = "20300101T000000Z"),
  "another user agent, signed or not": (sent) => {
    sent.headers["x-amz-user-agent"] = "somebody else";
  },
};

for (const [what, change] of Object.entries(TAMPERINGS)) {
  test(`s3 signing: ${what} after signing is refused`, async () => {
    const error = await get(tampering(change)).then(
      () => assert.fail("it was taken"),
      (thrown: { $metadata?: { httpStatusCode?: number } }) => thrown,
    );
    assert.ok([400, 403].includes(error.$metadata?.httpStatusCode ?? 0), String(error));
    await unchanged();
  });
}

test("s3 signing: an x-amz header that is not signed is refused", async () => {
  const client = tampering((sent) => void (sent.headers["x-amz-meta-added"] = "1"));
  await failsAs(put(client), "AccessDenied", 403);
});

test("s3 signing: another body after signing stores nothing", async () => {
  const client = tampering((sent) => void (sent.body = Buffer.from("HELLO")));
  await failsAs(put(client), "XAmzContentSHA256Mismatch", 400);
  await unchanged();
});

test("s3 signing: a body cut short stores nothing", async () => {
  const url = new URL(`${open.house.url}/${MAIN}/${Key}`);
  const { house } = open.house;
  const aws = new AwsClient({
    accessKeyId: house.access_key_id,
    secretAccessKey: house.secret_access_key,
    service: "s3",
    region: "us-east-1",
  });
  const signed = await aws.sign(url.href, { method: "PUT", body: "hello world" });
  const { connect } = await import("node:net");
  const socket = connect(Number(url.port), "127.0.0.1");
  const lines = [...signed.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(
    `PUT ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n${lines}content-length: 11\r\n\r\nhel`,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await unchanged();
});

for (const [what, offset_ms] of [
  ["late", -16 * 60_000],
  ["early", 16 * 60_000],
] as const) {
  test(`s3 signing: sixteen minutes too ${what} is RequestTimeTooSkewed`, async () => {
    const client = open.another(open.house.house, { systemClockOffset: offset_ms });
    await failsAs(get(client), "RequestTimeTooSkewed", 403);
  });
  test(`s3 signing: fourteen minutes ${what} is still taken`, async () => {
    const nearly_ms = offset_ms - Math.sign(offset_ms) * 120_000;
    const client = open.another(open.house.house, { systemClockOffset: nearly_ms });
    await get(client);
  });
}

test("s3 signing: any region is taken, another service is not", async () => {
  await get(open.another(open.house.house, { region: "eu-north-1" }));
  const { house } = open.house;
  const aws = new AwsClient({
    accessKeyId: house.access_key_id,
    secretAccessKey: house.secret_access_key,
    service: "ec2",
    region: "us-east-1",
  });
  const request = await aws.sign(`${open.house.url}/${MAIN}/${Key}`, {
    headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
  });
  const response = await fetch(request);
  assert.equal(response.status, 400);
  assert.match(await response.text(), /<Code>AuthorizationHeaderMalformed<\/Code>/);
});

test("s3 signing: older schemes of AWS are refused in S3's shape", async () => {
  const headers = { authorization: "AWS somebody:c2lnbmF0dXJl" };
  const response = await fetch(`${open.house.url}/${MAIN}/${Key}`, { headers });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /<Code>InvalidRequest<\/Code>/);
});

const presign = (
  client: S3Client,
  command: GetObjectCommand | PutObjectCommand,
  more: object = {},
) => getSignedUrl(client as never, command as never, { expiresIn: 60, ...more });

test("s3 presigned: a GET works in any HTTP client, also with headers of the answer", async () => {
  const command = new GetObjectCommand({ ...B, Key, ResponseContentType: "text/x-mine" });
  const response = await fetch(await presign(open.client, command));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/x-mine");
  assert.equal(await response.text(), "hello");
});

test("s3 presigned: a PUT stores, and another key is not covered", async () => {
  const own = open.key("presigned put ü");
  const url = await presign(open.client, new PutObjectCommand({ ...B, Key: own }));
  const done = await fetch(url, { method: "PUT", body: "by url" });
  assert.equal(done.status, 200, await done.text());
  const found = await open.client.send(new GetObjectCommand({ ...B, Key: own }));
  assert.equal(await found.Body!.transformToString(), "by url");
  const other = await fetch(url.replace("presigned", "another"), { method: "PUT", body: "x" });
  assert.equal(other.status, 403);
  assert.equal((await fetch(url)).status, 403);
});

test("s3 presigned: one that has expired is AccessDenied", async () => {
  const signingDate = new Date(Date.now() - 120_000);
  const command = new GetObjectCommand({ ...B, Key });
  const response = await fetch(await presign(open.client, command, { signingDate }));
  assert.equal(response.status, 403);
  assert.match(await response.text(), /<Code>AccessDenied<.*Request has expired/);
});

test("s3 presigned: longer than a week is refused", async () => {
  const url = new URL(await presign(open.client, new GetObjectCommand({ ...B, Key })));
  url.searchParams.set("X-Amz-Expires", "604801");
  const response = await fetch(url);
  assert.equal(response.status, 400);
  assert.match(await response.text(), /AuthorizationQueryParametersError/);
});

test("s3 doors: below /s3 and with aws4fetch it is the same house", async () => {
  const { house } = open.house;
  const aws = new AwsClient({
    accessKeyId: house.access_key_id,
    secretAccessKey: house.secret_access_key,
    service: "s3",
    region: "auto",
  });
  const url = `${open.house.url}/s3/${MAIN}/${Key}`;
  assert.equal(await (await aws.fetch(url)).text(), "hello");
  const client = open.another(house, { endpoint: `${open.house.url}/s3` });
  assert.equal(await (await get(client)).Body!.transformToString(), "hello");
});

test("s3 doors: without auth, loopback needs no signature below /s3, and only there", async () => {
  const found = await fetch(`${open.house.url}/s3/${MAIN}/${Key}`);
  assert.equal(await found.text(), "hello");
  const elsewhere = await fetch(`${open.house.url}/${MAIN}/${Key}`);
  assert.equal(elsewhere.status, 404);
  assert.match(elsewhere.headers.get("content-type") ?? "", /problem\+json/);
});

test("s3 doors: pages of other sites are refused before the door", async () => {
  const headers = { origin: "https://evil.test" };
  const response = await fetch(`${open.house.url}/s3/${MAIN}/${Key}`, { headers });
  assert.equal(response.status, 403);
});

test("s3 errors: a document with code, message, resource and the id that the headers have", async () => {
  const headers = { "x-lakehouse-trace-id": "trace-1" };
  const response = await fetch(`${open.house.url}/s3/${MAIN}/no<such>key`, { headers });
  const text = await response.text();
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("content-type"), "application/xml");
  assert.equal(response.headers.get("x-amz-request-id"), "trace-1");
  assert.equal(response.headers.get("x-lakehouse-trace-id"), "trace-1");
  assert.match(text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code>/);
  assert.match(text, /<Resource>\/s3\/lakehouse\/no%3Csuch%3Ekey<\/Resource>/i);
  assert.match(text, /<RequestId>trace-1<\/RequestId><\/Error>$/);
});

test("s3 errors: to HEAD without a body", async () => {
  const url = `${open.house.url}/s3/${MAIN}/nothing`;
  const response = await fetch(url, { method: "HEAD" });
  assert.equal(response.status, 404);
  assert.ok(response.headers.get("x-amz-request-id"));
  assert.equal(await response.text(), "");
});

test("s3 errors: methods and paths that mean nothing are told", async () => {
  for (const [method, path, status] of [
    ["PATCH", `/s3/${MAIN}/a`, 405],
    ["POST", "/s3/", 405],
    ["POST", `/s3/${MAIN}`, 501],
    ["GET", "/s3/UPPER/a", 400],
    ["GET", `/s3/${MAIN}/%ff`, 400],
  ] as const) {
    const response = await fetch(`${open.house.url}${path}`, { method });
    assert.equal(response.status, status, `${method} ${path}`);
    assert.match(await response.text(), /<Error><Code>/);
  }
});

test("s3 chunks: signed chunks are taken, one byte changed in them stores nothing", async () => {
  const own = `${Key}-chunked`;
  const body = Buffer.alloc(100_000, "c");
  assert.equal((await sendChunked(own, body, false)).status, 200);
  const found = await open.client.send(new HeadObjectCommand({ ...B, Key: own }));
  assert.equal(found.ContentLength, body.length);
  assert.equal(found.ContentEncoding, undefined);
  const { ETag } = found;
  const changed = await sendChunked(own, body, true);
  assert.equal(changed.status, 403);
  assert.match(await changed.text(), /SignatureDoesNotMatch/);
  const after = await open.client.send(new HeadObjectCommand({ ...B, Key: own }));
  assert.equal(after.ETag, ETag);
});

async function sendChunked(own: string, bytes: Buffer, tamper: boolean): Promise<Response> {
  const { house, url } = open.house;
  const aws = new AwsClient({
    accessKeyId: house.access_key_id,
    secretAccessKey: house.secret_access_key,
    service: "s3",
    region: "us-east-1",
  });
  const { headers, url: target } = await aws.sign(`${url}/${MAIN}/${own}`, {
    method: "PUT",
    headers: {
      "content-encoding": "aws-chunked",
      "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "x-amz-decoded-content-length": String(bytes.length),
    },
  });
  const time = headers.get("x-amz-date")!;
  const scope = { date: time.slice(0, 8), region: "us-east-1", service: "s3" };
  const seed = /Signature=([0-9a-f]{64})/.exec(headers.get("authorization")!)![1]!;
  const signer = { key: signingKey(house.secret_access_key, scope), scope, time, seed };
  const body: Buffer[] = [];
  let previous = seed;
  for (const piece of [bytes.subarray(0, 65_536), bytes.subarray(65_536), Buffer.alloc(0)]) {
    previous = chunkSignature(signer, previous, createHash("sha256").update(piece).digest("hex"));
    const sent = Buffer.from(piece);
    if (tamper && sent.length > 0 && sent.length < 65_536) sent[0] = 0;
    body.push(Buffer.from(`${sent.length.toString(16)};chunk-signature=${previous}\r\n`), sent);
    body.push(Buffer.from("\r\n"));
  }
  return fetch(target, { method: "PUT", headers, body: Buffer.concat(body) });
}

const pairOf = (name: string): KeyPair => ({
  access_key_id: name,
  secret_access_key: TOKENS.find((one) => one.name === name)!.secret,
});

test("s3 auth: with tokens, an unsigned request is AccessDenied and the house key no key", async () => {
  const response = await fetch(`${closed.house.url}/s3/${MAIN}/a`);
  assert.equal(response.status, 403);
  assert.match(await response.text(), /<Code>AccessDenied<\/Code>/);
  await failsAs(get(closed.client), "InvalidAccessKeyId", 403);
});

test("s3 auth: a token is a key pair, and does what its scopes allow", async () => {
  const own = closed.key("scoped");
  await put(closed.another(pairOf("writer")), own);
  const reader = closed.another(pairOf("reader"));
  await reader.send(new GetObjectCommand({ ...B, Key: own }));
  await failsAs(put(reader, own), "AccessDenied", 403);
  await reader.send(new ListBucketsCommand({}));
});

test("s3 auth: what services keep is written by admins only; datasets/ by any writer", async () => {
  const writer = closed.another(pairOf("writer"));
  for (const kept of ["_catalog/x", "_vectors/x", "_rejects/x", "_CATALOG/x"]) {
    await failsAs(put(writer, kept), "AccessDenied", 403);
  }
  await put(writer, "datasets/t/data/1.parquet");
  await put(closed.another(pairOf("boss")), "_catalog/x");
  const Objects = [{ Key: "_catalog/x" }, { Key: "datasets/t/data/1.parquet" }];
  const done = await writer.send(new DeleteObjectsCommand({ ...B, Delete: { Objects } }));
  assert.deepEqual(
    done.Errors?.map((one) => [one.Key, one.Code]),
    [["_catalog/x", "AccessDenied"]],
  );
  assert.equal(done.Deleted?.length, 1);
});

test("s3 auth: a bearer token opens the door below /s3", async () => {
  const url = `${closed.house.url}/s3/${MAIN}/${closed.key("bearer")}`;
  const with_token = (name: string) => ({
    authorization: `Bearer ${pairOf(name).secret_access_key}`,
  });
  const put = { method: "PUT", body: "x" };
  assert.equal((await fetch(url, { ...put, headers: with_token("writer") })).status, 200);
  assert.equal((await fetch(url, { headers: with_token("reader") })).status, 200);
  const refused = await fetch(url, { ...put, headers: with_token("reader") });
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /<Code>AccessDenied<\/Code>/);
});

test("s3 auth: a vended key works for its scopes and its time, a forged one does not", async () => {
  const { keys } = closed.house;
  const principal = { name: "writer", scopes: ["read" as const] };
  const vended = keys.vend(principal, 60_000);
  await put(closed.another(pairOf("writer")), Key);
  const client = closed.another(vended);
  assert.equal(await (await get(client)).Body!.transformToString(), "hello");
  await failsAs(put(client), "AccessDenied", 403);
  await failsAs(get(closed.another(keys.vend(principal, -5_000))), "ExpiredToken", 400);
  const more = keys.vend({ ...principal, scopes: ["read", "write"] }, 60_000);
  const forged = { ...more, secret_access_key: vended.secret_access_key };
  await failsAs(put(closed.another(forged)), "SignatureDoesNotMatch", 403);
});
