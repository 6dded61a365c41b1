// OpenAI's own client against a provider that thinks, refuses, answers in parts and says no.
import { test } from "node:test";
import assert from "node:assert/strict";
import OpenAI, { BadRequestError, UnprocessableEntityError } from "openai";
import { connectLocal } from "#kernel/connect-local.ts";
import { systemClock } from "#kernel/clock.ts";
import { listen } from "#kernel/listen.ts";
import { silentLog } from "#kernel/log.ts";
import { serveHttp } from "#kernel/serve-http.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import {
  chunksOf,
  completionOf,
  startScriptedServer,
  type ScriptedAnswer,
} from "../support/scripted-server.ts";
import type { HasAfter } from "../support/temp-dir.ts";

async function open(t: HasAfter, answer: ScriptedAnswer): Promise<OpenAI> {
  const base_url = await startScriptedServer(t, () => answer);
  const providers = [createOpenAiCompatibleProvider({ name: "up", base_url })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const { handlers } = await createChat(needs, chatSettings.parse({ retries_max: 0 }));
  const served = [{ contract: chat, client: connectLocal(chat, handlers, { strict: true }) }];
  const server = await listen(serveHttp(served), { port: 0 });
  t.after(() => server.stop());
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused", maxRetries: 0 });
}

const ASK = { model: "up/ok", messages: [{ role: "user" as const, content: "hi" }] };

test("a refusal is parsed as one, whole and streamed", async (t) => {
  const refusal = "I cannot help";
  const whole = await open(t, {
    body: completionOf({ role: "assistant", content: null, refusal }),
  });
  const schema = { name: "s", schema: { type: "object" }, strict: true };
  const response_format = { type: "json_schema" as const, json_schema: schema };
  const parsed = await whole.chat.completions.parse({ ...ASK, response_format });
  assert.deepEqual(
    [parsed.choices[0]!.message.refusal, parsed.choices[0]!.message.parsed],
    [refusal, null],
  );
  const streamed = await open(t, {
    events: chunksOf([{ refusal: "I cannot" }, { refusal: " help" }]),
  });
  const final = await streamed.chat.completions.stream(ASK).finalChatCompletion();
  assert.equal(final.choices[0]!.message.refusal, refusal);
});

test("parallel calls under one index are two calls to the client", async (t) => {
  const piece = (id: string, city: string) => {
    const wanted = { name: "f", arguments: { city } };
    return { tool_calls: [{ index: 0, id, type: "function", function: wanted }] };
  };
  const events = chunksOf([piece("a", "Basel"), piece("b", "Bern")], undefined, "tool_calls");
  const client = await open(t, { events });
  const { choices } = await client.chat.completions.stream(ASK).finalChatCompletion();
  const calls = choices[0]!.message.tool_calls as { id: string; function: { arguments: string } }[];
  assert.deepEqual(
    calls.map((call) => [call.id, call.function.arguments]),
    [
      ["a", '{"city":"Basel"}'],
      ["b", '{"city":"Bern"}'],
    ],
  );
});

test("what a provider says of the request is the client's own error, with its code", async (t) => {
  const error = { message: "the context is too long", code: "context_length_exceeded" };
  for (const [status, kind] of [
    [400, BadRequestError],
    [422, UnprocessableEntityError],
  ] as const) {
    const client = await open(t, { status, body: { error } });
    await assert.rejects(client.chat.completions.create(ASK), (thrown) => {
      assert.ok(thrown instanceof kind, String(thrown));
      assert.equal(thrown.code, "context_length_exceeded");
      assert.match(thrown.message, /the context is too long/);
      return true;
    });
  }
});
