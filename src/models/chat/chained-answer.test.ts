// A model that fails and its stand-in: each has its own line, error, time, retries and charge.
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { usage, type UsageLine } from "#contracts/usage.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { failureOf } from "../../../test/support/failure-of.ts";
import { sayJson, startRawProvider, type RawAnswer } from "../../../test/support/raw-provider.ts";
import { completionOf } from "../../../test/support/scripted-server.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";

const USED = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
/** `hi`, what stands around it, and the answer. */
const HELD = 2 + 16 + 60 + 2;
const MESSAGES = [{ role: "user" as const, content: "hi" }];

const answers: RawAnswer = (socket) =>
  sayJson(socket, 200, completionOf({ role: "assistant", content: "ok" }, { usage: USED }));
const fails: RawAnswer = (socket) => sayJson(socket, 500);
const refuses: RawAnswer = (socket) => sayJson(socket, 429);
const breaksOff: RawAnswer = (socket) => void socket.destroy();
const failsLate: RawAnswer = (socket) => void setTimeout(() => sayJson(socket, 500), 150);

type Said = RawAnswer | "away";

/** `a/m`, for which `b/m` stands in, then `c/m`. */
async function open(
  t: HasAfter,
  said: readonly Said[],
  changes: object = {},
  day_tokens = 10_000,
  prices: object[] = [],
  limits: object = {},
) {
  const dir = await tempDir(t);
  const books = await createUsage(
    { dir, log: silentLog, clock: systemClock },
    usageSettings.parse({ prices }),
  );
  t.after(() => books.stop());
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const { secret } = await keys.create_key({ name: "k", budget: { day_tokens }, ...limits });
  const principal = books.holderOf(secret)!;
  const providers = await Promise.all(
    said.map(async (answer, at) => {
      const away = { url: "http://127.0.0.1:1/v1" };
      const { url } = answer === "away" ? away : await startRawProvider(t, answer);
      return createOpenAiCompatibleProvider({ name: "abc"[at]!, base_url: url });
    }),
  );
  const fallbacks = { "a/m": ["b/m", "c/m"].slice(0, said.length - 1) };
  const needs = { providers, tiers: {}, ledger: books.ledger, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ fallbacks, retries_max: 0, retry_base_ms: 1, ...changes });
  const { handlers } = await createChat(needs, settings);
  const client = connectLocal(chat, handlers, { strict: true });
  const ask = () =>
    client.chat({ model: "a/m", messages: MESSAGES, max_tokens: 60 }, startCall({ principal }));
  const lines = async () => {
    const rows: UsageLine[] = [];
    for await (const { row } of readJsonlFile<UsageLine>(join(dir, "usage.jsonl"))) rows.push(row);
    return rows;
  };
  return { ask, lines, keys };
}

const told = ({ provider, error, retries, passed_on, charged_tokens }: UsageLine) => [
  provider,
  error,
  retries,
  passed_on,
  charged_tokens,
];

test("retries are those of the model that needed them, and errors too", async (t) => {
  const { ask, lines, keys } = await open(t, ["away", answers], { retries_max: 2 });
  for (let nr = 0; nr < 2; nr++) assert.equal((await ask()).model, "b/m");
  const once = [
    ["a", "provider_unreachable", 2, true, 0],
    ["b", null, 0, false, USED.total_tokens],
  ];
  assert.deepEqual((await lines()).map(told), [...once, ...once]);
  for (const { asked, trace_id, span_id } of await lines()) {
    assert.ok(asked === "a/m" && trace_id !== "" && span_id !== "");
  }
  const { total, groups } = await keys.report({ group_by: "provider" });
  const figures = [total, ...groups].map((one) => [
    one.group,
    one.calls,
    one.errors,
    one.passed_on,
    one.retries,
  ]);
  assert.deepEqual(figures, [
    ["total", 4, 2, 2, 4],
    ["a", 2, 2, 2, 4],
    ["b", 2, 0, 0, 0],
  ]);
});

