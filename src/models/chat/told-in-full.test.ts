// What a provider says reaches clients of OpenAI's API in full: refusals, thoughts, parts, counts.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import {
  chunksOf,
  completionOf,
  startScriptedServer,
  type ScriptedAnswer,
} from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

type Loose = Record<string, unknown>;

const ASK = { model: "up/ok", messages: [{ role: "user" as const, content: "hi" }] };

async function open(t: HasAfter, answer: ScriptedAnswer, changes: object = {}) {
  const base_url = await startScriptedServer(t, () => answer);
  const providers = [createOpenAiCompatibleProvider({ name: "up", base_url })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const { handlers } = await createChat(needs, chatSettings.parse({ retries_max: 0, ...changes }));
  const client = connectLocal(chat, handlers, { strict: true });
  const textOf = async (more: object) => {
    let text = "";
    const { body } = await client.completions({ ...ASK, ...more });
    for await (const piece of body) text += Buffer.from(piece).toString();
    return text;
  };
  return {
    client,
    whole: async () => JSON.parse(await textOf({})) as { choices: Loose[]; usage?: Loose },
    chunks: async () => {
      const text = await textOf({ stream: true, stream_options: { include_usage: true } });
      assert.ok(text.endsWith("data: [DONE]\n\n"), text);
      const events = [...text.matchAll(/^data: (\{.*)$/gm)];
      return events.map((found) => JSON.parse(found[1]!) as { choices: Loose[]; usage?: Loose });
    },
  };
}

async function messageOf(t: HasAfter, message: object): Promise<Loose> {
  const { whole } = await open(t, { body: completionOf(message) });
  return (await whole()).choices[0]!["message"] as Loose;
}

async function deltasOf(t: HasAfter, deltas: readonly object[], changes?: object) {
  const { chunks } = await open(t, { events: chunksOf(deltas) }, changes);
  return (await chunks()).flatMap(({ choices }) => choices.map(({ delta }) => delta as Loose));
}

test("a refusal is told as one, whole and streamed, also on our own routes", async (t) => {
  const refusal = "I cannot help";
  const message = await messageOf(t, { role: "assistant", content: null, refusal });
  assert.deepEqual(message, { role: "assistant", content: null, refusal });
  const deltas = await deltasOf(t, [{ refusal: "I cannot" }, { refusal: " help" }]);
  assert.deepEqual(deltas.slice(1, 3), [{ refusal: "I cannot" }, { refusal: " help" }]);
  const { client } = await open(t, { body: completionOf({ content: null, refusal }) });
  const answer = await client.chat(ASK);
  assert.deepEqual([answer.content, answer.refusal], ["", refusal]);
});

test("thoughts are told as reasoning_content, whatever the provider calls them", async (t) => {
  for (const name of ["reasoning_content", "reasoning"]) {
    const message = await messageOf(t, { content: "yes", [name]: "hm" });
    assert.deepEqual([message["content"], message["reasoning_content"]], ["yes", "hm"], name);
    const deltas = await deltasOf(t, [{ [name]: "h" }, { [name]: "m" }, { content: "yes" }]);
    const told = [{ reasoning_content: "h" }, { reasoning_content: "m" }, { content: "yes" }];
    assert.deepEqual(deltas.slice(1, 4), told, name);
  }
  const { client } = await open(t, { events: chunksOf([{ reasoning: "hm" }, { content: "yes" }]) });
  const answer = await client.chat(ASK);
  assert.deepEqual([answer.content, answer.reasoning], ["yes", "hm"]);
  const items = [];
  for await (const item of client.stream(ASK)) items.push(item.reasoning);
  assert.deepEqual(items, ["hm", undefined, undefined]);
});

test("pictures, sound, sources and signed thoughts are told as the provider tells them", async (t) => {
  const annotations = [{ type: "url_citation", url_citation: { url: "https://a.test" } }];
  const reasoning_details = [{ type: "reasoning.encrypted", data: "SIG==", index: 0 }];
  const said = { audio: { id: "a", data: "AAAA", transcript: "yes" }, annotations };
  const other = { ...said, reasoning_details };
  const whole = { role: "assistant", content: null, refusal: null, ...other };
  const blank = { images: [], tool_plan: "", function_call: null };
  assert.deepEqual(await messageOf(t, { ...whole, ...blank }), whole);
  const pieces = [
    { audio: { id: "a", data: "AA", transcript: "y" } },
    { reasoning_details },
    { audio: { data: "AA", transcript: "es" } },
    { annotations },
  ];
  assert.deepEqual((await deltasOf(t, pieces)).slice(1, 5), pieces);
  const { client } = await open(t, { events: chunksOf(pieces) }, { ask_whole: false });
  assert.deepEqual((await client.chat(ASK)).other, other);
  const { client: streaming } = await open(t, { events: chunksOf(pieces) });
  assert.deepEqual((await streaming.chat(ASK)).other, other);
});

test("an answer that ends in calls without a reason ended for them", async (t) => {
  const call = { index: 0, id: "a", type: "function", function: { name: "f", arguments: "{}" } };
  const document = { choices: [{ index: 0, message: { content: null, tool_calls: [call] } }] };
  const { client } = await open(t, { body: document });
  assert.equal((await client.chat(ASK)).finish_reason, "tool_calls");
  const events = [{ choices: [{ index: 0, delta: { tool_calls: [call] } }] }];
  const { chunks } = await open(t, { events });
  assert.equal((await chunks()).at(-1)!.choices[0]!["finish_reason"], "tool_calls");
});

test("a content in parts is joined: text, refusal and thoughts apart", async (t) => {
  const thinking = [{ type: "text", text: "hm" }];
  const content = [
    { type: "thinking", thinking },
    { type: "text", text: "ye" },
    { type: "text", text: "s" },
    { type: "refusal", refusal: "not more" },
  ];
  assert.deepEqual(await messageOf(t, { role: "assistant", content }), {
    role: "assistant",
    content: "yes",
    refusal: "not more",
    reasoning_content: "hm",
  });
});

test("the function_call of older servers is a tool call", async (t) => {
  const message = await messageOf(t, {
    content: null,
    function_call: { name: "lookup", arguments: '{"a":1}' },
  });
  const [call] = message["tool_calls"] as Loose[];
  assert.deepEqual(call!["function"], { name: "lookup", arguments: '{"a":1}' });
  assert.match(String(call!["id"]), /^call_/);
  const pieces = [{ name: "lookup", arguments: "" }, { arguments: '{"a"' }, { arguments: ":1}" }];
  const events = chunksOf(pieces.map((function_call) => ({ function_call })));
  const { client } = await open(t, { events }, { ask_whole: false });
  const { tool_calls } = await client.chat(ASK);
  assert.deepEqual((tool_calls as Loose[])[0]!["function"], call!["function"]);
  assert.equal(tool_calls!.length, 1);
});

test("counts are passed on as the provider tells them, with details and its own total", async (t) => {
  const usage = {
    prompt_tokens: 11,
    completion_tokens: 4,
    total_tokens: 18,
    prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 3 },
  };
  const { whole } = await open(t, { body: completionOf({ content: "yes" }, { usage }) });
  assert.deepEqual((await whole()).usage, usage);
  const { chunks } = await open(t, { events: chunksOf([{ content: "yes" }], usage) });
  assert.deepEqual((await chunks()).at(-1)!.usage, usage);
  const nulls = { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: null };
  const { client } = await open(t, { body: completionOf({ content: "yes" }, { usage: nulls }) });
  const sum = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  assert.deepEqual((await client.chat(ASK)).usage, sum);
});

test("where the provider tells no counts, none are made up", async (t) => {
  for (const usage of [undefined, null, {}]) {
    const { whole, client } = await open(t, { body: completionOf({ content: "y" }, { usage }) });
    assert.equal("usage" in (await whole()), false);
    const none = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    assert.deepEqual((await client.chat(ASK)).usage, none);
  }
  const { chunks } = await open(t, { events: chunksOf([{ content: "yes" }]) });
  assert.ok((await chunks()).every(({ choices, usage }) => choices.length > 0 && usage === null));
});

test("whoever thinks or only says that it is there is not silent", async (t) => {
  const patience = { first_token_timeout_ms: 150, gap_timeout_ms: 150 };
  for (const sign of [{ reasoning_content: "hm" }, { role: "assistant", content: "" }, {}]) {
    const events = chunksOf([...Array.from({ length: 8 }, () => sign), { content: "yes" }]);
    const { client } = await open(t, { events, gap_ms: 40 }, patience);
    const answer = await client.chat(ASK);
    assert.equal(answer.content, "yes");
    assert.equal(answer.reasoning, "reasoning_content" in sign ? "hm".repeat(8) : undefined);
  }
});

const LONG = "hm".repeat(800);

for (const [what, said] of Object.entries({
  thoughts: { reasoning: LONG },
  refusals: { refusal: LONG },
  sounds: { audio: { data: LONG } },
  "tool calls": { tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: LONG } }] },
})) {
  test(`${what} count as characters of the answer, whole and streamed`, async (t) => {
    const limit = { answer_characters_max: 1_000 };
    const message = { role: "assistant", content: "", ...said };
    const { client } = await open(t, { body: completionOf(message) }, limit);
    await assert.rejects(client.chat(ASK), { reason: "bad_provider_answer" });
    const streaming = await open(t, { events: chunksOf([said, { content: "x" }]) }, limit);
    await assert.rejects(
      async () => {
        for await (const _delta of streaming.client.stream(ASK));
      },
      { reason: "bad_provider_answer" },
    );
  });
}

