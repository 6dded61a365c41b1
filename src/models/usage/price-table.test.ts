// What a call cost: each kind of prompt token at its own price, and the most that it may cost.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createPriceTable } from "./price-table.ts";
import { usageSettings } from "./usage-settings.ts";

const PLAIN = { model: "a/m", prompt_per_million: 3, completion_per_million: 15 };
const CACHED = { ...PLAIN, cached_per_million: 0.3 };

function costOf(price: object, details: Record<string, unknown>): number {
  const { prices } = usageSettings.parse({ prices: [price] });
  const usage = { prompt_tokens: 1250, completion_tokens: 20, total_tokens: 1270 };
  return createPriceTable(prices).costOf("a/m", { ...usage, prompt_tokens_details: details })!;
}

test("prompt tokens are read from a cache, written to it, or neither, each at its price", () => {
  const details = { cached_tokens: 1000, cache_write_tokens: 200 };
  const near = (one: number, other: number) => assert.ok(Math.abs(one - other) < 1e-12, `${one}`);
  near(costOf({ ...CACHED, cache_write_per_million: 3.75 }, details), 0.0015);
  // Without a price of their own they cost what others do.
  near(costOf(CACHED, details), 0.00135);
  near(costOf(PLAIN, details), 0.00405);
  near(costOf({ ...CACHED, cache_write_per_million: 0 }, details), 0.00075);
  const hour = { ...details, cache_write_1h_tokens: 100 };
  near(costOf({ ...CACHED, cache_write_per_million: 3.75 }, hour), 0.0015);
  near(
    costOf({ ...CACHED, cache_write_per_million: 3.75, cache_write_1h_per_million: 6 }, hour),
    0.001725,
  );
});

test("figures that say more than the prompt has do not make it dearer", () => {
  const details = { cached_tokens: 1_200, cache_write_tokens: 9_999 };
  const cost = costOf({ ...CACHED, cache_write_per_million: 4 }, details);
  assert.ok(Math.abs(cost - (1200 * 0.3 + 50 * 4 + 20 * 15) / 1e6) < 1e-12, String(cost));
  const untold = costOf(CACHED, { cache_write_tokens: "9" });
  assert.equal(untold, costOf(CACHED, {}));
});

test("thoughts that are counted in nothing but the total cost what an answer does", () => {
  const { prices } = usageSettings.parse({ prices: [{ ...PLAIN, prompt_per_million: 0 }] });
  const answerOf = (completion_tokens: number, total_tokens: number, reasoning_tokens?: number) => {
    const details =
      reasoning_tokens === undefined ? {} : { completion_tokens_details: { reasoning_tokens } };
    const told = { prompt_tokens: 12, completion_tokens, total_tokens, ...details };
    return Math.round(createPriceTable(prices).costOf("a/m", told)! * (1e6 / 15));
  };
  // As xAI, OpenAI and others tell them; what a total has beyond them is none of the answer's.
  assert.equal(answerOf(1, 399, 386), 387);
  assert.equal(answerOf(387, 399, 386), 387);
  assert.equal(answerOf(10, 300), 288);
  assert.equal(answerOf(10, 300, 0), 10);
  assert.equal(answerOf(10, 50, 20), 30);
});

test("the most that a call may cost is that of a prompt which is written to the cache", () => {
  const prices = [
    { ...CACHED, cache_write_per_million: 3.75 },
    { ...PLAIN, model: "b/m" },
    { ...CACHED, model: "d/m", cache_write_per_million: 3.75, cache_write_1h_per_million: 6 },
  ];
  const table = createPriceTable(usageSettings.parse({ prices }).prices);
  assert.equal(table.costMost("a/m", 1_000_000, 1_000_000), 18.75);
  assert.equal(table.costMost("b/m", 1_000_000, 1_000_000), 18);
  assert.equal(table.costMost("c/m", 1_000_000, 1_000_000), 0);
  assert.equal(table.costMost("d/m", 1_000_000, 1_000_000), 21);
});
