// The pure parts of vector: conditions on metadata, SQL conditions, scores, words.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { createBm25Index } from "./bm25-index.ts";
import { holds } from "./metadata-filter.ts";
import { mixScores } from "./mixed-scores.ts";
import { idSelect } from "./sql-condition.ts";
import { createTextArena } from "./text-arena.ts";
import { topSlots } from "./top-slots.ts";
import { createTokenizer } from "./word-tokens.ts";

const source = { dataset: "books", id_column: 'odd"id', id_prefix: "b-" };

test("an SQL condition that is closed in itself is set into brackets", () => {
  const select = 'SELECT "odd""id" FROM "books"';
  assert.equal(idSelect(source, "  "), select);
  for (const condition of [
    "year > 1990 AND (shelf = 'food' OR shelf LIKE '%--;)%')",
    `"odd;)name" = 'it''s'`,
    "note = E'a\\'b;' OR 1=1",
    "id IN (SELECT id FROM sales)",
  ]) {
    assert.equal(idSelect(source, condition), `${select} WHERE (${condition})`);
  }
});

test("an SQL condition that would break out of its brackets is refused", () => {
  for (const condition of [
    "1=1) UNION SELECT secret FROM others WHERE (1=1",
    "1=1); DROP TABLE books; --",
    "1=1 -- and so on",
    "1=1 /* and so on",
    "1=1 ; SELECT 2",
    "(1=1",
    "name = 'open",
    '"open',
    "$$text$$ = ')'",
    "name = E'\\') OR (1=1",
    "x = '\\') OR (1=1",
  ]) {
    assert.throws(() => idSelect(source, condition), { code: "invalid", reason: "sql_syntax" });
  }
});

test("conditions compare like with like only", () => {
  assert.equal(holds({ gte: 3 }, "4"), false);
  assert.equal(holds({ gte: "3" }, "4"), true);
  assert.equal(holds({ lte: 3 }, null), false);
  assert.equal(holds({ not: 3 }, undefined), true);
  assert.equal(holds({ not: 3, gte: 1 }, undefined), false);
  assert.equal(holds([1, "a"], "1"), false);
  assert.equal(holds({}, undefined), true);
});

test("the best slots are those a full sort gives", () => {
  const scores = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 10 }), (list, k) => {
      const slots = Uint32Array.from(list.keys());
      const mask = Uint8Array.from(list, (_, at) => (at % 3 === 0 ? 0 : 1));
      const expected = [...slots]
        .filter((slot) => slot % 3 !== 0)
        .toSorted((a, b) => list[b]! - list[a]! || a - b)
        .slice(0, k);
      const found = topSlots(slots, Float64Array.from(list), k, mask);
      assert.deepEqual(
        found.map(({ slot }) => slot),
        expected,
      );
    }),
  );
});

test("words are found by their stem, in any case and form of writing", () => {
  const tokenize = createTokenizer();
  assert.deepEqual(tokenize("Running RUNS, ran! Ärger ﬁve 3.5"), [
    "run",
    "run",
    "ran",
    "ärger",
    "five",
    "3",
    "5",
  ]);
  assert.deepEqual(tokenize(" ?! "), []);
});

test("a rarer word weighs more, and a removed item counts no more", () => {
  const index = createBm25Index(createTokenizer(), { k1: 1.2, b: 0.75 });
  index.add(0, "common rare");
  index.add(1, "common common");
  index.add(2, "common");
  const first = index.score("rare common");
  assert.ok(first.scores[0]! > first.scores[1]!);
  index.remove(0, "common rare");
  const second = index.score("rare");
  assert.equal(second.slots.length, 0);
  assert.equal(index.words, 1);
});

test("mixed scores keep to 0..1 and to the order of both", () => {
  const mixed = mixScores(
    [
      { slot: 0, vector: 0.9, lexical: 0 },
      { slot: 1, vector: 0.8, lexical: 9 },
      { slot: 2, vector: 0.1, lexical: 3 },
    ],
    0.7,
  );
  assert.deepEqual(
    mixed.map(({ slot }) => slot),
    [1, 0, 2],
  );
  assert.ok(Math.abs(mixed[1]!.score - 0.7) < 1e-12);
  assert.deepEqual(mixScores([], 0.7), []);
});

test("texts come back as they were put, also through their stored form", () => {
  const texts = fc.array(fc.option(fc.string({ unit: "grapheme", maxLength: 20 })), {
    maxLength: 50,
  });
  fc.assert(
    fc.property(texts, (list) => {
      const arena = createTextArena();
      const clean = list.map((text) => text?.toWellFormed() ?? null);
      for (const text of clean) arena.push(text);
      const copy = createTextArena();
      const bytes = Buffer.concat([...arena.bytes(clean.length)]);
      copy.load(arena.lengths(clean.length), bytes);
      const held = createTextArena();
      held.load(arena.lengths(clean.length), {
        size_bytes: bytes.length,
        read: (from, into) => void bytes.copy(into, 0, from, from + into.length),
        close: () => undefined,
      });
      assert.deepEqual(Buffer.concat([...held.bytes(clean.length)]), bytes);
      for (const [at, text] of clean.entries()) {
        assert.equal(arena.get(at), text);
        assert.equal(copy.get(at), text);
        assert.equal(held.get(clean.length - 1 - at), clean[clean.length - 1 - at]);
      }
    }),
  );
});