test("of a call told piece by piece its text counts, not what is around it", async (t) => {
  const piece = (text: string) => ({
    tool_calls: [{ index: 0, id: "call_1", type: "function", function: { arguments: text } }],
  });
  const events = chunksOf(Array.from({ length: 60 }, () => piece("x".repeat(8))));
  const { client } = await open(t, { events }, { answer_characters_max: 1_000 });
  let said = "";
  for await (const { tool_calls } of client.stream(ASK)) {
    for (const one of (tool_calls ?? []) as { function?: { arguments?: string } }[]) {
      said += one.function?.arguments ?? "";
    }
  }
  assert.equal(said.length, 480);
});

test("what else a provider says of a tool call is told, whole and streamed", async (t) => {
  const extra_content = { google: { thought_signature: "SIG==" } };
  const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } };
  const custom = { id: "b", type: "custom", custom: { name: "code", input: "print(1)" } };
  const calls = [{ ...call, extra_content }, custom];
  const { tool_calls } = await messageOf(t, { content: null, tool_calls: calls });
  assert.deepEqual(tool_calls, calls);
  const pieces = calls.map((one, index) => ({ index, ...one }));
  const deltas = await deltasOf(t, [{ tool_calls: pieces }]);
  assert.deepEqual(
    deltas.flatMap((delta) => delta["tool_calls"] ?? []),
    pieces,
  );
});

