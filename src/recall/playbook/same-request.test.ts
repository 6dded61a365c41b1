// The same request in other words, for caches: politeness passes, whatever may mean something not.
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
  ["Hello, could you please name a big city", "name a big  city."],
  ["Name a big city, thanks!", "Name a big city"],
  ["What's 3*4?", "what is 3*4?"],
  ["Why isn't it blue?", "why is not it blue"],
] as const) {
  test(`the same: ${asked} | ${kept}`, () => {
    assert.ok(same(asked, kept));
    assert.ok(same(kept, asked));
  });
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
  // Signs.
  ["Convert -40 Celsius to Fahrenheit", "Convert 40 Celsius to Fahrenheit"],
  ["the square root of -4", "the square root of 4"],
  ["What is .5 * 4?", "What is 5 * 4?"],
  ["5!", "5"],
  ["10 - 5", "10 : 5"],
  ["Who said let's eat, grandma", "Who said let's eat grandma"],
  // Words of one stem.
  ["What is marketing?", "What is a market?"],
  ["Define authority", "Define author"],
  ["What is a university?", "What is a universe?"],
  ["Name a city in Ohio", "Name cities in Ohio"],
  ["What happened", "What happens"],
  // Short words that mean something.
  ["Is vitamin d good for you", "Is vitamin good for you"],
  ["hepatitis a symptoms", "hepatitis symptoms"],
  ["convert 5 m to feet", "convert 5 to feet"],
  ["French word for hello?", "French word for thanks?"],
  ["What is the word for please", "What is the word for"],
  ["Print hello world in C", "Print world in C"],
  ["I need to delete all files", "Can I delete all files?"],
  ["Can you swim?", "swim"],
  // Case and other words for the same thing.
  ["What does IT mean?", "What does it mean?"],
  ["IT jobs", "it jobs"],
  ["Spell movie", "Spell film"],
] as const) {
  test(`not the same: ${asked} | ${kept}`, () => {
    assert.ok(!same(asked, kept));
    assert.ok(!same(kept, asked));
  });
}

test("texts without words, very long ones, and mere politeness are the same as nothing", () => {
  assert.equal(judge.read(""), undefined);
  assert.equal(judge.read("?!"), undefined);
  assert.equal(judge.read("word ".repeat(61)), undefined);
  assert.equal(judge.read("x".repeat(1_000_000)), undefined);
  assert.ok(!same("please", "thanks"));
  for (const formed of ["if a:\n  b", "a\tb", "what does `a  b` say", 'spell "a  b"']) {
    assert.equal(judge.read(formed), undefined, formed);
  }
});
