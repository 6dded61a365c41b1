// Answers that nobody streams are asked for in one piece, as far as limits and providers let them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { ANSWER_TEXT, startOpenAiServer } from "../../../test/support/model-servers.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const ASK = { model: "or/tiny", messages: [{ role: "user" as const, content: "hello" }] };

async function open(t: HasAfter, changes: Record<string, unknown> = {}) {
  const openai = await startOpenAiServer(t);
  const provider = createOpenAiCompatibleProvider({ name: "or", base_url: `${openai.url}/v1` });
  const needs = { providers: [provider], tiers: {}, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ retries_max: 0, ...changes });
  const service = await createChat(needs, settings);
  return { openai, client: connectLocal(chat, service.handlers, { strict: true }) };
}

const asksToStream = (server: { requests: readonly { body: unknown }[] }) =>
  server.requests.map(({ body }) => (body as { stream: boolean }).stream);

test("an answer that nobody streams is asked for whole; a stream is asked for as one", async (t) => {
  const { openai, client } = await open(t);
  const whole = await client.chat(ASK);
  assert.deepEqual([whole.content, whole.finish_reason], [ANSWER_TEXT, "stop"]);
  let streamed = "";
  for await (const delta of client.stream(ASK)) streamed += delta.content;
  assert.equal(streamed, ANSWER_TEXT);
  assert.deepEqual(asksToStream(openai), [false, true]);
});

for (const [why, changes] of [
  ["the first piece is due soon", { first_token_timeout_ms: 5_000 }],
  ["a gap must be short", { gap_timeout_ms: 5_000 }],
  ["a second request may be sent", { hedge_after_ms: 5_000 }],
  ["the settings say so", { ask_whole: false }],
] as const) {
  test(`answers are asked for piece by piece where ${why}`, async (t) => {
    const { openai, client } = await open(t, changes);
    assert.equal((await client.chat(ASK)).content, ANSWER_TEXT);
    assert.deepEqual(asksToStream(openai), [true]);
  });
}

test("a whole answer that does not come in time is a deadline, and the provider is left", async (t) => {
  const { openai, client } = await open(t, { whole_answer_timeout_ms: 200 });
  openai.next("silent");
  await assert.rejects(client.chat(ASK), (error: LakehouseError) => {
    assert.deepEqual([error.code, error.extra["silent_ms"]], ["deadline_exceeded", 200]);
    return true;
  });
  await openai.client_left;
});

test("a caller that leaves a whole answer frees the provider", async (t) => {
  const { openai, client } = await open(t);
  openai.next("silent");
  const caller = new AbortController();
  const asked = client.chat(ASK, startCall({ signal: caller.signal }));
  await openai.asked(1);
  caller.abort();
  await assert.rejects(asked, { code: "cancelled" });
  await openai.client_left;
});

test("a whole answer longer than the limit is refused", async (t) => {
  const { client } = await open(t, { answer_characters_max: 5 });
  await assert.rejects(client.chat(ASK), { reason: "bad_provider_answer" });
});
