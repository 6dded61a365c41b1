// Work that takes long: quick answers are plain, slow ones keep the connection alive.
import assert from "node:assert/strict";
import { test } from "node:test";
import { XMLValidator } from "fast-xml-parser";
import { S3Error } from "./s3-error.ts";
import { slowAnswer } from "./slow-answer.ts";
import { s3Document } from "./xml-writer.ts";

const asked = { resource: "/bucket/key", request_id: "trace-1" };
const write = () => s3Document("Done", []);

function later<T>(make: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      try {
        resolve(make());
      } catch (error) {
        reject(error);
      }
    }, 30);
  });
}

test("quick work is one document, and its error is thrown", async () => {
  const response = await slowAnswer(asked, Promise.resolve(1), write);
  assert.equal(await response.text(), write());
  const failing = Promise.reject(new S3Error("NoSuchKey", "none"));
  await assert.rejects(slowAnswer(asked, failing, write), S3Error);
});

test("slow work has its headers first; what comes then is the same document", async () => {
  const work = later(() => 1);
  const response = await slowAnswer(asked, work, write, 1);
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.equal(text, write());
});

test("an error of slow work stands in the body, as a document of its own", async () => {
  const work = later(() => {
    throw new S3Error("InvalidPart", "a part is missing");
  });
  const text = await (await slowAnswer(asked, work, write, 1)).text();
  assert.equal(XMLValidator.validate(text), true);
  assert.match(text, /<Error><Code>InvalidPart<\/Code><Message>a part is missing<\/Message>/);
});
