// Limits of keys: rates by the minute, budgets by day and month, and never more than one over.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { LakehouseError } from "#kernel/problem.ts";
import { createKeyAccount, type KeyLimits, type Reservation } from "./key-account.ts";
import { createMinuteWindow } from "./minute-window.ts";
import { namePattern } from "./name-pattern.ts";

const NOON = Date.parse("2026-01-31T12:00:00Z");
const NONE: KeyLimits = {
  name: "k",
  requests_per_minute: null,
  tokens_per_minute: null,
  budget: { day_cost: null, day_tokens: null, month_cost: null, month_tokens: null },
};

function refusal(work: () => unknown): LakehouseError {
  let refused: LakehouseError | undefined;
  assert.throws(work, (error) => {
    refused = error as LakehouseError;
    return error instanceof LakehouseError && error.code === "rate_limited";
  });
  return refused!;
}

test("a budget is passed by one call at the most, however calls overlap (property)", () => {
  const calls = fc.array(
    fc.record({
      most: fc.integer({ min: 1, max: 50 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 300 },
  );
  const property = fc.property(calls, fc.integer({ min: 1, max: 500 }), (asked, budget) => {
    const account = createKeyAccount();
    const limits = { ...NONE, budget: { ...NONE.budget, day_tokens: budget } };
    const running: { held: Reservation; tokens: number }[] = [];
    let largest = 0;
    const end = () => {
      const one = running.shift()!;
      account.settle(one.held, { tokens: one.tokens, cost: 0 }, NOON);
    };
    for (const { most, part } of asked) {
      // 64 callers: the next one waits until one of them is done.
      if (running.length === 64) end();
      try {
        const held = account.reserve(limits, { tokens: most, cost: 0 }, NOON);
        running.push({ held, tokens: Math.floor(most * part) });
        largest = Math.max(largest, most);
      } catch {
        if (running.length > 0) end();
      }
    }
    while (running.length > 0) end();
    assert.ok(account.spent(NOON).day_tokens < budget + largest);
  });
  fc.assert(property, { numRuns: 200 });
});

test("calls that hold the rest of a budget keep others out until they are settled for less", () => {
  const account = createKeyAccount();
  const limits = { ...NONE, budget: { ...NONE.budget, month_cost: 10 } };
  const held = account.reserve(limits, { tokens: 0, cost: 10 }, NOON);
  const busy = refusal(() => account.reserve(limits, { tokens: 0, cost: 1 }, NOON));
  assert.deepEqual([busy.reason, busy.extra["retry_after_s"]], ["key_budget_spent", 1]);
  account.settle(held, { tokens: 0, cost: 2 }, NOON);
  const next = account.reserve(limits, { tokens: 0, cost: 10 }, NOON);
  account.settle(next, { tokens: 0, cost: 8 }, NOON);
  const spent = refusal(() => account.reserve(limits, { tokens: 0, cost: 1 }, NOON));
  assert.equal(spent.extra["retry_after_s"], 12 * 3600);
});

test("a day's budget is new at midnight, a month's on the first", () => {
  const account = createKeyAccount();
  const hour = 3_600_000;
  const day = { ...NONE, budget: { ...NONE.budget, day_tokens: 5 } };
  const month = { ...NONE, budget: { ...NONE.budget, month_tokens: 5 } };
  const before = NOON - 24 * hour;
  account.settle(
    account.reserve(day, { tokens: 5, cost: 0 }, before),
    { tokens: 5, cost: 0 },
    before,
  );
  refusal(() => account.reserve(day, { tokens: 1, cost: 0 }, before));
  account.reserve(day, { tokens: 0, cost: 0 }, NOON);
  refusal(() => account.reserve(month, { tokens: 1, cost: 0 }, NOON));
  account.reserve(month, { tokens: 0, cost: 0 }, NOON + 12 * hour);
  assert.equal(account.spent(NOON + 12 * hour).month_tokens, 0);
});

test("requests and tokens of the last minute count, and the wait that is told is enough", () => {
  const account = createKeyAccount();
  const limits = { ...NONE, requests_per_minute: 3 };
  for (const at of [0, 10_000, 20_500]) account.reserve(limits, { tokens: 0, cost: 0 }, NOON + at);
  const late = refusal(() => account.reserve(limits, { tokens: 0, cost: 0 }, NOON + 30_000));
  assert.equal(late.reason, "key_rate_limited");
  const wait_s = Number(late.extra["retry_after_s"]);
  refusal(() =>
    account.reserve(limits, { tokens: 0, cost: 0 }, NOON + 30_000 + (wait_s - 1) * 1000),
  );
  account.reserve(limits, { tokens: 0, cost: 0 }, NOON + 30_000 + wait_s * 1000);
  const by_tokens = { ...NONE, tokens_per_minute: 100 };
  const other = createKeyAccount();
  other.reserve(by_tokens, { tokens: 100, cost: 0 }, NOON);
  refusal(() => other.reserve(by_tokens, { tokens: 1, cost: 0 }, NOON));
});

test("a minute window never forgets before 60 s and never keeps beyond 61 s (property)", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(steps, (gaps) => {
      const window = createMinuteWindow();
      const times: number[] = [];
      let now = NOON;
      for (const gap of gaps) {
        now += gap;
        window.add(1, now);
        times.push(now);
        const sum = window.sum(now);
        assert.ok(sum >= times.filter((at) => now - at < 60_000).length);
        assert.ok(sum <= times.filter((at) => now - at <= 61_000).length);
      }
    }),
  );
});

test("patterns: a star is any text, all else is itself, and many stars take no time", () => {
  for (const [pattern, name, fits] of [
    ["*", "a/b", true],
    ["ollama/*", "ollama/tiny", true],
    ["ollama/*", "xollama/tiny", false],
    ["*/gpt-*-mini", "openrouter/openai/gpt-5-mini", true],
    ["*/gpt-*-mini", "openrouter/gpt-mini", false],
    ["ab*ba", "aba", false],
    ["a.b", "axb", false],
  ] as const) {
    assert.equal(namePattern(pattern)(name), fits, `${pattern} ${name}`);
  }
  assert.equal(namePattern("*a".repeat(40))("a".repeat(5_000) + "b"), false);
});

test("a clock that is set back forgets nothing that was spent", () => {
  const account = createKeyAccount();
  const april = NOON + 24 * 3_600_000;
  account.settle(account.reserve(NONE, { tokens: 7, cost: 1 }, NOON), { tokens: 7, cost: 1 }, NOON);
  assert.equal(account.spent(april).month_tokens, 0);
  assert.deepEqual(account.spent(NOON), {
    day_cost: 1,
    day_tokens: 7,
    month_cost: 1,
    month_tokens: 7,
  });
});

test("a clock that is set back holds nobody up for longer than a minute", () => {
  const window = createMinuteWindow();
  const hour_ago = NOON - 3_600_000;
  window.add(2, NOON);
  assert.equal(window.sum(hour_ago), 2);
  assert.equal(window.secondsUntilBelow(2, hour_ago), 61);
  assert.equal(window.sum(hour_ago + 59_000), 2);
  assert.equal(window.sum(hour_ago + 61_000), 0);
  window.add(1, hour_ago + 61_000);
  assert.equal(window.sum(hour_ago + 62_000), 1);
});
