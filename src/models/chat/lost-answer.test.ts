// Providers that cut connections, refuse single callers, or speak for a long time: who is harmed.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
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
import { completionOf } from "../../../test/support/scripted-server.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { failureOf } from "../../../test/support/failure-of.ts";

const MESSAGES = [{ role: "user" as const, content: "hi" }];
const ASKED = { model: "up/m", messages: MESSAGES };

type Answer = (socket: Socket, nr: number) => void;

async function open(t: HasAfter, answer: Answer, changes: object = {}, ledger?: CallLedger) {
  const sockets: Socket[] = [];
  let asked = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (piece) => {
      text += piece.toString();
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || Buffer.byteLength(text.slice(end + 4)) < length) return;
      text = "";
      answer(socket, ++asked);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const providers = [createOpenAiCompatibleProvider({ name: "up", base_url })];
  const needs = { providers, tiers: {}, ledger, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ retry_base_ms: 1, ...changes });
  const { handlers } = await createChat(needs, settings);
  const client = connectLocal(chat, handlers, { strict: true });
  const circuit = async () => (await client.providers({})).providers[0]!.circuit;
  return { client, asked: () => asked, circuit };
}

function say(socket: Socket, status: number, body: object): void {
  const text = JSON.stringify(body);
  socket.write(`HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\n`);
  socket.write(`content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
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
      void (status === undefined ? socket.destroy() : say(socket, status, {}));
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
    say(socket, 200, completionOf({ role: "assistant", content: "ok" }));
  });
  assert.equal((await client.chat(ASKED)).content, "ok");
  assert.equal((await client.chat(ASKED)).content, "ok");
  assert.equal(asked(), 3);
});

test("prompts of one caller that are refused with 403 leave the circuit to others", async (t) => {
  const refused = { error: { message: "flagged by moderation", code: 403 } };
  const { client, circuit } = await open(t, (socket, nr) => {
    if (nr <= 6) say(socket, 403, refused);
    else say(socket, 200, completionOf({ role: "assistant", content: "ok" }));
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
      if (nr <= 2) say(socket, 500, {});
      else if (nr === 3) socket.write(STREAM + PIECE);
      else say(socket, 200, completionOf({ role: "assistant", content: "ok" }));
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

test("a piece that says nothing does not bring a provider back", async (t) => {
  const { client, circuit } = await open(
    t,
    (socket, nr) => {
      if (nr <= 2) say(socket, 500, {});
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
      if (nr <= 2) say(socket, 500, {});
      else if (nr > 3) say(socket, 200, completionOf({ role: "assistant", content: "ok" }));
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
