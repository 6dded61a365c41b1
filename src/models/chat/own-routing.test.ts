// A key's list of models holds for the models that a request names for the provider's own routing.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { usage } from "#contracts/usage.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import {
  chunksOf,
  completionOf,
  startScriptedServer,
} from "../../../test/support/scripted-server.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

test("models, fallbacks and presets of a request are asked only where its key may", async (t) => {
  const asked: Record<string, unknown>[] = [];
  const base_url = await startScriptedServer(t, (body) => {
    asked.push(body);
    return { body: completionOf({ content: "hi" }) };
  });
  const dir = await tempDir(t);
  const books = await createUsage(
    { dir, log: silentLog, clock: systemClock },
    usageSettings.parse({}),
  );
  t.after(() => books.stop());
  const providers = [createOpenAiCompatibleProvider({ name: "up", base_url })];
  const { ledger } = books;
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock, ledger };
  const { handlers } = await createChat(needs, chatSettings.parse({ cache_bytes_max: 1_000_000 }));
  const client = connectLocal(chat, handlers, { strict: true });
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const { secret: narrow } = await keys.create_key({ name: "a", models: ["up/small", "up/other"] });
  const { secret: wide } = await keys.create_key({ name: "b", models: ["up/*"] });
  const ask = (secret: string, more: object) => {
    const call = startCall({ principal: books.holderOf(secret)!, from_edge: true });
    const messages = [{ role: "user" as const, content: "hi" }];
    return client.completions({ model: "up/small", messages, ...more }, call);
  };

  for (const more of [
    { models: ["large"] },
    { models: ["other", "large"] },
    { fallbacks: [{ model: "large" }] },
    { preset: "mine" },
  ]) {
    await assert.rejects(ask(narrow, more), { reason: "model_not_allowed" });
    assert.equal(asked.length, 0);
  }
  const { secret: open } = await keys.create_key({ name: "c", models: ["up/small*"] });
  const with_preset = { model: "up/small@preset/mine" };
  await assert.rejects(ask(open, with_preset), { reason: "model_not_allowed" });
  assert.equal(asked.length, 0);
  const names = Array.from({ length: 17 }, () => "other");
  await assert.rejects(ask(narrow, { models: names }), { reason: "invalid_input" });
  await ask(narrow, { models: ["other"] });
  await ask(wide, { models: ["large"], preset: "mine" });
  // No answer of a model that was not asked for is kept: each of these was asked.
  await ask(wide, { models: ["large"], preset: "mine" });
  assert.equal(asked.length, 3);
});

test("whichever of the models named answers is told, and its price charged", async (t) => {
  const usage_told = { prompt_tokens: 1_000, completion_tokens: 1_000, total_tokens: 2_000 };
  let by = "large";
  const more = () => ({ model: by, usage: usage_told });
  const base_url = await startScriptedServer(t, ({ stream }) =>
    stream === true
      ? { events: chunksOf([{ content: "hi" }], usage_told).map((one) => ({ ...one, ...more() })) }
      : { body: completionOf({ content: "hi" }, more()) },
  );
  const books = await createUsage(
    { dir: await tempDir(t), log: silentLog, clock: systemClock },
    usageSettings.parse({
      prices: [
        { model: "up/small", prompt_per_million: 1, completion_per_million: 1 },
        { model: "up/large", prompt_per_million: 100, completion_per_million: 100 },
      ],
    }),
  );
  t.after(() => books.stop());
  const providers = [createOpenAiCompatibleProvider({ name: "up", base_url })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock, ledger: books.ledger };
  const { handlers } = await createChat(needs, chatSettings.parse({}));
  const client = connectLocal(chat, handlers, { strict: true });
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const { secret } = await keys.create_key({ name: "a", models: ["up/*"] });
  const ask = async (stream: boolean) => {
    const call = startCall({ principal: books.holderOf(secret)!, from_edge: true });
    const messages = [{ role: "user" as const, content: "hi" }];
    const asked = { model: "up/small", messages, stream, models: ["large"] };
    const { body } = await client.completions(asked, call);
    let text = "";
    for await (const piece of body) text += Buffer.from(piece).toString();
    return /"model":"([^"]*)"/.exec(text)?.[1];
  };
  assert.deepEqual([await ask(false), await ask(true)], ["up/large", "up/large"]);
  // A name that nobody asked for is the provider's own for what was.
  by = "small-2026-01-01";
  assert.deepEqual([await ask(false), await ask(true)], ["up/small", "up/small"]);
  const { groups } = await keys.report({ group_by: "model" });
  const told = groups.map(({ group, cost }) => [group, cost]);
  assert.deepEqual(told.toSorted(), [
    ["up/large", 0.4],
    ["up/small", 0.004],
  ]);
});

test("a stand-in answers in its own name: what is named for another provider does not bind it", async (t) => {
  const asked: Record<string, unknown>[] = [];
  const up = await startScriptedServer(t, () => ({ status: 500, body: {} }));
  const two = await startScriptedServer(t, (body) => {
    asked.push(body);
    return { body: completionOf({ content: "hi" }) };
  });
  const books = await createUsage(
    { dir: await tempDir(t), log: silentLog, clock: systemClock },
    usageSettings.parse({}),
  );
  t.after(() => books.stop());
  const providers = [
    createOpenAiCompatibleProvider({ name: "up", base_url: up }),
    createOpenAiCompatibleProvider({ name: "two", base_url: two }),
  ];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock, ledger: books.ledger };
  const settings = chatSettings.parse({
    retries_max: 0,
    fallbacks: { "up/down": ["two/ok"] },
    fallback_on: ["failed"],
  });
  const client = connectLocal(chat, (await createChat(needs, settings)).handlers, { strict: true });
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const { secret } = await keys.create_key({ name: "a", models: ["up/*", "two/ok"] });
  const call = startCall({ principal: books.holderOf(secret)!, from_edge: true });
  const messages = [{ role: "user" as const, content: "hi" }];
  await client.completions({ model: "up/down", messages, models: ["dear"], top_p: 0.5 }, call);
  assert.deepEqual(asked, [{ model: "ok", messages, top_p: 0.5, stream: false }]);
});
