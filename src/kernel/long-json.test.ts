// Snapshot ids survive JSON: text in memory, numbers on the wire.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseLongJson, printLongJson } from "./long-json.ts";

test("snapshot ids become text, small and large, alone and in lists, and null stays", () => {
  const text = `{"snapshot-id": 3055729675574597004, "parent-snapshot-id":null,
    "current-snapshot-id" : 7, "snapshot-ids":[ 1, 9223372036854775807 ], "snapshot-ids-more": 1,
    "sequence-number": 3, "big": 9007199254740993, "edge": 9007199254740991, "x": 1.5e300}`;
  assert.deepEqual(parseLongJson(text), {
    "snapshot-id": "3055729675574597004",
    "parent-snapshot-id": null,
    "current-snapshot-id": "7",
    "snapshot-ids": ["1", "9223372036854775807"],
    "snapshot-ids-more": 1,
    "sequence-number": 3,
    big: "9007199254740993",
    edge: 9007199254740991,
    x: 1.5e300,
  });
});

test("text that looks like an id is left alone", () => {
  const value = {
    text: '"snapshot-id": 12345678901234567890, [9007199254740993]',
    back: '\\"snapshot-ids": [1]\\',
    properties: { "my-snapshot-id": "12", "snapshot-ids": "3" },
    summary: { "source-snapshot-id": "9007199254740993" },
  };
  assert.deepEqual(parseLongJson(JSON.stringify(value)), value);
  assert.deepEqual(parseLongJson(printLongJson(value)), value);
  assert.equal(printLongJson(value), JSON.stringify(value));
});

test("ids are printed as numbers, also in lists, requests and indented text", () => {
  const value = {
    refs: { main: { "snapshot-id": "3055729675574597004" } },
    updates: [{ action: "remove-snapshots", "snapshot-ids": ["1", "22"] }],
    empty: { list: [], object: {} },
    gone: undefined,
  };
  const plain =
    '{"refs":{"main":{"snapshot-id":3055729675574597004}},' +
    '"updates":[{"action":"remove-snapshots","snapshot-ids":[1,22]}],' +
    '"empty":{"list":[],"object":{}}}';
  assert.equal(printLongJson(value), plain);
  assert.equal(JSON.stringify(JSON.parse(printLongJson(value, 2)), null, 2).length > 10, true);
  assert.deepEqual(parseLongJson(printLongJson(value, 2)), parseLongJson(plain));
  const set = { updates: { "x-snapshot-id": "5" } };
  assert.equal(printLongJson(set), JSON.stringify(set), "properties of a request stay text");
});

test("a key __proto__ is data and changes no object", () => {
  const read = parseLongJson('{"__proto__": {"snapshot-id": 1, "bad": true}}') as object;
  assert.equal(({} as { bad?: boolean }).bad, undefined);
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
  assert.equal(printLongJson(read), '{"__proto__":{"snapshot-id":1,"bad":true}}');
});

test("any JSON value without ids is read and printed as JSON does it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 2), (value, space) => {
      const plain = JSON.stringify(value, null, space);
      fc.pre(!/(^|[:,[\s])-?\d{16,}/.test(plain));
      assert.deepEqual(parseLongJson(plain), JSON.parse(plain));
      assert.equal(printLongJson(JSON.parse(plain), space), plain);
    }),
  );
});

test("any text beside any id is kept", () => {
  fc.assert(
    fc.property(fc.string(), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (text, id) => {
      const value = { a: `${text}"snapshot-id": 5`, "snapshot-id": String(id), n: [text] };
      assert.deepEqual(parseLongJson(printLongJson(value)), value);
    }),
  );
});
