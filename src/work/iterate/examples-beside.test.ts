// What models say beside their answer, examples and courtesies, is never taken for the answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "./read-answer.ts";

const F = "```";
const ANSWER = { a: 1, b: 2 };
const STRICT = '{"a": 1, "b": 2}';

function assertRead(texts: readonly string[]): void {
  for (const text of texts) {
    const read = readAnswer(text, "stop");
    assert.ok("artifact" in read, `${text}\n${JSON.stringify(read)}`);
    assert.deepEqual(read.artifact, ANSWER, text);
  }
}

test("a mended answer on lines of its own is not replaced by an example in a sentence", () => {
  assertRead([
    "{\n  'a': 1,\n  'b': 2\n}\n\nNote: use {} for an empty one.",
    `{'a': 1, 'b': 2}\n\nIf you want {"a": 4}, tell me.`,
    `{"a": 1, "b": 2,}\n\nI used the example {"a": 0} from the prompt.`,
  ]);
  const windows = readAnswer(`{"p": "C:\\Users\\x"}\n\nUse {"a": 0} otherwise.`, "stop");
  assert.ok("error" in windows, "a part of the prose was taken");
});

test("a fence of another sort of JSON is not replaced by an example in a sentence", () => {
  for (const behind of [
    "If the order has no items, use {} then.",
    'I used {"a": 0} as the base.',
    'It differs from {"items": []} in that.',
  ]) {
    const fenced = `${F}jsonc\n{\n  "a": 1, // first\n  "b": 2\n}\n${F}`;
    assertRead([`Here it is:\n${fenced}\n\n${behind}`, `${behind}\n${fenced}\n`]);
  }
});

test("an answer in a sentence before a fence of another sort of JSON is not replaced by it", () => {
  assertRead([`The answer is ${STRICT}.\nIts form:\n${F}jsonc\n{"form":"x"}\n${F}`]);
});

test("an empty object in a sentence is no answer where another comes behind it", () => {
  assertRead([
    `As \`{}\` is empty, I answer:\n${STRICT}`,
    `I can't return an empty object {}. So:\n\n${STRICT}`,
    `${"I thought of {}. ".repeat(2_000)}\n${STRICT}`,
  ]);
  assertRead([`As \`{}\` is empty, I answer:\n{\n  'a': 1,\n  'b': 2,\n}`]);
  for (const unclear of [
    'Result: {} (no items). An item would look like {"items": [1]}.',
    'The answer is {} because {"x": 1} would break the rule.',
  ]) {
    assert.ok("error" in readAnswer(unclear, "stop"), unclear);
  }
  const empty = { artifact: {}, repaired: false };
  assert.deepEqual(readAnswer("The answer is {}.", "stop"), empty);
  assert.deepEqual(readAnswer(`{}\n\n${STRICT}`, "stop"), empty);
});

test("courtesies behind the only fence take nothing away", () => {
  for (const word of ["javascript", "python", "text"]) {
    for (const behind of ["I hope this helps!", "Let me know if you need anything else."]) {
      assertRead([`Here is it:\n${F}${word}\n${STRICT}\n${F}\n\n${behind}`]);
    }
  }
});

test("words about the fields behind a mended answer are no members of it", () => {
  assertRead([
    `{"a": 1, "b": 2,}\n\n"a": The first.\n"b": The second.`,
    "{'a': 1, 'b': 2}\n\n'a': the first",
    "{'a': 1, 'b': 2} :)",
  ]);
  assert.ok("error" in readAnswer("{'a': 1}\n\n'b': 2}", "stop"), "a member was lost");
});

test("thoughts under other names, and in channels without control words, are no answer", () => {
  const thought = 'We need {"a": 0}.';
  assertRead([
    ...["seed:think", "thoughts", "scratchpad", "reflection"].map(
      (name) => `<${name}>${thought}</${name}>\n${STRICT}`,
    ),
    `analysis${thought}assistantfinal${STRICT}`,
    `analysis${thought}assistantcommentary to=functions.fill json${STRICT}`,
  ]);
});

test("tags within a JSON string are data", () => {
  const artifact = { html: "<think>not</think>" };
  const read = readAnswer(JSON.stringify(JSON.stringify(artifact)), "stop");
  assert.deepEqual(read, { artifact, repaired: true });
});

test("numbers that JSON cannot say are asked for again, not made texts or cut in two", () => {
  for (const said of ["nan", "inf", "-inf", "NaN", "1,050", "[1,050, 2]", "[2,099]"]) {
    assert.ok("error" in readAnswer(`{"a": ${said}}`, "stop"), said);
  }
  const codes = readAnswer('{"a": [00123,00456, 012, 005]}', "stop");
  assert.deepEqual(codes, { artifact: { a: ["00123", "00456", "012", "005"] }, repaired: true });
});
