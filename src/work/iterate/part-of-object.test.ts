// Reading answers: an object that is only a part of a broken one, and one that stands beside prose.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "./read-answer.ts";

test("an object that was closed too early, or lost its opening brace, is asked again", () => {
  for (const text of [
    '{"fills":[{"id":"W-1"}]}, {"id":"W-2"}]}',
    "{'fills':[{'id':'W-1'}]}, {'id':'W-2'}]}",
    '{"a":1}, "b":2}',
    '{"a":1}, b:2}',
    '{"a":1}, // x\n"b":2}',
    '{"a":1},, "b":2}',
    '{"a":1}, "b":} "x"}',
    '{"a":1}, "b":2} so',
    '{}order_id": "O-1"} "b": "x"}',
    '{a" {"b":1}, x.y": ""}',
    '{"a":[1]}, 2]}',
    '{"a":1}}, "b":2}',
    '{"fills":[{"id":"W-1"}],"count":2}\n"note":"x"}',
    '{}order_id": "O-1"}',
    'As [1] says: {"a":1}, "b":2}',
    '```json\n{"a":1},\n"b":2}\n```',
    '"a": {"b":1}',
    'So: "a": [{"b":1}]}',
    'So: "a": {"b":1}, "c": 2}',
    '{a {"b":1}, "c": 2}',
    '{"a":["b":"c"},[1]],"d":[{},2],"e":"f"}',
    "{'a':1}]}",
  ]) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, `${text}\n${JSON.stringify(read)}`);
    assert.match(read.error.message, /lost its opening brace or was closed too early/, text);
  }
});

test("an object is whole where prose, or another object, stands beside it", () => {
  for (const [before, after] of [
    ['Here is the JSON for kind "order":\n\n', ""],
    ['Order "O-1":\n', "\nDone."],
    ['Here is the "answer": ', ""],
    ['You asked for "x": y. ', ', "as said"'],
    ["", ',{"a":2}'],
    ["", '\n{"a":2}\n{"a":3}'],
    ["[", ',{"a":2}]'],
    ['[["x", ', ', {"b":2}]]'],
    ["", "}"],
    ["", "]}"],
    ["", ", }"],
    ["", "\nNote: the } closes it."],
    ["", '\n"Note" that it is {so}.'],
    ["", `\n\n"order": "O-1" is the id, "qty": 3 and it ends with '}'.`],
    ["", '\n\n"qty": 3 closes with }'],
    ["", "\n'order': The id. Use } to close."],
    ['I set "qty": 3.\n\n', ", and that closes }."],
    ["", ", hope this helps :}"],
    ['The "order": ', ""],
    ['The "order":\n', '\n\nExplanation: {"z": 1} was wrong'],
    ['Order "O-1":\n', '\nOrder "O-2":\n{"a":2}'],
    ["Use {key 1: v, key 2: {n}}. ", ""],
  ]) {
    const text = `${before}{"a":1}${after}`;
    assert.deepEqual(readAnswer(text, "stop"), { artifact: { a: 1 }, repaired: false }, text);
  }
  for (const text of ["[{'a':1,},{'a':2}]", "[{'a':1,}]", "Order 'O-1':\n{'a':1,}\nDone."]) {
    assert.deepEqual(readAnswer(text, "stop"), { artifact: { a: 1 }, repaired: true }, text);
  }
});

test("a member without the braces around it is asked again", () => {
  for (const text of [
    'Here is the JSON:\n\n"fills": [{"id":"W-1"},{"id":"W-2"}], "count": 2',
    'Sure!\n\n"address": {"city":"Rome"},\n"name": "x"',
    'json\n"address": {"city":"Rome"},\n"name": "x"',
    '// address\n"address": {"city":"Rome"},\n"name": "x"',
    '<json>"address": {"city":"Rome"}, "name": "x"</json>',
    '["address": {"city":"Rome"}, "name": "x"]',
    '("address": {"city":"Rome"}, "name": "x")',
    '- "address": {"city":"Rome"}\n- "name": "x"',
    'Answer: "name": "x", "address": {"city":"Rome"}',
    'For "address": {"city": "Rome"} I chose Rome. Final:\n{"address":{"city":"Rome"},"name":"x"}',
    'For "address":\n{"city": "Rome"}\nFinal:\n{"address":{"city":"Rome"},"name":"x"}',
    'The "fills": [{"id":"W-1"}] part goes in {"fills":[{"id":"W-1"}]}',
    'Also "address": {"city": "Rome"} is right.',
  ]) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, `${text}\n${JSON.stringify(read)}`);
  }
});

test("a mended object that goes on behind its brace is asked again", () => {
  for (const text of [
    "{'a':1}, 'b': 2",
    '{"a":1,}, "b": 2',
    '{a:1} "b": 2',
    "{a:1}, b: 2",
    "{'fills':[{'id':'W-1'}]}\n'note':'x'",
    "{'fills':[{'id':'W-1'}]}, {'id':'W-2'}]",
    `{'fills':[{'id':'W-1'}]}, {"id":"W-2"}]`,
    'The "order":\n{order:"O-1",qty:3}, {"z":1}',
    'The "order":\n{"html":"x","n":1,}\n\nExplanation: {"z": 1} was wrong',
  ]) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, `${text}\n${JSON.stringify(read)}`);
  }
  const first = readAnswer(`[{'a':1,}, {"a":2}]`, "stop");
  assert.deepEqual(first, { artifact: { a: 1 }, repaired: true });
});

test("an answer that was cut off behind what seems its end is asked again", () => {
  for (const text of [
    "{'fills':[{'id':1}]}, {'id':2}, {'i",
    "{'a':1}, 'b': 'cut",
    '{"a":1}, "b": "cut',
  ]) {
    const read = readAnswer(text, "length");
    assert.ok("error" in read, `${text}\n${JSON.stringify(read)}`);
  }
  for (const text of ['[{"a":1}, {"a":2}, {"a', '{"a":1}\n\nThat is']) {
    const read = readAnswer(text, "length");
    assert.deepEqual(read, { artifact: { a: 1 }, repaired: false }, text);
  }
});

test("an answer whose names are of several words is not passed over for an object of prose", () => {
  for (const text of [
    '{order id: O-1, meta: {}}\nBefore: {"a":1}',
    '{order id: O-1, tags: [{}]}\nThe old one: {"order_id":"O-0"}',
    '{\n  order id: O-1,\n  qty: 3\n}\n\nThe old one: {"order_id":"O-0"}',
  ]) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, `${text}\n${JSON.stringify(read)}`);
  }
});
