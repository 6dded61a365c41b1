// Tests of reading a query as words.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normaliseQuery, readWords } from "./query-words.ts";
import { anyCodePoint } from "../../../test/support/any-code-point.ts";

const wordsOf = (text: string) => readWords(text).map((word) => word.word);

test("queries that differ in case, spacing and closing punctuation are one query", () => {
  assert.equal(normaliseQuery("  Where   IS my Card?! "), normaliseQuery("where is my card"));
  assert.notEqual(normaliseQuery("is it C++"), normaliseQuery("is it C"));
});

test("contractions are resolved, also those that a tokeniser has split", () => {
  for (const text of ["I don't know", "I don’t know", "I don 't know", "I do n't know"]) {
    const words = wordsOf(text);
    assert.ok(words.includes("not"), `${text}: ${words.join(" ")}`);
  }
  assert.deepEqual(wordsOf("it isn't here"), ["it", "is", "not", "here"]);
  assert.deepEqual(wordsOf("Anna's car"), ["anna", "car"]);
});

test("capitals mark names, unless they open a sentence or everything has them", () => {
  const names = (text: string) =>
    readWords(text)
      .filter((word) => word.capital)
      .map((word) => word.text);
  assert.deepEqual(names("Please send it to Anna in Boston. Tell Bob"), ["Anna", "Boston", "Bob"]);
  assert.deepEqual(names("SEND ANNA TO BOSTON NOW"), []);
  assert.deepEqual(names("Please Send Anna Through Boston Before Dinner"), []);
  assert.deepEqual(names("jobs in CA"), ["CA"]);
});

test("any text can be read, and reading its normal form finds the same words", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCodePoint }), (text) => {
      for (const word of readWords(text)) assert.ok(word.word.length > 0);
      assert.equal(normaliseQuery(normaliseQuery(text)), normaliseQuery(text));
    }),
  );
});
