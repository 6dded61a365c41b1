// Tests of the figures against values worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { rateOf } from "./rates.ts";
import { aurocOf, ndcgAt, recallAt, reciprocalRankAt } from "./retrieval-figures.ts";
import { parseGrades } from "./retrieval-folder.ts";
import { createWordNeighbours, plainText } from "./word-neighbours.ts";

const near = (value: number, wanted: number) =>
  assert.ok(Math.abs(value - wanted) < 1e-4, `${value} is not ${wanted}`);

test("the Wilson interval is that of the textbook", () => {
  const { rate, low, high } = rateOf(8, 10);
  near(rate!, 0.8);
  near(low!, 0.4902);
  near(high!, 0.9433);
  assert.deepEqual(rateOf(0, 0), { hits: 0, of: 0, rate: null, low: null, high: null });
  assert.equal(rateOf(0, 5).low, 0);
  assert.equal(rateOf(5, 5).high, 1);
});

test("nDCG has linear gain and the ideal over all graded ids, as trec_eval has it", () => {
  const grades = new Map([
    ["a", 2],
    ["b", 1],
    ["c", 0],
  ]);
  near(ndcgAt(["a", "b"], grades, 10), 1);
  near(ndcgAt(["x", "b", "a"], grades, 10), (1 / Math.log2(3) + 2 / 2) / (2 + 1 / Math.log2(3)));
  assert.equal(ndcgAt([], grades, 10), 0);
  assert.equal(ndcgAt(["a"], new Map(), 10), 0);
});

test("recall and reciprocal rank look at the first k only", () => {
  const grades = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  assert.equal(recallAt(["x", "a", "b"], grades, 2), 0.5);
  assert.equal(recallAt(["x", "a", "b"], grades, 3), 1);
  assert.equal(reciprocalRankAt(["x", "a"], grades, 10), 0.5);
  assert.equal(reciprocalRankAt(["x", "a"], grades, 1), 0);
});

test("AUROC counts ties half", () => {
  assert.equal(aurocOf([3, 4], [1, 2]), 1);
  assert.equal(aurocOf([1, 2], [3, 4]), 0);
  assert.equal(aurocOf([1, 1], [1, 1]), 0.5);
  assert.equal(aurocOf([1, 3], [2]), 0.5);
});

test("grades are read by tab, headings and blank lines passed over", () => {
  const grades = parseGrades("query-id\tcorpus-id\tscore\nq1\td1\t1\r\nq1\td2\t2\n\n");
  assert.deepEqual(
    [...grades.get("q1")!],
    [
      ["d1", 1],
      ["d2", 2],
    ],
  );
  assert.equal(grades.size, 1);
});

test("the closest line in words obeys what is allowed", () => {
  const lines = ["red chairs for sale", "red tables for sale", "soup of the day"];
  const { closest } = createWordNeighbours(lines);
  assert.equal(
    closest("a red chair", () => true),
    0,
  );
  assert.equal(
    closest("a red chair", (at) => at !== 0),
    1,
  );
  assert.equal(
    closest("unheard of", (at) => at < 2),
    undefined,
  );
  assert.equal(plainText("Red, Chairs!"), "red chairs");
});
