// Pieces of tool calls become whole calls.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createToolCallReader, joinToolCalls } from "./tool-calls.ts";

test("pieces are joined by their index, also when two calls are streamed by turns", () => {
  const calls = joinToolCalls([
    { index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } },
    { index: 1, id: "b", type: "function", function: { name: "g", arguments: "{" } },
    { index: 0, function: { arguments: '{"x":' } },
    { index: 1, function: { arguments: "}" } },
    { index: 0, function: { arguments: "1}" } },
    null,
  ]);
  assert.deepEqual(calls, [
    { id: "a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
    { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
  ]);
});

const begun = (index: number | undefined, id: string, more: object = {}) => ({
  ...(index === undefined ? {} : { index }),
  id,
  type: "function",
  function: { name: "f", ...more },
});
const goes_on = (index: number | undefined, text: string, more: object = {}) => ({
  ...(index === undefined ? {} : { index }),
  ...more,
  function: { arguments: text },
});
const call = (id: string, text: string) => ({
  id,
  type: "function",
  function: { name: "f", arguments: text },
});

for (const [what, pieces] of [
  [
    "all have one index",
    [begun(0, "a"), goes_on(0, '{"a":1}'), begun(0, "b"), goes_on(0, '{"b":2}')],
  ],
  [
    "come by turns under one index, with their ids",
    [
      begun(0, "a"),
      begun(0, "b"),
      goes_on(0, '{"a":1}', { id: "a" }),
      goes_on(0, '{"b":2}', { id: "b" }),
    ],
  ],
  [
    "have no index",
    [
      begun(undefined, "a"),
      goes_on(undefined, '{"a":1}'),
      begun(undefined, "b"),
      goes_on(undefined, '{"b":2}'),
    ],
  ],
  [
    "have objects as arguments",
    [begun(0, "a", { arguments: { a: 1 } }), begun(0, "b", { arguments: { b: 2 } })],
  ],
  [
    "have their ids in every piece, under indexes that begin with 1",
    [
      begun(1, "a", { arguments: null }),
      goes_on(1, '{"a":1}', { id: "a" }),
      begun(2, "b"),
      goes_on(2, '{"b":2}', { id: "" }),
    ],
  ],
] as const) {
  test(`two calls that ${what} stay two`, () => {
    assert.deepEqual(joinToolCalls(pieces), [call("a", '{"a":1}'), call("b", '{"b":2}')]);
    // Clients that read on the way go by the index alone.
    const read = createToolCallReader();
    const streamed = pieces.flatMap((piece) => read([piece]));
    const texts = new Map<number, string>();
    for (const piece of streamed) {
      const before = texts.get(piece.index) ?? "";
      texts.set(piece.index, before + (piece.function?.arguments ?? ""));
    }
    assert.deepEqual([...texts.values()], ['{"a":1}', '{"b":2}']);
  });
}

test("whole calls without an id, an index or anything but a name stay apart, each with an id", () => {
  const calls = joinToolCalls([
    { function: { name: "f" } },
    { function: { name: "f", arguments: "{}" } },
  ]);
  const ids = calls.map(({ id }) => id);
  assert.deepEqual(calls, [call(ids[0]!, ""), call(ids[1]!, "{}")]);
  assert.match(ids.join(" "), /^call_[0-9a-f]{16} call_[0-9a-f]{16}$/);
  assert.notEqual(ids[0], ids[1]);
});

test("calls under one index without ids are told apart once one is complete", () => {
  const pieces = [
    begun(0, "", { arguments: '{"a":' }),
    begun(0, "", { arguments: "1}" }),
    begun(0, ""),
    begun(0, "", { arguments: '{"b":2}' }),
  ];
  const [first, second, ...more] = joinToolCalls(pieces);
  assert.deepEqual(first, call(first!.id, '{"a":1}'));
  assert.deepEqual(second, call(second!.id, '{"b":2}'));
  assert.deepEqual(more, []);
});

test("without ids a name said again with white space goes on, another name begins", () => {
  const piece = (name: string, text: string) => ({ index: 0, function: { name, arguments: text } });
  const told = (pieces: readonly object[]) =>
    joinToolCalls(pieces).map(({ function: wanted }) => wanted);
  assert.deepEqual(told([piece("f", '{"a":"}'), piece("f", '"}'), piece("f", "\n")]), [
    { name: "f", arguments: '{"a":"}"}\n' },
  ]);
  assert.deepEqual(told([piece("f", ""), piece("g", "")]), [
    { name: "f", arguments: "" },
    { name: "g", arguments: "" },
  ]);
});

test("many calls, and calls in many pieces, are read in one go", () => {
  const many = Array.from({ length: 20_000 }, (_, at) => begun(0, `c${at}`));
  assert.equal(joinToolCalls(many).length, many.length);
  const piece = { index: 0, function: { name: "f", arguments: '{"a":{}' } };
  const end = { index: 0, function: { name: "f", arguments: "}" } };
  const pieces = [...Array.from({ length: 20_000 }, () => piece), end];
  assert.equal(joinToolCalls(pieces).length, 1);
});

test("an id of ours stays when the provider says its own later, in every piece", () => {
  const read = createToolCallReader();
  const pieces = [
    begun(0, ""),
    goes_on(0, "{", { id: "late" }),
    goes_on(0, "}", { id: "late" }),
  ].flatMap((piece) => read([piece]));
  assert.match(String(pieces[0]!.id), /^call_/);
  assert.deepEqual(
    pieces.map(({ index }) => index),
    [0, 0, 0],
  );
  assert.ok(!("id" in pieces[1]!) && !("id" in pieces[2]!));
});

test("what else a provider says of a call is kept, whole as in pieces", () => {
  const extra_content = { google: { thought_signature: "SIG==" } };
  const gemini = { ...call("a", '{"a":1}'), extra_content };
  assert.deepEqual(joinToolCalls([gemini]), [gemini]);
  assert.deepEqual(joinToolCalls([{ ...begun(0, "a"), extra_content }, goes_on(0, '{"a":1}')]), [
    gemini,
  ]);
  const custom = { id: "c", type: "custom", custom: { name: "code", input: "print(1)" } };
  assert.deepEqual(joinToolCalls([custom]), [custom]);
  assert.deepEqual(
    joinToolCalls([
      { index: 0, id: "c", type: "custom", custom: { name: "code", input: "" } },
      { index: 0, custom: { input: "print(" } },
      { index: 0, custom: { input: "1)" } },
    ]),
    [custom],
  );
});

test("what is said to be empty stays, and a function of any type has its arguments", () => {
  const custom = { id: "c", type: "custom", custom: { name: "code", input: "" } };
  const builtin = { id: "b", type: "builtin_function", function: { name: "$s", arguments: "" } };
  assert.deepEqual(joinToolCalls([custom, builtin]), [custom, builtin]);
  const plain = call("a", "{}");
  assert.deepEqual(joinToolCalls([{ ...plain, custom: null }]), [plain]);
});

test("a call's first piece has a type, and later ones none that is null", () => {
  const read = createToolCallReader();
  const [first, second] = read([
    { index: 0, id: "a", function: { name: "f", arguments: "" } },
    { index: 1, id: "b", type: null, custom: { name: "g", input: "" } },
  ]);
  assert.deepEqual([first!.type, second!.type], ["function", "custom"]);
  const [third, fourth] = read([
    { index: 0, type: null, function: { arguments: "{}" } },
    { index: 1, custom: { input: "x" } },
  ]);
  assert.deepEqual(third, { index: 0, function: { arguments: "{}" } });
  assert.deepEqual(fourth, { index: 1, custom: { input: "x" } });
  const joined = joinToolCalls([{ index: 0, id: "b", custom: { name: "g", input: "x" } }]);
  assert.deepEqual(joined, [{ id: "b", type: "custom", custom: { name: "g", input: "x" } }]);
});
