// Extraction of the JSON object from what models say, case by case.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { extractJson } from "./json-extract.ts";

const CASES: readonly [string, string, unknown][] = [
  ["bare", '{"a":1}', { a: 1 }],
  ["fenced with json", 'Here:\n```json\n{"a":1}\n```\nDone.', { a: 1 }],
  ["fenced without a mark", 'Here:\n```\n{"a":1}\n```', { a: 1 }],
  ["a json fence wins over earlier prose", 'maybe {"a":0}\n```json\n{"a":1}\n```', { a: 1 }],
  ["an echoed bundle is no answer", '```context-bundle\n{"base":{}}\n```\n{"a":1}', { a: 1 }],
  ["an open fence", '```json\n{"a":1}', { a: 1 }],
  ["inside prose", 'The answer is {"a":1}, I think.', { a: 1 }],
  ["nested", 'x {"a":{"b":{"c":[1,{"d":2}]}}} y', { a: { b: { c: [1, { d: 2 }] } } }],
  ["the first of two", '{"a":1} or {"a":2}', { a: 1 }],
  ["unicode", '{"név":"Café 你好 😀"}', { név: "Café 你好 😀" }],
  ["escaped quotes", '{"a":"she said \\"hi\\" {"}', { a: 'she said "hi" {' }],
  ["braces in strings", '{"a":"}{","b":"\\\\"}', { a: "}{", b: "\\" }],
  ["backticks in strings", '{"a":"use `x` here"}', { a: "use `x` here" }],
  ["a think block is skipped", '<think>{"a":0}</think>{"a":1}', { a: 1 }],
  ["a lone closing think tag", 'hm {"a":0} hm</think>\n{"a":1}', { a: 1 }],
  ["think tags in a string are data", '{"a":"<think>x</think>"}', { a: "<think>x</think>" }],
  ["an open think block has no answer", '<think>{"a":0}', undefined],
  ["a top-level array: its first object", '[{"a":1},{"a":2}]', { a: 1 }],
  ["a stray brace before", 'use { and } like {"a":1}', { a: 1 }],
  ["a template in prose", 'Dear {name}: {"a":1}', { a: 1 }],
  ["empty object", "{}", {}],
  ["no object", "I cannot do that.", undefined],
  ["empty text", "", undefined],
  ["a trailing comma is malformed", '{"a":1,}', undefined],
  ["single quotes are malformed", "{'a':1}", undefined],
  ["unquoted keys: no part is taken", '{a: {"b":1}}', undefined],
  ["cut off: no part is taken", '{"items":[{"id":"1","name":"A"}', undefined],
  ["malformed, then right", '{"a":1,} sorry: {"a":2}', { a: 2 }],
  ["an array without objects", "[1,2,3]", undefined],
];

for (const [name, text, expected] of CASES) {
  test(`extracts: ${name}`, () => assert.deepEqual(extractJson(text), expected));
}

test("any object in brace-free prose is found again", () => {
  // A quote and a colon before it make it a member of an object that lost its brace.
  const prose = fc.string().filter((text) => !/[{}<`]|["']\s*:/.test(text));
  const value = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(prose, value, prose, (before, object, after) => {
      const text = JSON.stringify(object);
      assert.deepEqual(extractJson(`${before}${text}${after}`), JSON.parse(text));
    }),
  );
});

test("a megabyte of braces is read in linear time", () => {
  assert.equal(extractJson("{".repeat(1_000_000)), undefined);
  assert.equal(extractJson('{"'.repeat(500_000)), undefined);
});
