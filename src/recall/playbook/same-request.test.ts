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
  ["Hello, could you please name a big city", "name a big city."],
  ["Name a big city. Thanks!", "Name a big city"],
  ["Quick question: is it open at 10:30?", "Is it open at 10:30"],
  ["Please explain the rules of chess. Thank you.", "explain the rules of chess"],
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
  ["python lifespan", "Python lifespan"],
  // Politeness that is what is asked about, or part of a name.
  ["Translate into German: one coffee, please", "Translate into German: one coffee"],
  ["Translate into French: good morning, thank you", "Translate into French: good morning"],
  ["Is it rude to say no, thanks", "Is it rude to say no"],
  ["Which movie has the line yes, please?", "Which movie has the line yes?"],
  [
    "Reply to this e-mail: we can start Monday, thanks",
    "Reply to this e-mail: we can start Monday",
  ],
  ["What is the Swahili for one coffee, please", "What is the Swahili for one coffee"],
  ["Name a big city, thanks!", "Name a big city"],
  ["Make this shorter. See you soon. Thanks.", "Make this shorter. See you soon."],
  ["Hello, world in C", "world in C"],
  ["Hello. How is that translated to Dutch", "How is that translated to Dutch"],
  ["Does this prompt start with a capital?", "does this prompt start with a capital?"],
  ["Is there a question mark in this?", "Is there a question mark in this"],
  ["How many vowels are in this?", "Please, how many vowels are in this?"],
  ["Did I greet you?", "Hello, did I greet you?"],
  ["Did I thank you? Thanks!", "Did I thank you?"],
  ["Which regex is ab?", "Which regex is ab"],
  ["Solve for a.", "Solve for a"],
  ["What is it in base b?", "What is it in base b"],
  ["Have fun?", "Have fun"],
  ["Please Please Me release year", "Please Me release year"],
  // Typography and contractions.
  ["Simplify x² + x", "Simplify x2 + x"],
  ["How many letters are in don't?", "How many letters are in do not?"],
  ["Is it's the possessive of it", "Is it is the possessive of it"],
  ["Is can't one word?", "Is cannot one word?"],
  ["What's he done", "What is he done"],
  ["How many characters does 'a  b' have", "How many characters does 'a b' have"],
  ["Find a  b", "Find a b"],
  ["Translate into Spanish: Tom is here?", "Translate into Spanish: Tom is here."],
  ["Tom is here?", "Tom is here."],
  ["Find the file a?", "Find the file a."],
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
  for (const formed of ["if a:\n  b", "a\tb", "what is `a b`", 'find "a b"', "find ‘a b’"]) {
    assert.equal(judge.read(formed), undefined, formed);
  }
});
