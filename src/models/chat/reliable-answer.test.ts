// Fallbacks, hedging, cache, circuit and ledger of chat, against real servers on loopback.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LOCAL_PRINCIPAL, startCall, type Principal } from "#kernel/call.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createOllamaProvider } from "#adapters/chat-model/ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { chat } from "#contracts/chat.ts";
import { usage, type UsageLine } from "#contracts/usage.ts";
import type { CallLedger } from "#ports/call-ledger.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { join } from "node:path";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import {
  ANSWER_TEXT,
  startOllamaServer,
  startOpenAiServer,
} from "../../../test/support/model-servers.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";

const MESSAGES = [{ role: "user" as const, content: "hello" }];
const FALLBACKS = { fallbacks: { "ollama/tiny": ["or/vendor/tiny"] }, retries_max: 0 };

async function open(t: HasAfter, changes: Record<string, unknown> = {}, prices: unknown[] = []) {
  const [ollama, openai] = await Promise.all([startOllamaServer(t), startOpenAiServer(t)]);
  const dir = await tempDir(t);
  const needs = { dir, log: silentLog, clock: systemClock };
  const books = await createUsage(needs, usageSettings.parse({ prices }));
  t.after(() => books.stop());
  const providers = [
    createOllamaProvider({ base_url: ollama.url }),
    createOpenAiCompatibleProvider({ name: "or", base_url: `${openai.url}/v1` }),
  ];
  const { ledger } = books;
  const settings = chatSettings.parse({ retry_base_ms: 1, ...changes });
  const own = { providers, tiers: {}, ledger, log: silentLog, clock: systemClock };
  const service = await createChat(own, settings);
  const client = connectLocal(chat, service.handlers, { strict: true });
  const lines = async () => {
    const rows: UsageLine[] = [];
    for await (const { row } of readJsonlFile<UsageLine>(join(dir, "usage.jsonl"))) rows.push(row);
    return rows;
  };
  return { service, client, ollama, openai, books, lines };
}

test("each answer is in the ledger before its caller has it, streams too", async (t) => {
  const { client, lines } = await open(t);
  await client.chat({ model: "ollama/tiny", messages: MESSAGES, task_class: "greet" });
  const [line] = await lines();
  const { time, trace_id, span_id, latency_ms, first_token_ms, ...rest } = line!;
  assert.ok(time !== "" && trace_id !== "" && span_id !== "");
  assert.ok(latency_ms >= first_token_ms! && first_token_ms! > 0);
  assert.deepEqual(rest, {
    schema: "usage.call.v1",
    caller: "local",
    key_id: null,
    asked: "ollama/tiny",
    provider: "ollama",
    model: "tiny",
    task_class: "greet",
    stream: false,
    prompt_tokens: 11,
    completion_tokens: 7,
    total_tokens: 18,
    cached_tokens: 0,
    cache_write_tokens: 0,
    cost: null,
    charged_tokens: 18,
    charged_cost: 0,
    cache: "off",
    retries: 0,
    hedged: false,
    passed_on: false,
    finish_reason: "stop",
    error: null,
  });
  for await (const item of client.stream({ model: "or/vendor/tiny", messages: MESSAGES })) {
    if (item.finish_reason !== undefined) assert.equal((await lines()).length, 2);
  }
  assert.equal((await lines())[1]!.stream, true);
});

