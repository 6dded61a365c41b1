// The cache of vectors: bounded, least recently used first to go.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { createVectorCache } from "./vector-cache.ts";

const entry = (dimension: number) => ({
  vector: new Float32Array(dimension),
  tokens: 1,
  pooled: false,
});

test("what was used longest ago goes first", () => {
  const cache = createVectorCache(3 * (4 * 10 + 320));
  for (const key of ["a", "b", "c"]) cache.set(key, entry(10));
  cache.get("a");
  cache.set("d", entry(10));
  assert.notEqual(cache.get("a"), undefined);
  assert.equal(cache.get("b"), undefined);
  assert.equal(cache.figures().entries, 3);
});

test("it never holds more bytes than it may, and counts each look", () => {
  const step = fc.tuple(fc.boolean(), fc.constantFrom("a", "b", "c", "d", "e"), fc.nat(200));
  fc.assert(
    fc.property(fc.array(step), fc.nat(3_000), (steps, bytes_max) => {
      const cache = createVectorCache(bytes_max);
      let looks = 0;
      for (const [is_get, key, dimension] of steps) {
        if (is_get) {
          cache.get(key);
          looks++;
        } else {
          cache.set(key, entry(dimension));
        }
        const { bytes, hits, misses } = cache.figures();
        assert.ok(bytes >= 0 && bytes <= bytes_max);
        assert.equal(hits + misses, looks);
      }
    }),
  );
});
