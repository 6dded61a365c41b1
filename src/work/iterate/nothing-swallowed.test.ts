// Reading answers: no text swallows the members behind it, and no part stands for the whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "./read-answer.ts";

type Read = readonly (readonly [text: string, artifact: object])[];

function assertRead(cases: Read): void {
  for (const [text, artifact] of cases) {
    assert.deepEqual(readAnswer(text, "stop"), { artifact, repaired: true }, text);
  }
}

/** The field that the error names. */
function refused(text: string): string {
  const read = readAnswer(text, "stop");
  assert.ok("error" in read, `${text}\n${JSON.stringify(read)}`);
  return read.error.field;
}

test("a text between quotes that holds its own closing quote and another is asked again", () => {
  for (const [text, field] of [
    ["{id: 'O-1'; note: 'call first'}", "id"],
    ["{id: `O-1`; note: `call first`}", "id"],
    ["{id: 'O-1' note: 'call first'}", "id"],
    ["{\"a\": 'x'; \"b\": 'y'}", "a"],
    ["{a: 'x ' ; b: ' y'}", "a"],
    ["{order_id: 'O-1'; priority: 2, note: 'n'}", "order_id"],
    ["{order_id: 'O-1'; priority: 2, note: \"it's\"}", "order_id"],
    ["{'a': 'x', 'b': 'it's; c: 'd'}", "b"],
    ["{a: ‘x’; b: ‘y’}", "a"],
    ['{"books":["Salt"; "Bread"]}', "books.0"],
    ['{"books":["Salt" | "Bread"]}', "books.0"],
    ['{"books":["Salt" and "Bread"]}', "books.0"],
    ['{"books":["Salt"and"Bread"]}', "books.0"],
    ['{"books":["Salt". "Bread"]}', "books.0"],
    ["{books: ['Salt'; 'Bread']}", "books.0"],
    ["{\"books\":[{id: 'B-1'; title: 'Salt'}]}", "books.0.id"],
    ['{a: "x" or "first": 1}', "a"],
    ['{"a": "b", "c": "d" "}', "c"],
  ] as const) {
    assert.equal(refused(text), field, text);
  }
});

test("texts that stand side by side are two, in any quotes", () => {
  assertRead([
    ["{'books':['Salt' 'Bread']}", { books: ["Salt", "Bread"] }],
    ["{'books':['Salt'\n 'Bread'],}", { books: ["Salt", "Bread"] }],
    ["{`books`:[`Salt` `Bread`]}", { books: ["Salt", "Bread"] }],
    ['{"books":["Salt" "Bread"]}', { books: ["Salt", "Bread"] }],
    ["{'a': 'x' 'b': 'y'}", { a: "x", b: "y" }],
  ]);
});

test("quotes that belong to a text are read as they stand", () => {
  assertRead([
    ['{"a":"the "green" or "blue" door"}', { a: 'the "green" or "blue" door' }],
    ["{a: 'it's the reader's copy, isn't it'}", { a: "it's the reader's copy, isn't it" }],
    ["{a: 'the dogs' bone'}", { a: "the dogs' bone" }],
    ['{"a":"a 5" disk"}', { a: 'a 5" disk' }],
    ['{"a": "he said \\"x\\"; \\"y\\"",}', { a: 'he said "x"; "y"' }],
    ["{a: 'b\\'; c: \\'d'}", { a: "b'; c: 'd" }],
  ]);
});

test("an object within one that starts oddly is a part, and never the answer", () => {
  for (const text of [
    `{ order id: 'O-1', items: [{"id":"B-1"},{"id":"B-2"}] }`,
    `{\n  order id: 'O-1',\n  items: [{"id":"B-1"}]\n}`,
    '{first name: "Anna", address: {street: "X"}}',
    '{order id: {"id":"B-1"}}',
    '{a.b: {"c":1}}',
    '{(a): {"b":1}}',
    '{due-date!: {"id":"x"}}',
    "{a b: {c: 1}, d: 2}",
    `{order id: 'O}1', items: {"a":1}}`,
    '{the order id: 10, "b": {"c":1}',
    '{1st: "say hi"; note:[["O-1"], "a, b", {"b": true}]; x.y:\'say hi\'}',
  ]) {
    refused(text);
  }
  assertRead([
    ['{1: "x", b: {c: 1}}', { 1: "x", b: { c: 1 } }],
    ['{1st: {"id": "B-1"}}', { "1st": { id: "B-1" } }],
    ['{-a: {"b":1}}', { "-a": { b: 1 } }],
  ]);
  for (const prose of [
    "Use {as you said: now}. ",
    "I use { and }: ",
    "{% if x: %}",
    "{",
    "Use {key 1: value, key 2: {nested}}. ",
    'Given f(x) = {1 if x: {"y"}} so ',
    "The user (id {user id: 5, role: {admin}}) wants:\n",
  ]) {
    const text = `${prose}{"a":1}`;
    assert.deepEqual(readAnswer(text, "stop"), { artifact: { a: 1 }, repaired: false }, text);
  }
});

test("an object whose end was taken from within a text is asked again", () => {
  for (const text of [
    '{bb:{note:"its" order_id: {"note":9}} order id:""}',
    '{"bb": "Salt" a: ["Salt" "Salt"], x.y: "Salt"}',
    '{order_id: "Tom" a:{"x.y": "a, b"}, first: ["x", 12]}',
  ]) {
    refused(text);
  }
});

