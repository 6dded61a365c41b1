// Tests of matching: long queries, how opposites are found, and where vectors are kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { longQuery } from "./match-entries.suite.ts";
import { openPlaybook } from "./open-playbook.suite.ts";
import { OPPOSITES, REVERSING_PREFIXES } from "./opposite-words.ts";
import { oppositeDifferences } from "./opposite-gate.ts";
import { readWords, stemOf } from "./query-words.ts";
import { createVectorRows } from "./vector-rows.ts";

test("a query of more than 400 words speaks for itself only, and it says why", async (t) => {
  const { client } = await openPlaybook(t);
  const query_text = longQuery(500, "first");
  const answer = { answer_corpus: "c", answer_id: "a", score: 1 };
  await client.record({ query_text, ...answer });
  const same = await client.match({ query_text });
  assert.equal(same.matches[0]!.applied, true);
  const other = await client.match({ query_text: longQuery(500, "second") });
  assert.equal(other.matches[0]!.applied, false);
  assert.equal(other.matches[0]!.confidence, 0);
  assert.match(other.matches[0]!.reason, /more than 400 words are compared verbatim only/);
});

const VOCABULARY = [...OPPOSITES.keys()]
  .slice(0, 12)
  .concat("lock unlock locked unlocking smoking nonsmoking activate deactivate able".split(" "));

test("opposites found by look-up are those found word against word", () => {
  const sentence = fc.array(fc.constantFrom(...VOCABULARY), { maxLength: 8 });
  fc.assert(
    fc.property(sentence, sentence, (left, right) => {
      const [a, b] = [readWords(left.join(" ")), readWords(right.join(" "))];
      const found = oppositeDifferences(a, b).map((it) => [it.query, it.recorded].join("/"));
      assert.deepEqual(new Set(found), wordAgainstWord(a, b));
    }),
  );
});

function wordAgainstWord(a: ReturnType<typeof readWords>, b: ReturnType<typeof readWords>) {
  const left = new Map(a.map((it) => [it.stem, it.word]));
  const right = new Map(b.map((it) => [it.stem, it.word]));
  const found = new Set<string>();
  for (const [stem, word] of left) {
    if (right.has(stem)) continue;
    for (const [other_stem, other] of right) {
      if (left.has(other_stem)) continue;
      const listed = [...OPPOSITES].some(
        ([one, opposites]) =>
          stemOf(one) === stem && [...opposites].some((it) => stemOf(it) === other_stem),
      );
      if (listed || reverses(word, other) || reverses(other, word)) found.add(`${word}/${other}`);
    }
  }
  return found;
}

function reverses(longer: string, shorter: string): boolean {
  return [...REVERSING_PREFIXES].some(
    ([prefix, letters_min]) =>
      shorter.length >= letters_min &&
      longer.startsWith(prefix) &&
      stemOf(longer.slice(prefix.length)) === stemOf(shorter),
  );
}

test("rows of vectors are those of a plain map, whatever is added and deleted", () => {
  const value = fc.integer({ min: -8, max: 8 });
  const step = fc.record({
    key: fc.nat(20),
    vector: fc.array(value, { minLength: 5, maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const rows = createVectorRows<number>();
      const model = new Map<number, Float32Array>();
      for (const { key, vector } of steps) {
        if (model.delete(key)) rows.delete(key);
        else {
          model.set(key, Float32Array.from(vector));
          rows.add(key, Float32Array.from(vector));
        }
      }
      const asked = Float32Array.of(1, 2, 3, 4, 5);
      const products = new Map<number, number>();
      rows.scan(asked, (key, product) => products.set(key, product));
      const wanted = [...model].map(
        ([key, vector]) => [key, vector.reduce((sum, it, at) => sum + it * asked[at]!, 0)] as const,
      );
      assert.deepEqual(products, new Map(wanted));
    }),
  );
});
