// The AWS SDK against the S3 door: keys that are hard to carry.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { onBun } from "#kernel/http-client.ts";
import { failsAs, openSuite } from "./s3-cases.ts";
import { MAIN } from "./s3-house.ts";

const suite = await openSuite("odd");
const B = { Bucket: MAIN };

const get = (Key: string) => suite.client.send(new GetObjectCommand({ ...B, Key }));
const text = async (Key: string) => (await get(Key)).Body!.transformToString();
const head = (Key: string) => suite.client.send(new HeadObjectCommand({ ...B, Key }));

const ODD_KEYS = [
  "with space",
  "plus+plus",
  "percent%25 %zz",
  "ünïcödé/日本語/🦆",
  "a//b",
  "trailing/",
  "question?and#hash&amp;",
  "quote'\"double",
  "(brackets)[square]{curly}",
  "star*tilde~dollar$at@",
  "equals=colon:semi;comma,",
  "dot.file/.hidden",
  "tab\tand\nline",
  "<xml>&lt;",
  `${"long/".repeat(200)}end`,
  "a\u0301 combining",
  "%2e%2e%2fescape",
];

for (const odd of ODD_KEYS) {
  test(`s3 odd keys: ${JSON.stringify(odd.slice(0, 30))} is put, got, and deleted`, async () => {
    const Key = `odd/${odd}`;
    await suite.put(Key, odd);
    assert.equal(await text(Key), odd);
    assert.equal((await head(Key)).ContentLength, Buffer.byteLength(odd));
    const Objects = [{ Key }];
    const done = await suite.client.send(new DeleteObjectsCommand({ ...B, Delete: { Objects } }));
    assert.deepEqual(done.Deleted, [{ Key }]);
    await failsAs(get(Key), "NoSuchKey", 404);
  });
}

test("s3 odd keys: . and .. as parts, a slash in front and a NUL are refused", async () => {
  for (const Key of ["odd/./a", "odd/../a", "..", "/odd", "odd/a\0b"]) {
    const put = suite.put(Key, "x");
    // Bun resolves dots in the path before we see it: then it is another path's signature.
    if (onBun() && /(^|\/)\.\.?(\/|$)/.test(Key)) {
      await assert.rejects(put, (error: { $fault?: string }) => error.$fault === "client");
      continue;
    }
    const error = await failsAs(put, "InvalidArgument", 400);
    assert.notEqual(error.message, "", Key);
  }
});

test("s3 odd keys: 1024 bytes are taken, one more is not", async () => {
  const longest = `odd/${"k".repeat(1020)}`;
  await suite.put(longest, "x");
  assert.equal(await text(longest), "x");
  await failsAs(suite.put(`${longest}k`, "x"), "KeyTooLongError", 400);
});
