// What the S3 store does when an endpoint fails, lies, breaks off or is not there.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { collectBytes } from "#kernel/http-client.ts";
import { chunks, failsWith } from "#ports/object-store.suite.ts";
import { headersOfAttributes, objectOfHeaders } from "./s3-attributes.ts";
import { openS3Store } from "./s3-store.suite.ts";
import { readListPage, readS3Error } from "./s3-xml.ts";
import { listening } from "../../../test/support/listening.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** A loopback endpoint that answers the n-th request with the n-th answer, then the last. */
async function endpointOf(t: TestContext, ...answers: Answer[]) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const answer = answers[Math.min(seen.length, answers.length) - 1]!;
    void collectBytes(request, 1 << 26).then((body) => answer(request, response, body));
  });
  const port = await listening(t, server);
  const place = { region: "r", bucket: "lake", access_key: "ID", secret_key: "SECRET" };
  return { seen, place: { ...place, endpoint: `http://127.0.0.1:${port}` } };
}

const status =
  (code: number, headers: Record<string, string> = {}, text = ""): Answer =>
  (_request, response) =>
    void response.writeHead(code, headers).end(text);

const PUT = { bytes_max: 100 };

test("faults of the moment are tried again, refusals are not", async (t) => {
  const busy = await endpointOf(t, status(503), status(429), status(200, { etag: '"e"' }));
  const store = await openS3Store(t, busy.place);
  assert.equal((await store.put("k", chunks("x"), PUT)).etag, '"e"');
  assert.equal(busy.seen.length, 3);
  const down = await endpointOf(t, status(500));
  const failing = await openS3Store(t, down.place, { attempts_max: 3 });
  await assert.rejects(failing.head("k"), failsWith("unavailable", "remote_failed"));
  assert.equal(down.seen.length, 3);
  const refusing = await endpointOf(t, status(403));
  const refused = await openS3Store(t, refusing.place);
  await assert.rejects(refused.head("k"), failsWith("unavailable", "remote_refused"));
  assert.equal(refusing.seen.length, 1);
});

test("an endpoint that cannot be reached is unavailable, named, and no secret is told", async (t) => {
  const gone = await endpointOf(t, status(200));
  const endpoint = "http://127.0.0.1:1";
  const store = await openS3Store(t, { ...gone.place, endpoint }, { attempts_max: 2 });
  await assert.rejects(store.list({ limit: 1 }), (error) => {
    assert.ok(failsWith("unavailable", "unreachable")(error));
    assert.match(String(error), /http:\/\/127\.0\.0\.1:1/);
    assert.doesNotMatch(String(error) + JSON.stringify(error), /SECRET|Signature/);
    return true;
  });
});

test("an endpoint that never answers is given up in time", async (t) => {
  const silent = await endpointOf(t, () => undefined);
  const store = await openS3Store(t, silent.place, { attempts_max: 1, timeout_ms: 50 });
  await assert.rejects(store.head("k"), failsWith("unavailable", "unreachable"));
});

test("a body that breaks off goes on where it was, of the same etag only", async (t) => {
  const etag = '"e"';
  const half: Answer = (_request, response) => {
    response.writeHead(200, { etag, "content-length": "10" });
    response.write("01234");
    setTimeout(() => response.destroy(), 20);
  };
  const range = { etag, "content-range": "bytes 5-9/10", "content-length": "5" };
  const cut = await endpointOf(t, half, status(206, range, "56789"));
  const store = await openS3Store(t, cut.place);
  const found = (await store.get("k"))!;
  assert.equal((await collectBytes(found.body)).toString(), "0123456789");
  const { headers } = cut.seen[1]!;
  assert.deepEqual([headers.range, headers["if-match"]], ["bytes=5-9", etag]);
  const replaced = await endpointOf(t, half, status(412));
  const other = (await (await openS3Store(t, replaced.place)).get("k"))!;
  await assert.rejects(collectBytes(other.body), failsWith("precondition_failed"));
});

