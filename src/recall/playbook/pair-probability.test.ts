// Tests of the comparison word against word: order, roles, symmetry.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readTrees, treesProbability } from "./boosted-trees.ts";
import { pairFeatures } from "./pair-features.ts";
import { pairProbability, PAIRED_WORDS_MAX } from "./pair-probability.ts";
import { alignTexts, pairText } from "./paired-texts.ts";
import { readWords } from "./query-words.ts";
import { bestExchange } from "./role-exchange.ts";
import { commonInOrder, editsBetween, inversionShare } from "./sequence-overlap.ts";

const probability = (a: string, b: string) => pairProbability(readWords(a), readWords(b))!;
const read = (text: string) => pairText(readWords(text));

test("exchanged roles are improbable, a moved clause is not", () => {
  const text = "In 1990 the Lakers of Boston beat the team from Dallas in the final game";
  const moved = "The Lakers of Boston beat the team from Dallas in the final game in 1990";
  const other = "In 1990 the Lakers of Dallas beat the team from Boston in the final game";
  assert.ok(probability(text, moved) > 0.5, `moved: ${probability(text, moved)}`);
  assert.ok(probability(text, other) < 0.3, `exchanged: ${probability(text, other)}`);
});

test("the best exchange names what changed places", () => {
  const [a, b] = [
    read("did bob pay anna for the tickets"),
    read("did anna pay bob for the tickets"),
  ];
  const exchange = bestExchange(a, b, alignTexts(a, b));
  assert.deepEqual([exchange.first, exchange.second], ["anna", "bob"]);
  assert.equal(exchange.gain_share, 1);
});

test("a pair has the same features whichever text comes first", () => {
  const word = fc.constantFrom(..."The Paris team of red cars won by 3 goals in , 1990".split(" "));
  const text = fc.array(word, { minLength: 1, maxLength: 14 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(text, text, (x, y) => {
      const [a, b] = [read(x), read(y)];
      const there = pairFeatures(a, b);
      assert.deepEqual(there, pairFeatures(b, a));
      for (const [name, value] of Object.entries(there)) assert.ok(Number.isFinite(value), name);
    }),
    { numRuns: 100 },
  );
});

test("sequences are compared as the text books have it", () => {
  const letters = (text: string) => text.split("");
  assert.equal(commonInOrder(letters("abcbdab"), letters("bdcaba")), 4);
  assert.equal(editsBetween(letters("kitten"), letters("sitting")), 3);
  assert.equal(inversionShare([3, 2, 1]), 1);
  assert.equal(inversionShare([1, 2, 3]), 0);
});

test("trees are read as the fit writes them, and a line that is cut off is refused", () => {
  const trees = readTrees(0, "a>1 b>2\n | -1 0 0 1");
  const at = (a: number, b: number) => treesProbability(trees, { a, b });
  assert.equal(at(1, 2), 1 / (1 + Math.E));
  assert.equal(at(2, 2), 0.5);
  assert.equal(at(2, 3), 1 / (1 + Math.exp(-1)));
  assert.throws(() => readTrees(0, "a>1 b>2\n | -1 0 0"), /leaf for each answer/);
});

test("texts that are too long are not compared word against word", () => {
  const long = Array.from({ length: PAIRED_WORDS_MAX + 1 }, (_, at) => `w${at}x`).join(" ");
  assert.equal(pairProbability(readWords(long), readWords("short")), undefined);
});