test("failed calls and callers that leave have their lines too", async (t) => {
  const { client, ollama, lines } = await open(t, { retries_max: 1, gap_timeout_ms: 60_000 });
  ollama.next("unavailable_503", "unavailable_503", "stall");
  await assert.rejects(client.chat({ model: "tiny", messages: MESSAGES }));
  for await (const { content } of client.stream({ model: "tiny", messages: MESSAGES })) {
    assert.ok(content.length > 0);
    break;
  }
  await ollama.client_left;
  const leaving = new AbortController();
  ollama.next("silent");
  const asking = client.chat(
    { model: "tiny", messages: MESSAGES },
    startCall({ signal: leaving.signal }),
  );
  await ollama.asked(4);
  leaving.abort();
  await assert.rejects(asking, { code: "cancelled" });
  for (let look = 0; look < 100 && (await lines()).length < 3; look++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(
    (await lines()).map(({ error, retries, finish_reason }) => [error, retries, finish_reason]),
    [
      ["provider_failed", 1, null],
      ["cancelled", 0, "cancelled"],
      ["cancelled", 0, null],
    ],
  );
});

test("a model that fails is stood in for, and the answer says by whom", async (t) => {
  const { client, ollama, openai, lines } = await open(t, FALLBACKS);
  ollama.next("broken_500");
  const answer = await client.chat({ model: "ollama/tiny", messages: MESSAGES });
  assert.deepEqual([answer.model, answer.content], ["or/vendor/tiny", ANSWER_TEXT]);
  assert.deepEqual(
    (await lines()).map((line) => [line.asked, line.provider, line.model, line.error]),
    [
      ["ollama/tiny", "ollama", "tiny", "provider_failed"],
      ["ollama/tiny", "or", "vendor/tiny", null],
    ],
  );
  // What is wrong with the request is wrong with every model.
  ollama.next("no_model_404");
  await assert.rejects(client.chat({ model: "ollama/tiny", messages: MESSAGES }), {
    reason: "no_such_model",
  });
  assert.equal(openai.requests.length, 1);
  // Both fail: the error of the one that was asked for is told.
  ollama.next("broken_500");
  openai.next("busy_long");
  await assert.rejects(client.chat({ model: "ollama/tiny", messages: MESSAGES }), {
    reason: "provider_failed",
  });
});

test("after the first piece nobody stands in", async (t) => {
  const { client, ollama, openai } = await open(t, FALLBACKS);
  ollama.next("cut");
  await assert.rejects(client.chat({ model: "ollama/tiny", messages: MESSAGES }), {
    reason: "provider_failed",
  });
  assert.equal(openai.requests.length, 0);
});

test("a silent provider is stood in for; classes that are not named are not", async (t) => {
  const silence = { first_token_timeout_ms: 100, ...FALLBACKS };
  const one = await open(t, silence);
  one.ollama.next("silent");
  const answer = await one.client.chat({ model: "ollama/tiny", messages: MESSAGES });
  assert.equal(answer.provider, "or");
  const other = await open(t, { ...silence, fallback_on: ["unreachable"] });
  other.ollama.next("silent");
  await assert.rejects(other.client.chat({ model: "ollama/tiny", messages: MESSAGES }), {
    code: "deadline_exceeded",
  });
});

test("a key's list of models holds for those that stand in, too", async (t) => {
  const { client, ollama, openai, books } = await open(t, FALLBACKS);
  const admin = connectLocal(usage, books.handlers);
  const { secret } = await admin.create_key({ name: "k", models: ["ollama/*"] });
  const principal: Principal = books.holderOf(secret)!;
  ollama.next("broken_500");
  const asking = client.chat(
    { model: "ollama/tiny", messages: MESSAGES },
    startCall({ principal }),
  );
  await assert.rejects(asking, { reason: "provider_failed" });
  assert.equal(openai.requests.length, 0);
  const other = client.chat({ model: "or/x", messages: MESSAGES }, startCall({ principal }));
  await assert.rejects(other, { code: "forbidden", reason: "model_not_allowed" });
});

test("a provider that fails again and again is left alone, and tells so", async (t) => {
  const { client, ollama, service } = await open(t, {
    retries_max: 0,
    breaker_failures: 2,
    breaker_open_ms: 150,
  });
  ollama.next("broken_500", "broken_500");
  const ask = () => client.chat({ model: "tiny", messages: MESSAGES });
  for (const reason of ["provider_failed", "provider_failed", "provider_circuit_open"]) {
    await assert.rejects(ask(), { reason });
  }
  assert.equal(ollama.requests.length, 2);
  const { providers } = await client.providers({});
  const found = providers.find(({ name }) => name === "ollama")!;
  assert.deepEqual([found.circuit, found.circuit_opened, found.running], ["open", 1, 0]);
  const { figures } = await service.health();
  assert.equal((figures["lanes"] as { ollama: { circuit: string } }).ollama.circuit, "open");
  await new Promise((resolve) => setTimeout(resolve, 170));
  assert.equal((await ask()).content, ANSWER_TEXT);
  assert.equal((await client.providers({})).providers[0]!.circuit, "closed");
});

test("a slow first piece is hedged: the second answers, the first is left", async (t) => {
  const { client, ollama, lines, service } = await open(t, { hedge_after_ms: 40 });
  ollama.next("silent");
  const answer = await client.chat({ model: "tiny", messages: MESSAGES });
  assert.equal(answer.content, ANSWER_TEXT);
  await ollama.client_left;
  assert.equal(ollama.requests.length, 2);
  const [left, answered] = await lines();
  assert.deepEqual(
    [left!.hedged, left!.error, left!.finish_reason, left!.total_tokens, left!.charged_tokens],
    [true, "hedge_lost", "cancelled", null, 0],
  );
  assert.deepEqual([answered!.hedged, answered!.error], [true, null]);
  assert.equal(left!.trace_id, answered!.trace_id);
  const { figures } = await service.health();
  assert.equal((figures["lanes"] as { ollama: { running: number } }).ollama.running, 0);
  await client.chat({ model: "or/vendor/tiny", messages: MESSAGES });
  assert.equal((await lines())[2]!.hedged, false);
});

test("equal requests are answered from memory where that is on, and never others", async (t) => {
  const { client, ollama, lines } = await open(t, { cache_bytes_max: 100_000 });
  const ask = (more: object = {}) => client.chat({ model: "tiny", messages: MESSAGES, ...more });
  const first = await ask();
  const second = await ask({ task_class: "other" });
  assert.deepEqual([second.content, second.model], [first.content, first.model]);
  assert.deepEqual(second.usage, first.usage);
  assert.equal(ollama.requests.length, 1);
  const streamed = [];
  for await (const item of client.stream({ model: "ollama/tiny", messages: MESSAGES })) {
    streamed.push(item.content);
  }
  assert.equal(streamed.join(""), ANSWER_TEXT);
  assert.equal(ollama.requests.length, 1);
  await ask({ temperature: 0.7 });
  await ask({ temperature: 0.7 });
  await ask({ tools: [{ type: "function", function: { name: "f" } }] });
  await ask({ seed: 1 });
  assert.equal(ollama.requests.length, 5);
  ollama.next("length");
  await ask({ seed: 2 });
  await ask({ seed: 2 });
  assert.equal(ollama.requests.length, 7);
  const states = (await lines()).map(({ cache, cost }) => `${cache} ${cost}`);
  assert.deepEqual(states.slice(0, 4), ["miss null", "hit 0", "hit 0", "off null"]);
});

test("64 callers at once pass a key's budget by one request at the most", async (t) => {
  const { client, books, ollama } = await open(t);
  const admin = connectLocal(usage, books.handlers);
  // Each answer is 18 tokens; each may be 5 bytes of prompt, 16 around it and 7 of answer.
  const { secret } = await admin.create_key({ name: "k", budget: { day_tokens: 18 * 20 } });
  const principal: Principal = books.holderOf(secret)!;
  const asked = { model: "tiny", messages: MESSAGES, max_tokens: 7 };
  let refusals = 0;
  const caller = async () => {
    for (let turn = 0; turn < 3; turn++) {
      await client.chat(asked, startCall({ principal })).catch((error: LakehouseError) => {
        assert.equal(error.reason, "key_budget_spent");
        refusals++;
      });
    }
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  const { keys } = await admin.keys({});
  assert.ok(keys[0]!.spent.day_tokens < 18 * 21, `${keys[0]!.spent.day_tokens} tokens`);
  assert.equal(keys[0]!.spent.day_tokens, 18 * ollama.requests.length);
  assert.equal(refusals + ollama.requests.length, 3 * 64);
  assert.ok(refusals > 0);
});

test("a budget holds for what stands in too, however many ask at once", async (t) => {
  const price = { model: "or/*", prompt_per_million: 1e6, completion_per_million: 1e6 };
  const { client, books, ollama, openai } = await open(t, FALLBACKS, [price]);
  const admin = connectLocal(usage, books.handlers);
  const { secret } = await admin.create_key({ name: "k", budget: { day_cost: 20 } });
  const principal = books.holderOf(secret)!;
  ollama.next(...Array.from({ length: 16 }, () => "broken_500" as const));
  const asked = { model: "ollama/tiny", messages: MESSAGES, max_tokens: 7 };
  const asking = Array.from({ length: 16 }, () => client.chat(asked, startCall({ principal })));
  const ends = await Promise.allSettled(asking);
  const reasons = ends.map((end) => (end.status === "rejected" ? end.reason.reason : "answered"));
  const answered = reasons.filter((reason) => reason === "answered").length;
  assert.equal(openai.requests.length, answered);
  // Each is 18 tokens: the second may begin below 20, no third.
  assert.ok(answered >= 1 && answered <= 2, `${answered} answered`);
  assert.ok(reasons.every((one) => one === "answered" || one === "key_budget_spent"));
  const { keys } = await admin.keys({});
  assert.equal(keys[0]!.spent.day_cost, 18 * answered);
});

test("who leaves before the answer has paid for what was asked", async (t) => {
  const { client, books, ollama, lines } = await open(t);
  const admin = connectLocal(usage, books.handlers);
  const { secret } = await admin.create_key({ name: "k", budget: { day_tokens: 25 } });
  const principal = books.holderOf(secret)!;
  const ask = async (signal?: AbortSignal) =>
    client.chat(
      { model: "tiny", messages: MESSAGES, max_tokens: 7 },
      startCall(signal === undefined ? { principal } : { principal, signal }),
    );
  ollama.next("silent");
  const leaving = new AbortController();
  const asking = ask(leaving.signal);
  await ollama.asked(1);
  leaving.abort();
  await assert.rejects(asking, { code: "cancelled" });
  while ((await lines()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { keys } = await admin.keys({});
  // The most that it may be: the bytes of the prompt, what stands around it, and the answer.
  assert.ok(keys[0]!.spent.day_tokens >= 28);
  await assert.rejects(ask(), { reason: "key_budget_spent" });
  // Whoever is turned away by the provider has got nothing.
  const other = await admin.create_key({ name: "o", budget: { day_tokens: 25 } });
  ollama.next("broken_500");
  const own = startCall({ principal: books.holderOf(other.secret)! });
  await assert.rejects(client.chat({ model: "tiny", messages: MESSAGES }, own));
  assert.equal((await admin.keys({})).keys.find(({ name }) => name === "o")!.spent.day_tokens, 0);
});

test("the answer of a model that stands in is not kept for who may not ask it", async (t) => {
  const { client, ollama, openai } = await open(t, { ...FALLBACKS, cache_bytes_max: 1e6 });
  const ask = () => client.chat({ model: "ollama/tiny", messages: MESSAGES });
  ollama.next("broken_500");
  assert.equal((await ask()).provider, "or");
  assert.equal((await ask()).provider, "ollama");
  assert.equal((await ask()).provider, "ollama");
  assert.deepEqual([ollama.requests.length, openai.requests.length], [2, 1]);
});

test("an answer whose line cannot be written is not handed out", async (t) => {
  const { url } = await startOllamaServer(t);
  const full = new LakehouseError("unavailable", "no space", { reason: "log_unwritable" });
  const ledger: CallLedger = {
    admit: async () => ({
      covers: () => true,
      lost: async () => undefined,
      settle: () => Promise.reject(full),
    }),
    costOf: () => null,
  };
  const providers = [createOllamaProvider({ base_url: url })];
  const needs = { providers, tiers: {}, ledger, log: silentLog, clock: systemClock };
  const service = await createChat(needs, chatSettings.parse({}));
  const client = connectLocal(chat, service.handlers, { strict: true });
  const asked = { model: "tiny", messages: MESSAGES };
  await assert.rejects(client.chat(asked), { reason: "log_unwritable" });
  let last: string | undefined;
  await assert.rejects(
    async () => {
      for await (const item of client.stream(asked)) last = item.finish_reason;
    },
    { reason: "log_unwritable" },
  );
  assert.equal(last, undefined);
});

test("a setting that a model refuses is left out, and every form of the answer says so", async (t) => {
  const { client, openai } = await open(t);
  const asked = { model: "or/vendor/tiny", messages: MESSAGES, temperature: 0.5 };
  openai.next("no_temperature");
  const whole = await client.chat(asked);
  assert.match(String(whole.notes), /temperature/);
  for (const stream of [false, true]) {
    // A model that was told once is known.
    const { body } = await client.completions({ ...asked, stream });
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    assert.match(Buffer.concat(chunks).toString("utf8"), /"notes":\["[^"]*temperature/);
  }
});

test("chat without a ledger answers as before", async (t) => {
  const { url } = await startOllamaServer(t);
  const providers = [createOllamaProvider({ base_url: url })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const service = await createChat(needs, chatSettings.parse({}));
  const client = connectLocal(chat, service.handlers, { strict: true });
  const call = startCall({ principal: LOCAL_PRINCIPAL });
  assert.equal(
    (await client.chat({ model: "tiny", messages: MESSAGES }, call)).content,
    ANSWER_TEXT,
  );
});