test("a conditional put whose first answer was lost knows its own write", async (t) => {
  let write_id = "";
  const lost: Answer = (request, response) => {
    write_id = String(request.headers["x-amz-meta-lakehouse-write"]);
    response.destroy();
  };
  const own: Answer = (_request, response) => {
    response.writeHead(200, { etag: '"e"', "x-amz-meta-lakehouse-write": write_id }).end();
  };
  // Looks before and under the lock, the put twice, then the look at what is there.
  const answers = [status(404), status(404), lost, status(412), own];
  const store = await openS3Store(t, (await endpointOf(t, ...answers)).place);
  const object = await store.put("k", chunks("x"), { ...PUT, if_absent: true });
  assert.deepEqual([object.etag, object.attributes], ['"e"', {}]);
  const theirs = [...answers.slice(0, 4), status(200, { etag: '"other"' })];
  const loser = await openS3Store(t, (await endpointOf(t, ...theirs)).place);
  const put = loser.put("k", chunks("x"), { ...PUT, if_absent: true });
  await assert.rejects(put, failsWith("precondition_failed", "object_exists"));
});

test("an answer of 200 that tells an error is one", async (t) => {
  const text = "<Error><Code>InternalError</Code><Message>later</Message></Error>";
  const started =
    "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
  const lying = await endpointOf(
    t,
    status(200, {}, started),
    status(200, { etag: '"p"' }),
    status(200, {}, text),
    status(204),
  );
  const store = await openS3Store(t, lying.place);
  const large = chunks(Buffer.alloc(16 << 20));
  await assert.rejects(store.put("k", large, { bytes_max: 1 << 30 }), failsWith("unavailable"));
  assert.equal(lying.seen.at(-1)?.method, "DELETE", "the upload is given up");
});

test("lists are read with references decoded and nothing declared taken in", () => {
  const list = (inner: string) =>
    `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`;
  const contents =
    "<Contents><Key>a&amp;b&#34;&#x41;&lt;&unknown;</Key><Size>007</Size><ETag>&quot;e&quot;</ETag>" +
    "<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>";
  const page = readListPage(list(`${contents}<IsTruncated>true</IsTruncated>`));
  const modified_at = "2026-01-02T03:04:05.000Z";
  const object = { key: 'a&b"A<&unknown;', size_bytes: 7, etag: '"e"', modified_at };
  assert.deepEqual(page, { objects: [object], prefixes: [], truncated: true });
  assert.deepEqual(readListPage(list("")).objects, []);
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa">]>${list("<Contents><Key>&a;</Key></Contents>")}`;
  assert.throws(() => readListPage(bomb), failsWith("unavailable"));
  assert.throws(() => readListPage("<html>a proxy</html>"), failsWith("unavailable"));
  assert.deepEqual(readS3Error("no xml at all"), { code: "", message: "" });
});

test("attributes come back from headers as they were, whatever they say", () => {
  const name = fc.oneof(
    fc.constantFrom("cache-control", "expires", "content-encoding", "checksum-sha256"),
    fc.stringMatching(/^meta-(lakehouse-)?[a-z0-9._-]{1,20}$/),
    fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
  );
  // fast-check's own units of any text take most of a second to begin.
  const point = fc.oneof(
    fc.integer({ max: 0x7f, min: 0 }),
    fc.integer({ max: 0xd7ff, min: 0x80 }),
    fc.integer({ max: 0x10ffff, min: 0xe000 }),
  );
  const points = fc.array(point, { maxLength: 50 });
  const value = points.map((all) => String.fromCodePoint(...all));
  const property = fc.property(fc.dictionary(name, value), (attributes) => {
    const headers = headersOfAttributes(attributes);
    for (const text of Object.values(headers)) assert.match(text, /^[\x20-\x7e]+$/);
    assert.deepEqual(objectOfHeaders("k", headers).attributes, { ...attributes });
  });
  fc.assert(property, { numRuns: 40 });
});
