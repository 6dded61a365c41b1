// Wording: the same text is 1, order and letters count, and nothing depends on the order asked in.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readWords } from "./query-words.ts";
import { WORDING_FEATURES, wordingFeatures, wordingLikeness } from "./wording-likeness.ts";

const stemsOf = (text: string) => readWords(text).map((word) => word.stem);
const candidate = (text: string, cosine: number) => ({ stems: stemsOf(text), cosine });

test("the same text has a likeness of 1, and nothing is more like it", () => {
  const asked = stemsOf("how much will i pay in state taxes");
  const [same, other] = wordingLikeness(asked, [
    candidate("how much will i pay in state taxes", 1),
    candidate("how much will i pay in federal taxes", 0.9),
  ]);
  assert.ok(Math.abs(same! - 1) < 1e-9);
  assert.ok(other! < same!);
});

test("of two texts of equal meaning the one that keeps the order comes first", () => {
  const asked = stemsOf("please would you show me the weather of tomorrow");
  const [kept, turned] = wordingLikeness(asked, [
    candidate("please could you show me the weather of tomorrow", 0.9),
    candidate("weather tomorrow please, show me the would you", 0.9),
  ]);
  assert.ok(kept! > turned!);
});

test("every feature lies between 0 and 1, for empty and for long texts too", () => {
  const words = fc.array(fc.constantFrom("a", "b", "not", "tax", "taxes", "pay"), {
    maxLength: 90,
  });
  fc.assert(
    fc.property(words, fc.array(words, { minLength: 1, maxLength: 6 }), (asked, texts) => {
      const found = texts.map((stems) => ({ stems, cosine: 0.5 }));
      for (const features of wordingFeatures(asked, found)) {
        for (const name of WORDING_FEATURES) {
          assert.ok(features[name] >= 0 && features[name] <= 1, `${name}: ${features[name]}`);
        }
      }
    }),
  );
});

test("the likeness of a candidate does not depend on the order of the candidates", () => {
  const texts = ["book a table for two", "book two tables", "cancel my table", "a table"];
  const found = texts.map((text, at) => candidate(text, 0.5 + at / 10));
  const forward = wordingLikeness(stemsOf("reserve a table for two"), found);
  const back = wordingLikeness(stemsOf("reserve a table for two"), found.toReversed());
  assert.deepEqual(forward, back.toReversed());
});
