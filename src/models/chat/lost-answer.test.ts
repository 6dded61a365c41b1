// Providers that cut connections, refuse single callers, or speak for a long time: who is harmed.
import type { Socket } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { startCall } from "#kernel/call.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { usage } from "#contracts/usage.ts";
import type { CallLedger } from "#ports/call-ledger.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { sayJson, startRawProvider, type RawAnswer } from "../../../test/support/raw-provider.ts";
import { completionOf } from "../../../test/support/scripted-server.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { failureOf } from "../../../test/support/failure-of.ts";

const MESSAGES = [{ role: "user" as const, content: "hi" }];
const ASKED = { model: "up/m", messages: MESSAGES };

async function open(t: HasAfter, answer: RawAnswer, changes: object = {}, ledger?: CallLedger) {
  const { url: base_url, asked } = await startRawProvider(t, answer);
  const providers = [createOpenAiCompatibleProvider({ name: "up", base_url })];
  const needs = { providers, tiers: {}, ledger, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ retry_base_ms: 1, ...changes });
  const { handlers } = await createChat(needs, settings);
  const client = connectLocal(chat, handlers, { strict: true });
  const circuit = async () => (await client.providers({})).providers[0]!.circuit;
  return { client, asked, circuit };
}

const STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const PIECE = `data: ${JSON.stringify({ choices: [{ delta: { content: "a" } }] })}\n\n`;

for (const ask_whole of [true, false]) {
  test(`a request that was cut off is asked once (whole: ${ask_whole})`, async (t) => {
    const { client, asked } = await open(t, (socket) => socket.destroy(), { ask_whole });
    const error = await failureOf(client.chat(ASKED));
    assert.deepEqual([error.code, error.reason], ["unavailable", "provider_failed"]);
    assert.equal(error.extra["broke_off"], true);
    assert.equal(asked(), 1);
  });
}

test("a request that was cut off before a piece is charged what was held for it", async (t) => {
  const own = { dir: await tempDir(t), log: silentLog, clock: systemClock };
  const books = await createUsage(own, usageSettings.parse({}));
  t.after(() => books.stop());
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const { secret } = await keys.create_key({ name: "k", budget: { day_tokens: 10_000 } });
  const principal = books.holderOf(secret)!;
  for (const [status, charged] of [
    [undefined, true],
    [500, false],
  ] as const) {
    const before = (await keys.keys({})).keys[0]!.spent.day_tokens;
    const answer = (socket: Socket) =>
      void (status === undefined ? socket.destroy() : sayJson(socket, status, {}));
    const { client } = await open(t, answer, {}, books.ledger);
    await failureOf(client.chat({ ...ASKED, max_tokens: 60 }, startCall({ principal })));
    const { spent } = (await keys.keys({})).keys[0]!;
    assert.equal(spent.day_tokens - before >= 60, charged, String(status));
  }
});

test("a request on a connection that its server had closed is asked again", async (t) => {
  // What comes on a used connection is not read any more.
  const used = new Set<Socket>();
  const { client, asked } = await open(t, (socket) => {
    if (used.has(socket)) return void socket.destroy();
    used.add(socket);
    sayJson(socket, 200, completionOf({ role: "assistant", content: "ok" }));
  });
  assert.equal((await client.chat(ASKED)).content, "ok");
  assert.equal((await client.chat(ASKED)).content, "ok");
  assert.equal(asked(), 3);
});

test("prompts of one caller that are refused with 403 leave the circuit to others", async (t) => {
  const refused = { error: { message: "flagged by moderation", code: 403 } };
  const { client, circuit } = await open(t, (socket, nr) => {
    if (nr <= 6) sayJson(socket, 403, refused);
    else sayJson(socket, 200, completionOf({ role: "assistant", content: "ok" }));
  });
  for (let nr = 0; nr < 6; nr++) {
    const error = await failureOf(client.chat(ASKED));
    assert.deepEqual([error.reason, error.hint], ["provider_failed", undefined]);
  }
  assert.equal(await circuit(), "closed");
  assert.equal((await client.chat(ASKED)).content, "ok");
});

test("a long answer that finds out that a provider is back lets others in from its start", async (t) => {
  const { client, circuit } = await open(
    t,
    (socket, nr) => {
      if (nr <= 2) sayJson(socket, 500, {});
      else if (nr === 3) socket.write(STREAM + PIECE);
      else sayJson(socket, 200, completionOf({ role: "assistant", content: "ok" }));
    },
    { breaker_failures: 2, breaker_open_ms: 50 },
  );
  for (let nr = 0; nr < 2; nr++) await failureOf(client.chat(ASKED));
  assert.equal((await failureOf(client.chat(ASKED))).reason, "provider_circuit_open");
  await new Promise((resolve) => setTimeout(resolve, 60));
  for await (const { content } of client.stream(ASKED)) {
    assert.equal(content, "a");
    assert.equal(await circuit(), "closed");
    // While its reader reads no further.
    assert.equal((await client.chat(ASKED)).content, "ok");
    break;
  }
});

test("comments of a stream are a sign of life, until its end is there", async (t) => {
  const done = `data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] })}\n\n`;
  const limits = { first_token_timeout_ms: 200, gap_timeout_ms: 200 };
  const { client } = await open(
    t,
    (socket) => {
      socket.write(STREAM);
      let nr = 0;
      const timer = setInterval(() => {
        if (++nr < 12) socket.write(nr === 6 ? PIECE : ": AT WORK\n\n");
        else socket.end(`${done}: AT WORK\n\ndata: [DONE]\n\n`);
      }, 50);
      socket.on("close", () => clearInterval(timer));
    },
    limits,
  );
  assert.equal((await client.chat(ASKED)).content, "a");
});

test("a piece that says nothing does not bring a provider back", async (t) => {
  const { client, circuit } = await open(
    t,
    (socket, nr) => {
      if (nr <= 2) sayJson(socket, 500, {});
      else socket.write(`${STREAM}${PIECE.replace('"content":"a"', '"content":""')}`);
    },
    { breaker_failures: 2, breaker_open_ms: 50, first_token_timeout_ms: 100, probe_timeout_ms: 50 },
  );
  for (let nr = 0; nr < 2; nr++) await failureOf(client.chat(ASKED));
  await new Promise((resolve) => setTimeout(resolve, 60));
  const hung = failureOf(client.chat(ASKED));
  assert.equal((await failureOf(client.chat(ASKED))).reason, "provider_circuit_open");
  assert.equal((await hung).code, "deadline_exceeded");
  assert.equal(await circuit(), "open");
});

test("a call that finds out and hears nothing keeps nobody else from it for long", async (t) => {
  const { client } = await open(
    t,
    (socket, nr) => {
      if (nr <= 2) sayJson(socket, 500, {});
      else if (nr > 3) sayJson(socket, 200, completionOf({ role: "assistant", content: "ok" }));
    },
    { breaker_failures: 2, breaker_open_ms: 50 },
  );
  for (let nr = 0; nr < 2; nr++) await failureOf(client.chat(ASKED));
  await new Promise((resolve) => setTimeout(resolve, 60));
  const silent = client.chat(ASKED).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal((await client.chat(ASKED)).content, "ok");
  void silent;
});
