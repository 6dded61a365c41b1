// Answers that nobody streams are asked for in one piece, as far as limits and providers let them.
import assert from "node:assert/strict";
import { createServer } from "node:http";
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
import { listening } from "../../../test/support/listening.ts";
import { ANSWER_TEXT, startOpenAiServer } from "../../../test/support/model-servers.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const ASK = { model: "or/tiny", messages: [{ role: "user" as const, content: "hello" }] };

async function open(t: HasAfter, changes: Record<string, unknown> = {}, at?: string) {
  const openai = await startOpenAiServer(t);
  const base_url = `${at ?? openai.url}/v1`;
  const provider = createOpenAiCompatibleProvider({ name: "or", base_url });
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

test("a stream that comes for it and does not end is left at that limit", async (t) => {
  const piece = `data: ${JSON.stringify({ choices: [{ delta: { content: "x".repeat(1_000) } }] })}`;
  let sent = 0;
  const left = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.on("close", left.resolve);
    const flow = () => {
      while (!response.destroyed && sent++ < 60_000) {
        if (!response.write(`${piece}\n\n`)) return response.once("drain", flow);
      }
      return response.end();
    };
    flow();
  });
  const port = await listening(t, server);
  const { client } = await open(t, { answer_characters_max: 10_000 }, `http://127.0.0.1:${port}`);
  await assert.rejects(client.chat(ASK), (error: LakehouseError) => {
    assert.deepEqual(
      [error.reason, error.extra["answer_characters_max"]],
      ["bad_provider_answer", 10_000],
    );
    return true;
  });
  await left.promise;
  assert.ok(sent < 30_000, `${sent} pieces`);
});
