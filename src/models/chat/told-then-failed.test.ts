// An answer that told what it used and then failed is charged that: not what was held, nor nothing.
import type { Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import { createAnthropicProvider } from "#adapters/chat-model/anthropic-provider.ts";
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

const TOLD = { prompt_tokens: 30, completion_tokens: 40, total_tokens: 70 };
const USED = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
/** `hi`, what stands around it, and the answer. */
const HELD = 2 + 16 + 60 + 2;
const ASK = { messages: [{ role: "user" as const, content: "hi" }], max_tokens: 60 };
const DIED = { message: "upstream died", code: 502 };
const HALF = { content: "half" };

const answers: RawAnswer = (socket) =>
  sayJson(socket, 200, completionOf({ content: "ok" }, { usage: USED }));
const refuses: RawAnswer = (socket) => sayJson(socket, 429);

function sayEvents(socket: Socket, ...events: readonly (object | string)[]): void {
  socket.write("HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
  for (const event of events) {
    socket.write(typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`);
  }
  socket.end();
}

const streams =
  (...events: readonly (object | string)[]): RawAnswer =>
  (socket) =>
    sayEvents(socket, ...events);
const wholeOf =
  (more: object, in_choice: object = {}): RawAnswer =>
  (socket) =>
    sayJson(socket, 200, { ...more, choices: [{ index: 0, message: HALF, ...in_choice }] });

const half = { choices: [{ index: 0, delta: HALF }] };
const told = { choices: [], usage: TOLD };
const failsTold = wholeOf({ usage: TOLD, error: DIED });
/** Nothing is said before the error. */
const failsAtOnce = streams({ choices: [{ index: 0, delta: {} }], usage: TOLD, error: DIED });

interface Trial {
  readonly changes?: object;
  readonly budget?: object;
  readonly prices?: object[];
}

/** `a/m`, for which `b/m` stands in. */
async function open(t: HasAfter, said: readonly RawAnswer[], trial: Trial = {}) {
  const { changes = {}, budget = { day_tokens: 10_000 }, prices = [] } = trial;
  const dir = await tempDir(t);
  const own = { dir, log: silentLog, clock: systemClock };
  const books = await createUsage(own, usageSettings.parse({ prices }));
  t.after(() => books.stop());
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const { secret } = await keys.create_key({ name: "k", budget });
  const principal = books.holderOf(secret)!;
  const servers = await Promise.all(said.map((answer) => startRawProvider(t, answer)));
  const urls = servers.map(({ url }) => url);
  const providers = [
    ...urls.map((base_url, at) => createOpenAiCompatibleProvider({ name: "ab"[at]!, base_url })),
    createAnthropicProvider({ base_url: urls[0]!, api_key: "key-1" }),
  ];
  const fallbacks = said.length > 1 ? { "a/m": ["b/m"] } : {};
  const needs = { providers, tiers: {}, ledger: books.ledger, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ fallbacks, retry_base_ms: 1, ...changes });
  const { handlers } = await createChat(needs, settings);
  const client = connectLocal(chat, handlers, { strict: true });
  const ask = (model = "a/m") => client.chat({ model, ...ASK }, startCall({ principal }));
  const read = async () => {
    const asked = { model: "a/m", ...ASK };
    for await (const _delta of client.stream(asked, startCall({ principal })));
  };
  const lines = async () => {
    const rows: UsageLine[] = [];
    for await (const { row } of readJsonlFile<UsageLine>(join(dir, "usage.jsonl"))) rows.push(row);
    return rows;
  };
  const spent = async () => (await keys.keys({})).keys[0]!.spent;
  return { client, principal, ask, read, lines, spent, servers };
}

const figures = ({ provider, error, total_tokens, charged_tokens }: UsageLine) => [
  provider,
  error,
  total_tokens,
  charged_tokens,
];

const whole: Trial = {};
const pieces: Trial = { changes: { ask_whole: false } };
const short = { answer_characters_max: 3 };

for (const [what, answer, trial, reason] of [
  ["beside its choice", failsTold, whole, "provider_failed"],
  ["within it", wholeOf({ usage: TOLD }, { error: DIED }), whole, "provider_failed"],
  [
    "as a stream for a whole answer",
    streams(half, told, { error: DIED }),
    whole,
    "provider_failed",
  ],
  ["piece by piece", streams(half, told, { error: DIED }), pieces, "provider_failed"],
  ["in its first piece", failsAtOnce, pieces, "provider_failed"],
  ["as a whole answer to a stream", failsTold, pieces, "provider_failed"],
  ["by an event", streams(half, told, `event: error\ndata: {}\n\n`), pieces, "provider_failed"],
  ["by what is no JSON", streams(half, told, "data: {\n\n"), pieces, "bad_provider_answer"],
  ["by its end", streams({ ...half, usage: TOLD }), pieces, "provider_failed"],
  ["for its length", wholeOf({ usage: TOLD }), { changes: short }, "bad_provider_answer"],
  [
    "for its length in pieces",
    streams({ choices: [{ delta: HALF, finish_reason: "stop" }], usage: TOLD }),
    { changes: { ...short, ...pieces.changes } },
    "bad_provider_answer",
  ],
  [
    "without a choice",
    (socket: Socket) => sayJson(socket, 200, { usage: TOLD, choices: [] }),
    whole,
    "bad_provider_answer",
  ],
] as const) {
  test(`an answer that told its tokens and fails ${what} is charged those`, async (t) => {
    const { ask, lines, spent } = await open(t, [answer], trial);
    const failure = await failureOf(ask());
    assert.equal(failure.reason, reason);
    const is_long = failure.extra["answer_characters_max"] !== undefined && trial !== whole;
    // Where its length is told by an early piece, nobody has told its tokens yet.
    const charged = is_long && what.endsWith("pieces") ? HELD : 70;
    const tokens = charged === HELD ? null : 70;
    assert.deepEqual((await lines()).map(figures), [["a", reason, tokens, charged]]);
    assert.equal((await spent()).day_tokens, charged);
  });
}

test("an answer that goes on after it told its tokens and breaks off costs what was held", async (t) => {
  const { ask, lines } = await open(t, [streams(half, told, half)], pieces);
  assert.equal((await failureOf(ask())).extra["broke_off"], true);
  assert.deepEqual((await lines()).map(figures), [["a", "provider_failed", null, HELD]]);
});

test("… and where it ends in an error, what that tells, or nothing", async (t) => {
  const ends = [
    [{ error: DIED, usage: TOLD }, 70],
    [{ error: DIED }, undefined],
  ] as const;
  for (const [end, tokens] of ends) {
    const early = { choices: [], usage: USED };
    const { ask } = await open(t, [streams(half, early, half, end)], pieces);
    const { extra } = await failureOf(ask());
    assert.equal((extra["usage"] as typeof TOLD | undefined)?.total_tokens, tokens);
  }
});

const begun = {
  type: "message_start",
  message: { usage: { input_tokens: 30, cache_read_input_tokens: 5, output_tokens: 1 } },
};
const opened = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
const spoken = {
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: "half" },
};
const thinks = {
  type: "content_block_start",
  index: 0,
  content_block: { type: "redacted_thinking", data: "x" },
};
const searches = {
  type: "content_block_start",
  index: 0,
  content_block: { type: "server_tool_use", id: "s", name: "web_search", input: {} },
};
const counted = { type: "message_delta", delta: {}, usage: { output_tokens: 9 } };
const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

for (const [what, events, tokens, charged] of [
  ["fails at once", [begun, overloaded], 36, 36],
  ["fails before it speaks", [begun, opened, { type: "ping" }, overloaded], 36, 36],
  ["speaks and fails", [begun, opened, spoken, { type: "ping" }, overloaded], null, HELD],
  ["thinks unseen and fails", [begun, thinks, overloaded], null, HELD],
  ["searches and fails", [begun, searches, overloaded], null, HELD],
  ["speaks, counts and fails", [begun, opened, spoken, counted, overloaded], 44, 44],
  // What it told is of its beginning: nobody knows how far it went.
  ["breaks off before it speaks", [begun], null, HELD],
  ["speaks and breaks off", [begun, opened, spoken], null, HELD],
] as const) {
  test(`Anthropic tells the prompt's tokens first; where it ${what}`, async (t) => {
    const { ask, lines } = await open(t, [streams(...events)]);
    assert.equal((await failureOf(ask("anthropic/m"))).reason, "provider_failed");
    const line = ["anthropic", "provider_failed", tokens, charged];
    assert.deepEqual((await lines()).map(figures), [line]);
  });
}

test("whoever reads a stream is charged what it told before it failed", async (t) => {
  const { read, spent } = await open(t, [streams(half, told, { error: DIED })]);
  assert.equal((await failureOf(read())).reason, "provider_failed");
  assert.equal((await spent()).day_tokens, 70);
});

test("what stands in then counts for itself, each in its own line", async (t) => {
  for (const [first, trial] of [
    [failsTold, whole],
    [failsAtOnce, pieces],
  ] as const) {
    const { ask, lines, spent } = await open(t, [first, answers], trial);
    assert.equal((await ask()).model, "b/m");
    assert.deepEqual((await lines()).map(figures), [
      ["a", "provider_failed", 70, 70],
      ["b", null, 2, 2],
    ]);
    assert.equal((await spent()).day_tokens, 72);
  }
});

test("both fail, and both told: each is charged its own, at its own price", async (t) => {
  const price = (model: string, prompt_per_million: number) => ({
    model,
    prompt_per_million,
    completion_per_million: 0,
  });
  const prices = [price("a/m", 3_000_000), price("b/m", 1_000_000)];
  const { ask, lines, spent } = await open(t, [failsTold, failsTold], { prices });
  await failureOf(ask());
  assert.deepEqual((await lines()).map(figures), [
    ["a", "provider_failed", 70, 70],
    ["b", "provider_failed", 70, 70],
  ]);
  const { day_tokens, day_cost } = await spent();
  assert.deepEqual([day_tokens, day_cost], [140, 4 * TOLD.prompt_tokens]);
});

test("a stand-in is not asked where what was told has used the budget", async (t) => {
  const { ask, lines, servers } = await open(t, [failsTold, answers], {
    budget: { day_tokens: 70 },
  });
  assert.equal((await failureOf(ask())).reason, "key_budget_spent");
  assert.equal(servers[1]!.asked(), 0);
  assert.deepEqual((await lines()).map(figures), [["a", "provider_failed", 70, 70]]);
});

test("of two side by side the one that told and failed is charged beside the other", async (t) => {
  const later = (socket: Socket, nr: number) => void setTimeout(() => answers(socket, nr), 150);
  const late = (socket: Socket, nr: number) => void setTimeout(() => failsAtOnce(socket, nr), 100);
  for (const [second, total] of [
    [later, 72],
    [(socket: Socket) => void setTimeout(() => refuses(socket, 2), 150), 70],
  ] as const) {
    const answer: RawAnswer = (socket, nr) => (nr === 1 ? late : second)(socket, nr);
    const { ask, spent, servers } = await open(t, [answer], { changes: { hedge_after_ms: 30 } });
    if (total === 72) assert.equal((await ask()).content, "ok");
    else assert.equal((await failureOf(ask())).reason, "provider_failed");
    assert.deepEqual([servers[0]!.asked(), (await spent()).day_tokens], [2, total]);
  }
});

test("thoughts that are asked for are held for, beside an answer of any length", async (t) => {
  const { client, principal, ask, spent, servers } = await open(t, [() => undefined], {
    budget: { day_tokens: 5_000 },
  });
  const leaving = new AbortController();
  const { signal } = leaving;
  const thinking = { type: "enabled", budget_tokens: 60_000 };
  const asked = { model: "anthropic/m", messages: ASK.messages, thinking };
  const asking = failureOf(client.completions(asked, startCall({ principal, signal })));
  await servers[0]!.first;
  assert.equal((await failureOf(ask())).reason, "key_budget_spent");
  leaving.abort();
  await asking;
  for (let look = 0; look < 500 && (await spent()).day_tokens === 0; look++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // As much as it may have worked: what the prompt holds comes on top.
  const { day_tokens } = await spent();
  assert.ok(day_tokens >= 64_096 && day_tokens < 64_300, String(day_tokens));
});