test("of a whole answer each call is one, whatever id or index it has", async (t) => {
  const call = (a: number, more: object) => ({
    id: "call_0",
    type: "function",
    function: { name: "f", arguments: `{"a":${a}}` },
    ...more,
  });
  for (const more of [{}, { index: 0 }]) {
    const tool_calls = [call(1, more), call(2, more)];
    const { tool_calls: told } = await messageOf(t, { content: null, tool_calls });
    assert.deepEqual(told, [call(1, {}), call(2, {})]);
  }
});

const DIED = { message: "upstream died", code: 502 };
const HALF = { content: "half an ans" };

for (const [what, more, in_choice] of [
  ["beside its choice", { error: DIED }, { finish_reason: null }],
  ["with the reason of one", { error: DIED }, { finish_reason: "error" }],
  ["within its choice", {}, { finish_reason: "error", error: DIED }],
  ["within a choice that seems to be whole", {}, { finish_reason: "stop", error: DIED }],
] as const) {
  test(`an answer with an error ${what} is none, whole and streamed`, async (t) => {
    const failure = { reason: "provider_failed", message: /upstream died/ };
    const body = { ...more, choices: [{ index: 0, message: HALF, ...in_choice }] };
    await assert.rejects((await open(t, { body })).client.chat(ASK), failure);
    const events = [{ ...more, choices: [{ index: 0, delta: HALF, ...in_choice }] }];
    const { client } = await open(t, { events });
    await assert.rejects(client.chat(ASK), failure);
    await assert.rejects(async () => {
      for await (const _delta of client.stream(ASK));
    }, failure);
  });
}

test("an error that says nothing is none", async (t) => {
  const blank = [{}, [], { message: null }, { code: 0, message: "" }, { code: null, type: "" }];
  for (const error of [null, "", false, 0, ...blank]) {
    const { whole } = await open(t, { body: completionOf({ content: "yes" }, { error }) });
    assert.equal((await whole()).choices[0]!["finish_reason"], "stop");
    const choice = { index: 0, finish_reason: "stop", error };
    const [message, delta] = [{ content: "yes" }, { content: "yes" }];
    const { client } = await open(t, { body: { choices: [{ ...choice, message }] } });
    assert.equal((await client.chat(ASK)).content, "yes");
    const events = [
      { error, choices: [{ ...choice, delta }] },
      { error, choices: [] },
    ];
    assert.equal((await (await open(t, { events })).client.chat(ASK)).content, "yes");
  }
});

test("one that says something is told, and nothing of the answer beside it", async (t) => {
  for (const [error, said] of [
    ["died", /reports: died$/],
    [{ code: 502 }, /reports: \{"code":502\}$/],
    [{ type: "overloaded", message: "" }, /reports: \{"type":"overloaded","message":""\}$/],
  ] as const) {
    const { client } = await open(t, { body: completionOf({ content: "secret" }, { error }) });
    await assert.rejects(client.chat(ASK), { reason: "provider_failed", message: said });
  }
});

test("parallel calls under one index reach a streaming client as two", async (t) => {
  const piece = (id: string, a: number) => {
    const wanted = { name: "f", arguments: { a } };
    return { tool_calls: [{ index: 0, id, type: "function", function: wanted }] };
  };
  const deltas = await deltasOf(t, [piece("a", 1), piece("b", 2)]);
  const told = deltas.flatMap(({ tool_calls }) => (tool_calls ?? []) as Loose[]);
  assert.deepEqual(
    told.map(({ index, function: wanted }) => [index, (wanted as Loose)["arguments"]]),
    [
      [0, '{"a":1}'],
      [1, '{"a":2}'],
    ],
  );
});
