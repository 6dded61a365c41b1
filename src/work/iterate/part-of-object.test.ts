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
  ]) {
    const text = `${before}{"a":1}${after}`;
    assert.deepEqual(readAnswer(text, "stop"), { artifact: { a: 1 }, repaired: false }, text);
  }
  for (const text of ["[{'a':1,},{'a':2}]", "[{'a':1,}]", "Order 'O-1':\n{'a':1,}\nDone."]) {
    assert.deepEqual(readAnswer(text, "stop"), { artifact: { a: 1 }, repaired: true }, text);
  }
});
