// What a provider says of a request stays as it says it; what is wrong with the provider is a 503.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createAnthropicProvider } from "#adapters/chat-model/anthropic-provider.ts";
import { createOllamaProvider } from "#adapters/chat-model/ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { STATUS_OF_CODE } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import {
  completionOf,
  startScriptedServer,
  type ScriptedAnswer,
} from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";
import { failureOf } from "../../../test/support/failure-of.ts";

const MESSAGES = [{ role: "user" as const, content: "hi" }];

async function open(t: HasAfter, answer: ScriptedAnswer, changes: object = {}) {
  const base_url = await startScriptedServer(t, ({ model }) =>
    model === "spare" ? { body: completionOf({ content: "spare" }) } : answer,
  );
  const providers = [
    createOpenAiCompatibleProvider({ name: "up", base_url }),
    createOllamaProvider({ name: "ol", base_url }),
    createAnthropicProvider({ name: "an", base_url, api_key: "key-1" }),
  ];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ retry_base_ms: 1, ...changes });
  const { handlers } = await createChat(needs, settings);
  return connectLocal(chat, handlers, { strict: true });
}

for (const status of [400, 413, 422]) {
  test(`${status} of a provider is ${status}, with its message and code`, async (t) => {
    const error = { message: "the context is too long", code: "context_length_exceeded" };
    const client = await open(t, { status, body: { error } });
    for (const stream of [false, true]) {
      const asked = { model: "up/ok", messages: MESSAGES, stream };
      const failure = await failureOf(client.completions(asked));
      assert.equal(STATUS_OF_CODE[failure.code], status);
      assert.equal(failure.reason, "provider_failed");
      assert.deepEqual(failure.extra["error"], {
        message: `up answered ${status}: the context is too long`,
        type: "invalid_request_error",
        param: null,
        code: "context_length_exceeded",
      });
    }
  });
}

for (const [status, hint] of [
  [402, /credit/],
  [302, /base_url/],
  [308, /base_url/],
] as const) {
  test(`${status} of a provider is unavailable with a hint, and another is asked`, async (t) => {
    const answer = { status, headers: { location: "/elsewhere" }, body: { error: "no" } };
    const client = await open(t, answer);
    const failure = await failureOf(client.chat({ model: "up/ok", messages: MESSAGES }));
    assert.deepEqual([failure.code, failure.reason], ["unavailable", "provider_failed"]);
    assert.match(failure.hint ?? "", hint);
    const fallen = await open(t, answer, { fallbacks: { "up/ok": ["up/spare"] } });
    assert.equal((await fallen.chat({ model: "up/ok", messages: MESSAGES })).model, "up/spare");
  });
}

test("a web page is no answer, whoever sends it and however it is read", async (t) => {
  const page = { headers: { "content-type": "text/html; charset=utf-8" }, body: "<html>Log in" };
  for (const ask_whole of [true, false]) {
    const client = await open(t, page, { ask_whole });
    for (const model of ["up/ok", "ol/ok", "an/ok"]) {
      const failure = await failureOf(client.chat({ model, messages: MESSAGES }));
      const { code, reason, message } = failure;
      assert.deepEqual([code, reason], ["unavailable", "bad_provider_answer"], model);
      assert.match(message, /Log in/);
    }
  }
});

test("a key of ours that a provider says back reaches nobody", async (t) => {
  const message = "Incorrect API key: Bearer sk-not-for-callers-1, x-api-key sk-not-for-callers-2";
  const base_url = await startScriptedServer(t, () => ({
    status: 401,
    body: { error: { message, code: "sk-not-for-callers-1" } },
  }));
  const providers = [
    createOpenAiCompatibleProvider({ name: "up", base_url, api_key: "sk-not-for-callers-1" }),
    createAnthropicProvider({ name: "an", base_url, api_key: "sk-not-for-callers-2" }),
  ];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const { handlers } = await createChat(needs, chatSettings.parse({ retries_max: 0 }));
  const client = connectLocal(chat, handlers, { strict: true });
  await failureOf(client.chat({ model: "up/ok", messages: MESSAGES }));
  for (const model of ["up/ok", "an/ok"]) {
    const failure = await failureOf(client.chat({ model, messages: MESSAGES }));
    assert.match(failure.message, /Incorrect API key: Bearer \*\*\*/);
    const said = JSON.stringify([failure.message, failure.hint, failure.extra]);
    assert.ok(!said.includes("sk-not-for-callers-1"), said);
  }
});