test("a text without quotes ends at no quote, and stands beside nothing in a list", () => {
  for (const [text, field] of [
    [`{"names": [O'Brien, Smith]}`, "names.0"],
    ["{names: [don't, won't]}", "names.0"],
    ['{"qty": 12"title": "x"}', "qty"],
    ['{"size": 5", "b": 1}', "size"],
    ["{a: [see [1]]}", "a.0"],
    ['{a: ["x" y]}', "a.0"],
    ["{a: [one; two]}", "a.0"],
  ] as const) {
    assert.equal(refused(text), field, text);
  }
});

test("a text that lost its opening quote alone ends at the other one", () => {
  assertRead([
    ['{"id": O-1", "b": 1}', { id: "O-1", b: 1 }],
    ['{"id": say hi"\n}', { id: "say hi" }],
    ['{"a": https://a.b/c"}', { a: "https://a.b/c" }],
    ['{"names": ["Ann", Bob"]}', { names: ["Ann", "Bob"] }],
    ['{"names": [Ann", "Bob"]}', { names: ["Ann", "Bob"] }],
  ]);
  for (const [text, field] of [
    // Inches, and what may be one text with its neighbour.
    ['{"size": 5", "b": 1}', "size"],
    ['{"size": tall 24", "b": 1}', "size"],
    ['{"names": [Ann, Bob"]}', "names.1"],
    ['{"ids": [5, Bob"]}', "ids.1"],
    ['{"a": x, b: y"}', "b"],
    ['{"a": =x"}', "a"],
    ['{"a": it is ", "b": 2}', "a"],
    ["{'a': O-1\", 'b': 1}", "a"],
  ] as const) {
    assert.equal(refused(text), field, text);
  }
});

test("a text that lost its closing quote is one only where no other can be meant", () => {
  assertRead([
    ['{"names": ["Ann, "Bob"]}', { names: ["Ann", "Bob"] }],
    ['{"a": "see b: c, "b": "y"}', { a: "see b: c", b: "y" }],
    ['{"a": "see {x}, "b": 1}', { a: "see {x}", b: 1 }],
    ['{"a": {"b": "x}}', { a: { b: "x" } }],
    ['{"a": "x,}', { a: "x" }],
    ['{"a\n: 88}', { a: 88 }],
  ]);
  for (const [text, field] of [
    [`{"names": ["O'Brien, Smith]}`, "names.0"],
    ['{"names": ["Ann", "Bob, Jr.]}', "names.1"],
    ['{"ids": ["5, 6]}', "ids.0"],
    ['{"ids": ["x, 5, "z"]}', "ids.0"],
    ['{"ids": [true"]}', "ids.0"],
    ['{"ids": [[1]"]}', "ids.0"],
    ['{"ids": ["[1]]}', "ids.0"],
    ['{"a": "x, b: 1}', "a"],
    ['{a: "x, b: 80, "c": "d"}', "a"],
    ['{"a": {"b": "x}, "c": null}', "a.b"],
    [`{"id": "O-1', "b": 1}`, "id"],
    [`{"id": 'O-1", "b": 1}`, "id"],
    ['{"id": "O-1”, "b": 1}', "id"],
    ["{'id': https://a.b/c'}", "id"],
    ['{"first name\n: 88}', ""],
  ] as const) {
    assert.equal(refused(text), field, text);
  }
});

test("what other languages write for true and null is that, and what has no value is no text", () => {
  assertRead([
    ['{"a": TRUE, "b": [NULL, False]}', { a: true, b: [null, false] }],
    ["{a: NULL // none\n}", { a: null }],
    ['{"a": TRUE;}', { a: true }],
    ['{"a": TRUE STORY, "b": 1}', { a: "TRUE STORY", b: 1 }],
    ['{"a": Yes}', { a: "Yes" }],
  ]);
  for (const value of ["NaN", "-Infinity", "nil", "undefined", "...", "1\u200b"]) {
    assert.equal(refused(`{"a": ${value}}`), "a", value);
  }
});

test("a semicolon behind a whole value, or behind none, is no text", () => {
  for (const text of [
    '{"a": 1;, "b": 2}',
    '{"a":; 1}',
    '{"a":; null}',
    '{"a": 86;2}',
    "{a: x;, b: 1}",
  ]) {
    assert.equal(refused(text), "a", text);
  }
});

test("a colon or a semicolon in a text without quotes is part of it", () => {
  assertRead([
    ['{"host": localhost:3000}', { host: "localhost:3000" }],
    ['{"image": redis:7}', { image: "redis:7" }],
    ['{"id": B:002}', { id: "B:002" }],
    ['{"url": mailto:a@b.c}', { url: "mailto:a@b.c" }],
    ["{mac: aa:bb}", { mac: "aa:bb" }],
    ["{mac:aa:bb}", { mac: "aa:bb" }],
    ['{"note": Tom &amp; Jerry}', { note: "Tom &amp; Jerry" }],
    ['{"query": SELECT 1; }', { query: "SELECT 1;" }],
    ['{"a":1;}', { a: 1 }],
    ['{"a":[1, true;];}', { a: [1, true] }],
  ]);
});

test("what seems to be a member in a text without quotes is asked again, by the field's name", () => {
  for (const [text, field] of [
    ["{title: Chapter 1: Begin}", "title"],
    ["{x: {q: what is it? yes: no}}", "x.q"],
    ["{first:a second:b}", "first"],
    ["{first: 0;second:true}", "first"],
    ["{first: a; the second:b}", "first"],
    ["{x: 1, at: 10:30, y: 2}", "at"],
    ['{"x": {"at": 10:30:00+02:00}}', "x.at"],
  ] as const) {
    assert.equal(refused(text), field, text);
  }
});
