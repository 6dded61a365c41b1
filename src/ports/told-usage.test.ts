// What tries of one model told is added up with all that its price is made of.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { TokenUsage } from "#contracts/nouns.ts";
import { sumOfUsages } from "./told-usage.ts";

const plain: TokenUsage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const detailed: TokenUsage = {
  ...plain,
  prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3, cache_write_1h_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 1 },
};

test("details are added up too, where a try told any", () => {
  assert.deepEqual(sumOfUsages([detailed, plain, detailed]), {
    prompt_tokens: 30,
    completion_tokens: 15,
    total_tokens: 45,
    prompt_tokens_details: { cached_tokens: 8, cache_write_tokens: 6, cache_write_1h_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 2 },
  });
  const { prompt_tokens, completion_tokens, total_tokens, ...details } = sumOfUsages([
    plain,
    plain,
  ])!;
  assert.deepEqual([prompt_tokens, completion_tokens, total_tokens, details], [20, 10, 30, {}]);
});

test("what is no number has no sum, whatever it is called", () => {
  const odd = { cached_tokens: 1, tier: "x", toString: 2 };
  const told: TokenUsage = { ...plain, prompt_tokens_details: odd };
  const { prompt_tokens_details } = sumOfUsages([told, told])!;
  assert.deepEqual(prompt_tokens_details, { cached_tokens: 2, toString: 4 });
});

test("one that told is its own sum, and none is none", () => {
  assert.equal(sumOfUsages([detailed]), detailed);
  assert.deepEqual([sumOfUsages([]), sumOfUsages(undefined)], [undefined, undefined]);
});
