// Framed stems: short forms in full, phrases that frame a request in one form.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { framedStems } from "./request-frames.ts";

test("short forms and their full forms are the same words", () => {
  for (const [short, full] of [
    ["what's the weather", "what is the weather"],
    ["i can't find it", "i cannot find it"],
    ["i don’t know", "i do not know"],
    ["i 'm late", "i am late"],
    ["let's flip a coin", "lets flip a coin"],
    ["it won't start", "it will not start"],
  ] as const) {
    assert.deepEqual(framedStems(short), framedStems(full), short);
  }
});

test("phrases that frame a request have one form, and possessives stay", () => {
  assert.deepEqual(framedStems("I need to pay"), framedStems("i must pay"));
  assert.deepEqual(framedStems("I would like a cab"), framedStems("i want a cab"));
  assert.deepEqual(framedStems("change my car's oil"), ["chang", "my", "car", "s", "oil"]);
  assert.deepEqual(framedStems("3:30 at W-12"), ["3:30", "at", "w", "12"]);
});

test("any text gives words without spaces, and case does not matter", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      for (const stem of framedStems(text)) assert.match(stem, /^\S+$/u);
    }),
  );
  assert.deepEqual(framedStems("WHAT'S UP"), framedStems("what's up"));
});
