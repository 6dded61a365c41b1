// Bodies nested too deeply are refused before anything walks through them.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { checkJsonDepth } from "./json-depth.ts";
import { anyCodePoint } from "../../test/support/any-code-point.ts";

const nested = (levels: number, inside = "1") => "[".repeat(levels) + inside + "]".repeat(levels);

const tooDeep = { code: "invalid", reason: "too_deep" };

test("a thousand levels are read, one more is refused, however they are made", () => {
  checkJsonDepth(nested(1_000));
  assert.throws(() => checkJsonDepth(nested(1_001)), tooDeep);
  assert.throws(() => checkJsonDepth(nested(100_000)), tooDeep);
  assert.throws(() => checkJsonDepth('{"a":'.repeat(1_001) + "1" + "}".repeat(1_001)), tooDeep);
  assert.throws(() => checkJsonDepth(`{"text":"\\\\","deep":${nested(1_000)}}`), tooDeep);
  // What is no JSON is told by whoever parses it, unless it is deep before it breaks.
  checkJsonDepth(`"${"x".repeat(5_000)}`);
  assert.throws(() => checkJsonDepth("[".repeat(5_000)), tooDeep);
});

test("many brackets side by side or within texts are not deep", () => {
  checkJsonDepth(JSON.stringify(Array.from({ length: 5_000 }, () => [{ a: [] }])));
  checkJsonDepth(JSON.stringify({ text: `"[\\"{`.repeat(5_000), more: ["[".repeat(9_000)] }));
});

test("the depth of any JSON text is that of its value", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: anyCodePoint }), (value) => {
      const padded = `${JSON.stringify(value)}${" ".repeat(20)}`;
      const depth = depthOf(value);
      checkJsonDepth(padded, depth);
      if (depth > 0) assert.throws(() => checkJsonDepth(padded, depth - 1), tooDeep);
    }),
  );
});
