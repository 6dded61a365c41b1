// The same request in other words, for caches: politeness and synonyms pass, every edit does not.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createSameRequest } from "./same-request.ts";

const judge = createSameRequest([]);

function same(asked: string, kept: string): boolean {
  const [a, b] = [judge.read(asked), judge.read(kept)];
  return a !== undefined && b !== undefined && judge.isSame(a, b);
}

for (const [asked, kept] of [
  ["What is the capital of France?", "what is the capital of France"],
  ["Please tell me, what is the capital of France?", "What is the capital of France?"],
  ["Could you name a big city", "please name a large city"],
  ["What is 3*4?", "what's 3*4"],
] as const) {
  test(`the same: ${asked} | ${kept}`, () => assert.ok(same(asked, kept)));
}

for (const [asked, kept] of [
  ["What is 3*4?", "What is 3+4?"],
  ["What is the capital of France?", "What is the capital of Spain?"],
  ["Name two cities", "Name three cities"],
  ["Is it safe to eat?", "Is it not safe to eat?"],
  ["Who lent money to Ann: Bob?", "Who lent money to Bob: Ann?"],
  ["Sort the list in ascending order", "Sort the list in descending order"],
  ["List cities in Ohio", "List cities in Ohio except Toledo"],
  ["Convert 5 miles", "Convert 5 kilometers"],
  ["Does a dog bite a man", "Does a man bite a dog"],
] as const) {
  test(`not the same: ${asked} | ${kept}`, () => {
    assert.ok(!same(asked, kept));
    assert.ok(!same(kept, asked));
  });
}

test("texts without words, and very long ones, are the same as nothing", () => {
  assert.equal(judge.read(""), undefined);
  assert.equal(judge.read("?!"), undefined);
  assert.equal(judge.read("word ".repeat(151)), undefined);
  assert.equal(judge.read("x".repeat(1_000_000)), undefined);
});
