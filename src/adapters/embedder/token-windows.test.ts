// Windows over a long text's tokens.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { tokenWindows } from "./token-windows.ts";

test("windows cover every token once, in order, and none is too long", () => {
  fc.assert(
    fc.property(
      fc.nat(3_000),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
      (length, size, starts) => {
        const windows = tokenWindows(length, size, (at) => starts[at % starts.length]!);
        let at = 0;
        for (const [from, to] of windows) {
          assert.equal(from, at);
          assert.ok(to - from <= size);
          assert.ok(to > from || length === 0);
          at = to;
        }
        assert.equal(at, length);
      },
    ),
  );
});

test("a window ends before a word that would be cut, when its start is near", () => {
  const windows = tokenWindows(20, 16, (at) => at !== 10);
  assert.deepEqual(windows, [
    [0, 9],
    [9, 20],
  ]);
});
