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

// fast-check's own units of any text take most of a second to begin.
const point = fc.oneof(
  fc.integer({ max: 0x7f, min: 0 }),
  fc.integer({ max: 0xd7ff, min: 0x80 }),
  fc.integer({ max: 0x10ffff, min: 0xe000 }),
);
const points = fc.array(point, { minLength: 1, maxLength: 40 });
const anyText = points.map((all) => String.fromCodePoint(...all));

test("any text that is written is read again as it was", () => {
  fc.assert(
    fc.property(anyText, (key) => {
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
  for (const name of ["unknown", "toString", "constructor", "__proto__"]) {
    const text = `<Delete><Object><Key>&${name};</Key></Object></Delete>`;
    assert.throws(() => keysOf(text), S3Error, name);
  }
  assert.throws(() => keysOf("<Delete><Object><Key>&#x110000;</Key></Object></Delete>"), S3Error);
});

test("documents that would cost far more than their bytes are refused before they are read", () => {
  const many = `<Delete>${"<b/>".repeat(900_000)}</Delete>`;
  const started = performance.now();
  assert.throws(() => read(many), S3Error);
  assert.ok(performance.now() - started < 500, "it was read all the same");
  const long = `<Delete><Object><Key>${"&amp;".repeat(10_000)}</Key></Object></Delete>`;
  assert.throws(() => keysOf(long), S3Error);
  // As many parts as an upload may have, each with its checksum.
  const part =
    "<Part><PartNumber>1</PartNumber><ETag>x</ETag><ChecksumCRC32>x</ChecksumCRC32></Part>";
  const root = "CompleteMultipartUpload";
  const whole = `<${root}>${part.repeat(10_000)}</${root}>`;
  assert.equal(listOf(readXml(Buffer.from(whole), root), "Part").length, 10_000);
});
