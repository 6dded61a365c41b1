// The S3 door over real storage in memory: what could slip past it, and what must not be lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryObjectStore } from "#adapters/object-store/memory-object-store.ts";
import { storage } from "#contracts/storage.ts";
import { createStorage, oneBucket } from "#data/storage/storage-service.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import { LOCAL_PRINCIPAL } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { collectBytes } from "#kernel/http-client.ts";
import { silentLog } from "#kernel/log.ts";
import { createChecksummer } from "./checksums.ts";
import { openBody } from "./incoming-body.ts";
import { createS3Door } from "./s3-door.ts";
import { S3Error } from "./s3-error.ts";
import { createS3Keys } from "./s3-keys.ts";
import { canonicalRequest, signatureOf, signingKey, stringToSign } from "./sigv4.ts";

const HOST = "127.0.0.1:3110";
const house = { access_key_id: "LHHOUSE", secret_access_key: "house-secret-0123456789" };

async function openDoor() {
  const needs = { log: silentLog, clock: systemClock };
  const objects = await createMemoryObjectStore();
  const service = await createStorage(
    { ...oneBucket(objects), ...needs },
    storageSettings.parse({}),
  );
  const client = connectLocal(storage, service.handlers, { strict: true });
  const keys = createS3Keys({ house, tokens: [], clock: systemClock });
  const door = createS3Door({ storage: client, keys, ...needs });
  async function send(method: string, target: string, options: Sent = {}) {
    const { headers = {}, body } = options;
    const init = { method, headers: { host: HOST, ...headers } };
    const request = new Request(`http://${HOST}${target}`, { ...init, ...(body && { body }) });
    const url = new URL(request.url);
    const authenticate = () => LOCAL_PRINCIPAL;
    const response = await door.handle({ request, url, target, trace_id: "t-1", authenticate });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, code: codeIn(text) };
  }
  const textOf = async (key: string) =>
    (await collectBytes((await client.get({ key })).body)).toString();
  return { client, send, textOf };
}

interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const codeIn = (text: string) => /<Code>(\w+)<\/Code>/.exec(text)?.[1];

