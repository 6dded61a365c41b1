// BM25 over posting lists: as the formula says, shortcuts or not, and each scope for itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { createWordReader } from "./index-words.ts";
import { createWordIndex } from "./word-index.ts";

const OPTIONS = { k1: 1.2, b: 0.75, postings_max: 1_000_000 };
const WORDS = Array.from({ length: 60 }, (_, at) => `w${at}`);

function texts(seed: number, count: number): string[] {
  const random = seededRandom(seed);
  // Low numbers stand nearly everywhere, high ones are rare.
  const word = () => WORDS[Math.floor(WORDS.length ** random.next()) - 1]!;
  return Array.from({ length: count }, () =>
    Array.from({ length: 3 + random.int(12) }, word).join(" "),
  );
}

/** The formula, word by word, without an index. */
function scoresOf(docs: readonly string[], query: string): number[] {
  const split = docs.map((doc) => doc.split(" "));
  const mean = split.reduce((sum, words) => sum + words.length, 0) / docs.length;
  const asked = query.split(" ").map((word) => ({
    word,
    holding: split.filter((other) => other.includes(word)).length,
  }));
  return split.map((words) => {
    let sum = 0;
    for (const { word, holding } of asked) {
      const frequency = words.filter((one) => one === word).length;
      const idf = Math.log(1 + (docs.length - holding + 0.5) / (holding + 0.5));
      const norm = OPTIONS.k1 * (1 - OPTIONS.b + (OPTIONS.b * words.length) / mean);
      sum += (idf * frequency * (OPTIONS.k1 + 1)) / (frequency + norm);
    }
    return sum;
  });
}

for (const common_min of [0, 50, 1_000_000]) {
  test(`the best are those of the formula (lists are common from ${common_min} on)`, () => {
    const docs = texts(3, 400);
    const index = createWordIndex(createWordReader(), { ...OPTIONS, common_min });
    for (const [at, text] of docs.entries()) index.add(0, at, text);
    for (const query of texts(4, 40)) {
      const expected = scoresOf(docs, query);
      const even = (doc: number) => doc % 2 === 0;
      const order = [...docs.keys()]
        .filter((doc) => even(doc) && expected[doc]! > 0)
        .toSorted((a, c) => expected[c]! - expected[a]!);
      const found = index.best(0, query, 8, even);
      assert.equal(found.length, Math.min(8, order.length));
      for (const [rank, { doc, score }] of found.entries()) {
        assert.ok(Math.abs(score - expected[doc]!) < 1e-4, "the score is that of the formula");
        assert.ok(
          Math.abs(score - expected[order[rank]!]!) < 1e-4,
          "and nobody better is left out",
        );
      }
    }
  });
}

test("the ideal is the score of a text of mean length that has the query's words", () => {
  const index = createWordIndex(createWordReader(), OPTIONS);
  const docs = ["w1 w2 w3 w4", "w1 w5 w6 w7", "w8 w9 w10 w11"];
  for (const [at, text] of docs.entries()) index.add(0, at, text);
  const [best] = index.best(0, docs[0]!, 1, () => true);
  assert.ok(Math.abs(index.ideal(0, docs[0]!) - best!.score) < 1e-4);
  assert.ok(index.ideal(0, "w1 w99") > index.ideal(0, "w1"), "a word that nobody has counts too");
});

test("what stands in one scope does not move a score in another", () => {
  const alone = createWordIndex(createWordReader(), OPTIONS);
  const shared = createWordIndex(createWordReader(), OPTIONS);
  const all = () => true;
  for (const [at, text] of texts(5, 30).entries()) {
    alone.add(1, at * 2, text);
    shared.add(1, at * 2, text);
    shared.add(2, at * 2 + 1, `w1 w2 w3 ${text}`);
  }
  assert.deepEqual(shared.best(1, "w1 w2 w9", 10, all), alone.best(1, "w1 w2 w9", 10, all));
  assert.ok(shared.best(2, "w1", 50, all).every(({ doc }) => doc % 2 === 1));
});
