// XML requests: what is read, and what is refused before it can do harm.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { S3Error } from "./s3-error.ts";
import { listOf, readXml, textOf } from "./xml-reader.ts";
import { element } from "./xml-writer.ts";

const read = (text: string) => readXml(Buffer.from(text), "Delete");
const keysOf = (text: string) => listOf(read(text), "Object").map((one) => textOf(one, "Key"));

test("keys are read as they stand: spaces, numbers, entities, one object or many", () => {
  const one = '<?xml version="1.0"?><Delete xmlns="x"><Object><Key> 007 </Key></Object></Delete>';
  assert.deepEqual(keysOf(one), [" 007 "]);
  const many =
    "<Delete><Object><Key>a&amp;lt;&#65;&#x1;</Key></Object>\n<Object><Key>b</Key></Object></Delete>";
  assert.deepEqual(keysOf(many), ["a&lt;A\u0001", "b"]);
  assert.deepEqual(keysOf("<Delete/>"), []);
});

test("any text that is written is read again as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), (key) => {
      const text = element("Delete", [element("Object", [element("Key", key)])]);
      assert.deepEqual(keysOf(text), [key]);
    }),
  );
});

test("document types, entities of one's own, CDATA and what is not XML are refused", () => {
  for (const text of [
    "",
    "nonsense",
    "<Delete>",
    "<Other/>",
    '<!DOCTYPE d [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>',
    "<Delete><Object><Key><![CDATA[a]]></Key></Object></Delete>",
    "<Delete><__proto__><x>1</x></__proto__></Delete>",
  ]) {
    assert.throws(() => read(text), S3Error, text);
  }
  assert.throws(() => keysOf("<Delete><Object><Key>&unknown;</Key></Object></Delete>"), S3Error);
  assert.throws(() => keysOf("<Delete><Object><Key>&#x110000;</Key></Object></Delete>"), S3Error);
});
