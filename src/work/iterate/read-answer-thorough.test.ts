// Reading answers that are long or hostile takes no more than their length.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "./read-answer.ts";

const LONG_LIST = {
  numbers: Array.from({ length: 25_000 }, (_, at) => at),
  ids: Array.from({ length: 25_000 }, (_, at) => String(10n ** 17n + BigInt(at))),
};

// Not timed: what took the square of their length took minutes here.
test("long and hostile texts are read in linear time", () => {
  for (const text of [
    JSON.stringify(LONG_LIST),
    "p {a: 1 \n```\nx\n```\n".repeat(25_000),
    'p {"a": "x \n```\nx\n```\n'.repeat(25_000),
    `Here: ${'```json\n{"fills": [\n'.repeat(25_000)}`,
    "```json x ".repeat(40_000),
    "`".repeat(200_000),
    "p <think> ".repeat(40_000),
    "<think>a</think> ".repeat(25_000),
    '```json\n{"a": "x\n```\n'.repeat(25_000),
    `{'${"a".repeat(200_000)}`,
    "{'a':".repeat(40_000),
    `{a: ${'"x" '.repeat(40_000)}`,
    `{"a": ${"[".repeat(40_000)}`,
    `{"a":"${'" '.repeat(40_000)}`,
    `${"{a:1} ".repeat(20_000)}`,
    `{"a": "x",${"\n".repeat(400_000)}`,
    `{"a": "x",${" \t".repeat(200_000)}x`,
    `${"{a b: '}' } ".repeat(20_000)}{"n":1}`,
    `${"{a b: {x} } ".repeat(20_000)}{"n":1}`,
    `${"{a b: ] } ".repeat(40_000)}{"n":1}`,
    `${"{a b: ]} {x} ".repeat(40_000)}{"n":1}`,
    `${'{"a":x} '.repeat(20_000)}{"n":1}, "b":2}`,
    "# ```json\n".repeat(40_000),
    '\n<reasoning>x {"a": </thought> '.repeat(20_000),
    `<|start|>${"<|message|>{".repeat(30_000)}`,
    "{//".repeat(60_000),
    `{${"// ".repeat(60_000)}!`,
    `{${"/".repeat(60_000)}\norder id: {}}`,
    "{// {\n".repeat(20_000),
    "{<think>'a':".repeat(20_000),
    "<think a><thought b>".repeat(20_000),
    "```js\n{'a':".repeat(20_000),
    `{a: ${"```text\n".repeat(20_000)}}`,
  ]) {
    const is_read = "artifact" in readAnswer(text, "stop");
    assert.equal(is_read, /^\{"numbers"|^\{a:1\}|\{"n":1\}$/.test(text), text.slice(0, 40));
  }
});
