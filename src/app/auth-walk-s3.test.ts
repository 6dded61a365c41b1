// Every operation of the S3 door without, with wrong, with insufficient and with right credentials.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsClient } from "aws4fetch";
import { fileLifetime } from "../../test/support/file-lifetime.ts";
import { SECRETS, serveGuardedHouse, type ServedHouse } from "../../test/support/served-house.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

const lifetime = fileLifetime();
let house: ServedHouse;

lifetime.beforeFirst(async () => {
  house = await serveGuardedHouse(lifetime, await tempDir(lifetime));
});

const BUCKET = "/s3/lakehouse";
const KEY = `${BUCKET}/notes/a.txt`;
const DELETE = "<Delete><Object><Key>notes/none</Key></Object></Delete>";

/** Method, path, whether it writes, body. */
const OPERATIONS: readonly (readonly [string, string, boolean, string?])[] = [
  ["GET", "/s3/", false],
  ["PUT", "/s3/another", true],
  ["HEAD", BUCKET, false],
  ["GET", `${BUCKET}?location`, false],
  ["GET", `${BUCKET}?versioning`, false],
  ["GET", `${BUCKET}?uploads`, false],
  ["GET", `${BUCKET}?list-type=2`, false],
  ["GET", BUCKET, false],
  ["POST", `${BUCKET}?delete`, true, DELETE],
  ["PUT", KEY, true, "hello"],
  ["HEAD", KEY, false],
  ["GET", KEY, false],
  ["GET", `${KEY}?attributes`, false],
  ["POST", `${KEY}?uploads`, true],
  ["PUT", `${KEY}?uploadId=x&partNumber=1`, true, "part"],
  ["GET", `${KEY}?uploadId=x`, false],
  ["POST", `${KEY}?uploadId=x`, true, "<CompleteMultipartUpload></CompleteMultipartUpload>"],
  ["DELETE", `${KEY}?uploadId=x`, true],
  ["DELETE", KEY, true],
  ["DELETE", "/s3/another", true],
];

type Pair = readonly [id: string, secret: string];

async function signed(
  [accessKeyId, secretAccessKey]: Pair,
  method: string,
  path: string,
  body = "",
) {
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "auto" });
  const init = { method, ...(method === "PUT" || method === "POST" ? { body } : {}) };
  return fetch(await client.sign(`${house.url}${path}`, init));
}

async function refusedAs(answer: Response, codes: RegExp, id: string): Promise<void> {
  assert.equal(answer.status, 403, id);
  const text = await answer.text();
  if (!id.startsWith("HEAD")) assert.match(text, codes, id);
}

test("signed requests: by nobody, with a wrong secret, without the scope, and rightly", async (t) => {
  let writing = 0;
  for (const [method, path, writes, body] of OPERATIONS) {
    const id = `${method} ${path}`;
    const unknown = await signed(["nobody", SECRETS.owner], method, path, body);
    await refusedAs(unknown, /<Code>InvalidAccessKeyId</, id);
    const wrong = await signed(["owner", SECRETS.writer], method, path, body);
    await refusedAs(wrong, /<Code>SignatureDoesNotMatch</, id);
    const [name, secret] = writes
      ? (["reader", SECRETS.reader] as const)
      : (["writer", SECRETS.writer] as const);
    await refusedAs(await signed([name, secret], method, path, body), /<Code>AccessDenied</, id);
    const right = await signed(["owner", SECRETS.owner], method, path, body);
    const text = await right.text();
    assert.ok(right.status !== 401 && right.status !== 403, `${id}: ${right.status} ${text}`);
    if (writes) writing++;
  }
  assert.equal(OPERATIONS.length, 20);
  assert.equal(writing, 9);
  t.diagnostic(`${OPERATIONS.length} operations, ${writing} that write`);
});

test("bearer tokens at the same door: none, wrong, insufficient and right", async () => {
  for (const [method, path, writes, body] of OPERATIONS) {
    const id = `${method} ${path}`;
    const ask = (secret?: string) => {
      const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
      const with_body = method === "PUT" || method === "POST" ? { body: body ?? "" } : {};
      return fetch(`${house.url}${path}`, { method, headers, ...with_body });
    };
    for (const secret of [undefined, "another-secret-0123456789"]) {
      await refusedAs(await ask(secret), /<Code>AccessDenied</, id);
    }
    const other = writes ? SECRETS.reader : SECRETS.writer;
    await refusedAs(await ask(other), /<Code>AccessDenied</, id);
    const right = await ask(SECRETS.owner);
    const text = await right.text();
    assert.ok(right.status !== 401 && right.status !== 403, `${id}: ${right.status} ${text}`);
  }
});
