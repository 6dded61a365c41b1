// Answers whose form or end is unusual: whole ones stay whole, and none is waited for without need.
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import type { LakehouseError } from "#kernel/problem.ts";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import { createAnthropicProvider } from "./anthropic-provider.ts";
import { UNSAID_END } from "./finish-reasons.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible-provider.ts";
import { listening } from "../../../test/support/listening.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const DEADLINE = { timeout: 20_000 };

/** A server that answers each request with what `say` writes, and says nothing by itself. */
async function serverOf(t: HasAfter, say: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => say(socket));
  });
  return `http://127.0.0.1:${await listening(t, server)}`;
}

const head = (type: string | undefined, more = "") => {
  const line = type === undefined ? "" : `content-type: ${type}\r\n`;
  return `HTTP/1.1 200 OK\r\n${line}${more}connection: close\r\n\r\n`;
};

const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
const said = (content: string, finish_reason: string | null = null) =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason }] });
const USED = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const DOCUMENT = JSON.stringify({
  choices: [{ index: 0, message: { content: "hello" }, finish_reason: "stop" }],
  usage: USED,
});

const openai = (url: string) => createOpenAiCompatibleProvider({ name: "up", base_url: url });
const textOf = (deltas: readonly ChatDelta[]) => deltas.map(({ content }) => content).join("");

async function streamed(t: HasAfter, say: (socket: Socket) => void) {
  return collectDeltas(openai(await serverOf(t, say)).chat(askRequest("m")));
}

async function asWhole(t: HasAfter, say: (socket: Socket) => void) {
  return openai(await serverOf(t, say)).whole!(askRequest("m"));
}

test("an answer that told its end is whole, though its server stays", DEADLINE, async (t) => {
  const ends: Record<string, string> = {
    "says nothing more": said("hello") + said("", "stop"),
    "tells the usage": said("hello") + said("", "stop") + event({ choices: [], usage: USED }),
    "ends with its text": said("hel") + said("lo", "stop"),
  };
  for (const [name, text] of Object.entries(ends)) {
    const began = performance.now();
    const deltas = await streamed(t, (socket) => socket.write(head("text/event-stream") + text));
    assert.equal(textOf(deltas), "hello", name);
    assert.equal(deltas.at(-1)!.finish_reason, "stop", name);
    assert.equal(deltas.at(-1)!.usage?.completion_tokens, name.includes("usage") ? 2 : undefined);
    assert.ok(performance.now() - began < 5_000, name);
  }
});

test("comments behind the end hold nobody up", DEADLINE, async (t) => {
  const deltas = await streamed(t, (socket) => {
    socket.write(head("text/event-stream") + said("hello") + said("", "stop"));
    const beat = setInterval(() => socket.write(": still here\n\n"), 50);
    socket.once("close", () => clearInterval(beat));
  });
  assert.equal(textOf(deltas), "hello");
});

test("a reason with each piece is no end", DEADLINE, async (t) => {
  const deltas = await streamed(t, (socket) => {
    socket.write(head("text/event-stream") + said("one ", "stop") + said("two ", "stop"));
    setTimeout(() => socket.end(`${said("three", "stop")}data: [DONE]\n\n`), 2_500);
  });
  assert.equal(textOf(deltas), "one two three");
});

test("a usage that comes a little late is still told", DEADLINE, async (t) => {
  const deltas = await streamed(t, (socket) => {
    socket.write(head("text/event-stream") + said("hello") + said("", "stop"));
    setTimeout(() => socket.end(event({ choices: [], usage: USED }) + "data: [DONE]\n\n"), 300);
  });
  assert.equal(deltas.at(-1)!.usage?.completion_tokens, 2);
});

test("Anthropic: message_delta with its reason is an end too", DEADLINE, async (t) => {
  const url = await serverOf(t, (socket) => {
    const events = [
      { type: "message_start", message: { usage: { input_tokens: 3, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hello" } },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
    ];
    socket.write(head("text/event-stream") + events.map(event).join(""));
  });
  const provider = createAnthropicProvider({ base_url: url, api_key: "k" });
  const deltas = await collectDeltas(provider.chat(askRequest("m")));
  assert.equal(textOf(deltas), "hello");
  assert.equal(deltas.at(-1)!.usage?.completion_tokens, 2);
});

test("a stream that is done and does not say why may not be whole", async (t) => {
  const text = `${said("half an ans")}data: [DONE]\n\n`;
  const deltas = await streamed(t, (socket) => socket.end(head("text/event-stream") + text));
  const { finish_reason, notes } = deltas.at(-1)!;
  assert.deepEqual([finish_reason, notes], ["stop", [UNSAID_END]]);
});

test("media types have no case, and an answer is known by how it begins", async (t) => {
  const events = `${said("hello", "stop")}data: [DONE]\n\n`;
  const types = ["Application/JSON", "text/plain", "application/vnd.x+json", undefined];
  for (const type of types) {
    const answered = (socket: Socket) => socket.end(`${head(type)} \n${DOCUMENT}`);
    assert.equal(textOf(await streamed(t, answered)), "hello", type);
    assert.equal((await asWhole(t, answered)).content, "hello", type);
  }
  const upper = (socket: Socket) => socket.end(head("Text/Event-Stream") + events);
  assert.equal((await asWhole(t, upper)).content, "hello");
  for (const type of ["Text/Event-Stream", "text/plain", undefined]) {
    const answered = (socket: Socket) => socket.end(head(type) + events);
    assert.equal(textOf(await streamed(t, answered)), "hello", type);
  }
});

test("a byte order mark before JSON says nothing", async (t) => {
  const answered = (socket: Socket) =>
    socket.end(`${head("application/json")}\uFEFF${DOCUMENT}`, "utf8");
  assert.equal((await asWhole(t, answered)).content, "hello");
  assert.equal(textOf(await streamed(t, answered)), "hello");
});

test("a status is told though its explanation never ends", DEADLINE, async (t) => {
  const url = await serverOf(t, (socket) => {
    socket.write(`HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-type: text/plain\r\n\r\nslow`);
  });
  const failure = await openai(url).whole!(askRequest("m")).catch((error: unknown) => error);
  const { reason, extra } = failure as LakehouseError;
  assert.deepEqual([reason, extra["retry_after_s"]], ["provider_rate_limited", 7]);
});