test("the time of a model that fails is not that of its stand-in", async (t) => {
  const { ask, lines } = await open(t, [failsLate, answers]);
  await ask();
  const [failed, answered] = await lines();
  assert.ok(failed!.latency_ms >= 140, String(failed!.latency_ms));
  assert.ok(answered!.latency_ms < 140, String(answered!.latency_ms));
  assert.ok(answered!.first_token_ms! <= answered!.latency_ms);
  assert.equal(failed!.first_token_ms, null);
});

test("where all fail each line tells its own reason, and the caller hears the first", async (t) => {
  const { ask, lines } = await open(t, [fails, refuses, "away"]);
  assert.equal((await failureOf(ask())).reason, "provider_failed");
  assert.deepEqual((await lines()).map(told), [
    ["a", "provider_failed", 0, true, 0],
    ["b", "provider_rate_limited", 0, true, 0],
    ["c", "provider_unreachable", 0, false, 0],
  ]);
});

test("lost work is charged on the line of the model that lost it", async (t) => {
  const { ask, lines, keys } = await open(t, [breaksOff, breaksOff, answers]);
  await ask();
  assert.deepEqual((await lines()).map(told), [
    ["a", "provider_failed", 0, true, HELD],
    ["b", "provider_failed", 0, true, HELD],
    ["c", null, 0, false, USED.total_tokens],
  ]);
  const [key] = (await keys.keys({})).keys;
  assert.equal(key!.spent.day_tokens, 2 * HELD + USED.total_tokens);
});

test("a stand-in that costs too much was not asked, and has no line", async (t) => {
  const { ask, lines } = await open(t, [breaksOff, answers], {}, HELD);
  assert.equal((await failureOf(ask())).reason, "key_budget_spent");
  assert.deepEqual((await lines()).map(told), [["a", "provider_failed", 0, false, HELD]]);
});

test("tokens of a minute that a lost model has used leave none for its stand-in", async (t) => {
  const limits = { tokens_per_minute: HELD };
  const { ask, lines } = await open(t, [breaksOff, answers], {}, 10_000, [], limits);
  const failure = await failureOf(ask());
  assert.deepEqual([failure.code, failure.reason], ["rate_limited", "key_rate_limited"]);
  assert.deepEqual((await lines()).map(told), [["a", "provider_failed", 0, false, HELD]]);
});

test("who was refused has used none, and a chain is one request of its caller", async (t) => {
  const limits = { tokens_per_minute: HELD, requests_per_minute: 1 };
  const { ask } = await open(t, [refuses, fails, answers], {}, 10_000, [], limits);
  assert.equal((await ask()).model, "c/m");
  assert.equal((await failureOf(ask())).reason, "key_rate_limited");
});

test("a stand-in that costs less holds no more than its own price", async (t) => {
  const price = (model: string, per_million: number) => ({
    model,
    prompt_per_million: per_million,
    completion_per_million: per_million,
  });
  const prices = [price("a/m", 3_000_000), price("b/m", 1_000_000)];
  for (const [first, lost] of [
    [refuses, 0],
    [breaksOff, 3 * HELD],
  ] as const) {
    const { ask, lines, keys } = await open(t, [first, breaksOff], {}, 10_000, prices);
    await failureOf(ask());
    const costs = (await lines()).map(({ charged_cost }) => charged_cost);
    assert.deepEqual(costs, [lost, HELD]);
    assert.equal((await keys.keys({})).keys[0]!.spent.day_cost, lost + HELD);
  }
});

test("what is looked for in memory is the answer of the model that is asked for", async (t) => {
  const { ask, lines } = await open(t, [fails, answers], { cache_bytes_max: 100_000 });
  await ask();
  assert.deepEqual(
    (await lines()).map(({ cache }) => cache),
    ["miss", "off"],
  );
});
