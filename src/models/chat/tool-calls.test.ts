// Pieces of tool calls become whole calls.
import { test } from "node:test";
import assert from "node:assert/strict";
import { joinToolCalls } from "./tool-calls.ts";

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