/** A presigned PUT of a key, whose query has these parameters too. */
function presigned(key: string, more: Record<string, string> = {}): string {
  const time = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const scope = { date: time.slice(0, 8), region: "us-east-1", service: "s3" };
  const query = new URLSearchParams({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${house.access_key_id}/${scope.date}/us-east-1/s3/aws4_request`,
    "X-Amz-Date": time,
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
    ...more,
  });
  const path = `/lakehouse/${key}`;
  const canonical = canonicalRequest({
    method: "PUT",
    path,
    query: String(query),
    headers: new Headers({ host: HOST }),
    signed_headers: ["host"],
    payload: "UNSIGNED-PAYLOAD",
  });
  const signing_key = signingKey(house.secret_access_key, scope);
  query.set("X-Amz-Signature", signatureOf(signing_key, stringToSign(canonical, time, scope)));
  return `${path}?${query}`;
}

test("metadata that a presigned URL has in its query is kept", async () => {
  const { send, client } = await openDoor();
  const url = presigned("k", { "x-amz-meta-a": "ü 1", "X-Amz-Meta-B": "2" });
  assert.equal((await send("PUT", url, { body: "x" })).status, 200);
  const { attributes } = await client.head({ key: "k" });
  assert.equal(Buffer.from(attributes["meta-a"]!, "latin1").toString(), "ü 1");
  assert.equal(attributes["meta-b"], "2");
});

test("what is refused as a header is refused in the query of a presigned URL too", async () => {
  const { send, client } = await openDoor();
  const refused = [
    [{ "x-amz-acl": "public-read" }, "AccessControlListNotSupported"],
    [{ "x-amz-tagging": "a=b" }, "NotImplemented"],
    [{ "x-amz-server-side-encryption": "AES256" }, "NotImplemented"],
    [{ "x-amz-checksum-crc32": "DUoRhQ==" }, "BadDigest"],
    [{ "x-amz-meta-a": "1", "X-Amz-Meta-A": "2" }, "InvalidArgument"],
    [{ "x-amz-meta-a": "1\r\nx-b: 2" }, "InvalidArgument"],
  ] as const;
  for (const [more, code] of refused) {
    assert.equal((await send("PUT", presigned("k", more), { body: "x" })).code, code);
  }
  const unsigned = `${presigned("k")}&x-amz-meta-a=1`;
  assert.equal((await send("PUT", unsigned, { body: "x" })).code, "SignatureDoesNotMatch");
  await assert.rejects(client.head({ key: "k" }));
  // SDKs sign before there is a body, and put the checksum of none in.
  const of_none = presigned("k", { "x-amz-checksum-crc32": "AAAAAA==" });
  assert.equal((await send("PUT", of_none, { body: "x" })).status, 200);
});

test("attributes of another door become no other headers, and break no answer", async () => {
  const { send, client } = await openDoor();
  const attributes = {
    "content-security-policy": "default-src *",
    "set-cookie": "a=b",
    etag: "mine",
    "x-frame-options": "ALLOWALL",
    "cache-control": "no-store",
    "meta-lines": "a\nb: c",
  };
  const body = (async function* () {
    yield Buffer.from("<script>1</script>");
  })();
  const { etag } = await client.put({ key: "page.html", body, attributes });
  for (const method of ["GET", "HEAD"]) {
    const { status, headers } = await send(method, "/s3/lakehouse/page.html");
    assert.equal(status, 200, method);
    assert.equal(headers.get("etag"), etag);
    assert.equal(headers.get("cache-control"), "no-store");
    for (const name of ["content-security-policy", "set-cookie", "x-frame-options"]) {
      assert.equal(headers.get(name), null, name);
    }
    const lines = Buffer.from("a\nb: c").toString("base64");
    assert.equal(headers.get("x-amz-meta-lines"), `=?UTF-8?B?${lines}?=`);
  }
});

test("a part whose upload was forgotten does not replace the object", async () => {
  const { send, textOf } = await openDoor();
  await send("PUT", "/s3/lakehouse/k", { body: "whole" });
  const part = await send("PUT", "/s3/lakehouse/k?partNumber=1", { body: "part" });
  assert.deepEqual([part.status, part.code], [400, "InvalidArgument"]);
  assert.equal(await textOf("k"), "whole");
});

test("a completion names parts by plain whole numbers", async () => {
  const { send } = await openDoor();
  const begun = await send("POST", "/s3/lakehouse/k?uploads=");
  const id = /<UploadId>(.*?)</.exec(begun.text)![1]!;
  const put = await send("PUT", `/s3/lakehouse/k?partNumber=2&uploadId=${id}`, { body: "x" });
  const complete = (number: string) => {
    const part = `<PartNumber>${number}</PartNumber><ETag>${put.headers.get("etag")}</ETag>`;
    const body = `<CompleteMultipartUpload><Part>${part}</Part></CompleteMultipartUpload>`;
    return send("POST", `/s3/lakehouse/k?uploadId=${id}`, { body });
  };
  for (const number of ["0x2", "2.0", "2e0", "-2", "", "10001"]) {
    assert.equal((await complete(number)).code, "InvalidArgument", number);
  }
  assert.equal((await complete(" 2 ")).status, 200);
});

test("a checksum behind the body that nobody would check is refused", async () => {
  const { send, client } = await openDoor();
  const summer = createChecksummer("crc32");
  summer.update(Buffer.from("hello"));
  const right = summer.digest();
  const put = (trailer: readonly string[], more: Record<string, string> = {}) =>
    send("PUT", "/s3/lakehouse/k", {
      headers: {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "5",
        ...more,
      },
      body: `5\r\nhello\r\n0\r\n${trailer.map((line) => `${line}\r\n`).join("")}\r\n`,
    });
  const announced = { "x-amz-trailer": "x-amz-checksum-crc32" };
  const wrong = "x-amz-checksum-crc32:AAAAAA==";
  const good = `x-amz-checksum-crc32:${right}`;
  assert.equal((await put([wrong])).code, "InvalidRequest");
  assert.equal((await put([wrong, good], announced)).code, "InvalidRequest");
  assert.equal((await put([good, "x-amz-checksum-sha1:x"], announced)).code, "InvalidRequest");
  const both = { ...announced, "x-amz-checksum-crc32": right };
  assert.equal((await put([good], both)).code, "InvalidRequest");
  assert.equal((await put([wrong], announced)).code, "BadDigest");
  await assert.rejects(client.head({ key: "k" }));
  assert.equal((await put([good], announced)).status, 200);
});

test("a body whose sender falls silent is given up, and its source is let go", async () => {
  let let_go = false;
  const silent = {
    [Symbol.asyncIterator]: () => {
      let sent = 0;
      return {
        next: () =>
          sent++ < 3
            ? Promise.resolve({ done: false as const, value: Buffer.from("x") })
            : new Promise<never>(() => undefined),
        async return() {
          let_go = true;
          return { done: true as const, value: undefined };
        },
      };
    },
  };
  const headers = new Headers();
  const body = openBody({ headers, body: silent, signed: undefined, stall_ms: 20 });
  let received = 0;
  const read = async () => {
    for await (const bytes of body.bytes) {
      received += bytes.length;
      // A slow reader is no silent sender.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  const is_timeout = (error: unknown) =>
    error instanceof S3Error && error.code === "RequestTimeout";
  await assert.rejects(read(), is_timeout);
  assert.deepEqual([received, let_go, is_timeout(body.fault())], [3, true, true]);
});
