// What Anthropic's Messages API is sent and how its events are read, over a real loopback server.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import type { ChatDelta, ChatRequest } from "#ports/chat-model.ts";
import { createAnthropicReader } from "./anthropic-answer.ts";
import { createAnthropicProvider } from "./anthropic-provider.ts";
import { toAnthropicRequest } from "./anthropic-request.ts";
import { ANSWER_TEXT, startAnthropicServer } from "../../../test/support/model-servers.ts";
import { startScriptedServer } from "../../../test/support/scripted-server.ts";

const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const SCHEMA_FORMAT = { type: "json_schema", json_schema: { name: "place", schema: SCHEMA } };
const LOOKUP = { type: "function", function: { name: "lookup", parameters: SCHEMA } };

const bodyOf = (changes: Partial<ChatRequest>) =>
  toAnthropicRequest(askRequest("claude-tiny", changes), 4096).body;
const textOf = (deltas: readonly ChatDelta[]) => deltas.map(({ content }) => content).join("");

test("a whole conversation is spelt as Anthropic wants it, with key and version", async (t) => {
  const server = await startAnthropicServer(t);
  const provider = createAnthropicProvider({ base_url: server.url, api_key: "key-1" });
  const call = { id: "c1", type: "function", function: { name: "lookup", arguments: '{"a":1}' } };
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } };
  const linked = { type: "image_url", image_url: { url: "https://example.org/a.png" } };
  await collectDeltas(
    provider.chat(
      askRequest("claude-tiny", {
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: [{ type: "text", text: "look" }, image, linked] },
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", content: "42", tool_call_id: "c1" },
          { role: "developer", content: "be exact" },
          { role: "user", content: "and now?" },
        ],
        temperature: 1.5,
        max_tokens: 5,
        stop: ["END"],
        seed: 7,
        tools: [LOOKUP],
        tool_choice: "required",
        extra: { top_p: 0.5, user: "u-1", presence_penalty: 1, parallel_tool_calls: false },
      }),
    ),
  );
  const { headers, body, path } = server.requests[0]!;
  assert.equal(path, "/v1/messages");
  assert.deepEqual([headers["x-api-key"], headers["authorization"]], ["key-1", undefined]);
  assert.equal(headers["anthropic-version"], "2023-06-01");
  const source = { type: "base64", media_type: "image/png", data: "QUJD" };
  assert.deepEqual(body, {
    model: "claude-tiny",
    max_tokens: 5,
    system: "be brief\n\nbe exact",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image", source },
          { type: "image", source: { type: "url", url: "https://example.org/a.png" } },
        ],
      },
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "c1", name: "lookup", input: { a: 1 } }],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "42" }] },
          { type: "text", text: "and now?" },
        ],
      },
    ],
    stream: true,
    temperature: 1,
    stop_sequences: ["END"],
    top_p: 0.5,
    metadata: { user_id: "u-1" },
    tools: [{ name: "lookup", input_schema: SCHEMA }],
    tool_choice: { type: "any", disable_parallel_tool_use: true },
  });
});

test("text of white space alone is left out, and what has no place is noted", async (t) => {
  const call = { id: "c1", type: "function", function: { name: "f", arguments: "" } };
  const { system, messages } = bodyOf({
    messages: [
      { role: "system", content: " " },
      { role: "assistant", content: "\n\n", tool_calls: [call] },
      { role: "tool", content: "", tool_call_id: "c1" },
      {
        role: "user",
        content: [
          { type: "text", text: "\t" },
          { type: "text", text: "go on" },
        ],
      },
    ],
  });
  assert.equal(system, undefined);
  assert.deepEqual(messages, [
    { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "f", input: {} }] },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "c1" },
        { type: "text", text: "go on" },
      ],
    },
  ]);
  const server = await startAnthropicServer(t);
  const provider = createAnthropicProvider({ base_url: server.url, api_key: "k" });
  const request = askRequest("claude-tiny", { seed: 1, extra: { presence_penalty: 1, top_p: 1 } });
  const { notes } = (await collectDeltas(provider.chat(request))).at(-1)!;
  assert.deepEqual(notes, ["presence_penalty, seed: this provider has no such field, left out"]);
});

test("max_tokens has a default, because the API wants one", () => {
  assert.equal(bodyOf({})["max_tokens"], 4096);
  assert.equal(bodyOf({ max_tokens: 7 })["max_tokens"], 7);
});

test("tool_choice is spelt in Anthropic's words", () => {
  const choice = (tool_choice: unknown) => bodyOf({ tools: [LOOKUP], tool_choice })["tool_choice"];
  assert.deepEqual(choice("none"), { type: "none" });
  assert.deepEqual(choice("auto"), { type: "auto" });
  assert.deepEqual(choice(LOOKUP), { type: "tool", name: "lookup" });
  assert.equal(choice(undefined), undefined);
  for (const own of [{ type: "any" }, { type: "tool", name: "lookup" }, { type: "none" }]) {
    assert.deepEqual(choice(own), own);
  }
  const alone = { disable_parallel_tool_use: true };
  const any = { tool_choice: { type: "any" }, extra: { parallel_tool_calls: false } };
  assert.deepEqual(bodyOf({ tools: [LOOKUP], ...any })["tool_choice"], { type: "any", ...alone });
});

test("what is sent otherwise than asked is noted", () => {
  const notesOf = (changes: Partial<ChatRequest>) =>
    toAnthropicRequest(askRequest("claude-tiny", changes), 4096).notes.join();
  const allowed = { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [LOOKUP] } };
  assert.equal(bodyOf({ tools: [LOOKUP], tool_choice: allowed })["tool_choice"], undefined);
  assert.match(notesOf({ tools: [LOOKUP], tool_choice: allowed }), /^tool_choice: .* left out$/);
  assert.match(notesOf({ temperature: 1.7 }), /^temperature: 1 is sent instead of 1\.7, /);
  for (const tool_choice of [undefined, "auto", "none", "required", LOOKUP, { type: "any" }]) {
    assert.equal(notesOf({ tools: [LOOKUP], tool_choice, temperature: 1 }), "");
  }
});

test("room for the answer is left beside what may be thought; no tools are as if none were", () => {
  const thinking = { type: "enabled", budget_tokens: 8_000 };
  assert.equal(bodyOf({ extra: { thinking } })["max_tokens"], 12_096);
  assert.equal(bodyOf({ extra: { thinking }, max_tokens: 9_000 })["max_tokens"], 9_000);
  const { tools, tool_choice } = bodyOf({ response_format: SCHEMA_FORMAT, tools: [] });
  assert.deepEqual([(tools as []).length, (tool_choice as { type: string }).type], [1, "tool"]);
  assert.equal(bodyOf({ tools: [] })["tools"], undefined);
});

test("a setting that is refused beside another one is sent again without that", async (t) => {
  const asked: Record<string, unknown>[] = [];
  const url = await startScriptedServer(t, (body) => {
    asked.push(body);
    const is_refused = body["thinking"] !== undefined && body["temperature"] !== undefined;
    const error = { message: "`temperature` may only be set to 1 when thinking is enabled" };
    if (is_refused) return { status: 400, body: { type: "error", error } };
    return { body: { content: [{ type: "text", text: "ok" }], stop_reason: "end_turn" } };
  });
  const provider = createAnthropicProvider({ base_url: url.replace(/\/v1$/, ""), api_key: "k" });
  const ask = async (extra: Record<string, unknown>) => {
    const request = askRequest("claude-tiny", { temperature: 0.2, extra });
    const { notes } = (await collectDeltas(provider.chat(request))).at(-1)!;
    return [asked.length, asked.at(-1)!["temperature"], notes?.length];
  };
  const thinking = { type: "enabled", budget_tokens: 1_024 };
  assert.deepEqual(await ask({}), [1, 0.2, undefined]);
  assert.deepEqual(await ask({ thinking }), [3, undefined, 1]);
  assert.deepEqual(await ask({ thinking }), [4, undefined, 1]);
  assert.deepEqual(await ask({}), [5, 0.2, undefined]);
});

test("a JSON schema is a tool that must be called, whose input is the content", async (t) => {
  const server = await startAnthropicServer(t);
  const provider = createAnthropicProvider({ base_url: server.url, api_key: "k" });
  const request = askRequest("claude-tiny", { response_format: SCHEMA_FORMAT });
  const deltas = await collectDeltas(provider.chat(request));
  assert.deepEqual(JSON.parse(textOf(deltas)), { city: "Zürich" });
  assert.equal(deltas.at(-1)!.finish_reason, "stop");
  assert.ok(deltas.every(({ tool_calls }) => tool_calls === undefined));
  const { body } = server.requests[0]!;
  const [tool] = body["tools"] as { input_schema: unknown }[];
  assert.deepEqual(tool!.input_schema, SCHEMA);
});

test("where a forced tool cannot be, the schema is an instruction", () => {
  const list = { type: "json_schema", json_schema: { schema: { type: "array" } } };
  for (const changes of [
    { response_format: SCHEMA_FORMAT, tools: [LOOKUP] },
    { response_format: SCHEMA_FORMAT, extra: { thinking: { type: "enabled" } } },
    { response_format: list },
    { response_format: { type: "json_object" } },
  ]) {
    const body = bodyOf(changes);
    assert.match(String(body["system"]), /one JSON value and nothing else/);
    assert.equal(body["tool_choice"], undefined);
  }
});

test("what Anthropic cannot read is refused before anything is sent", () => {
  for (const part of [
    { type: "input_audio", input_audio: {} },
    { type: "image_url", image_url: { url: "file:///etc/passwd" } },
  ]) {
    assert.throws(
      () => bodyOf({ messages: [{ role: "user", content: [part] }] }),
      (error) => error instanceof LakehouseError && error.code === "invalid",
    );
  }
});

test("an image is read however its address is spelt", () => {
  const sourceOf = (url: string) => {
    const content = [{ type: "image_url", image_url: { url } }];
    const { messages } = bodyOf({ messages: [{ role: "user", content }] });
    return (messages as { content: { source: unknown }[] }[])[0]!.content[0]!.source;
  };
  const source = { type: "base64", media_type: "image/png", data: "QUJD" };
  for (const url of [
    "data:image/png;charset=utf-8;base64,QUJD",
    "data:image/png;a=b;c=d;base64,QUJD",
    "DATA:IMAGE/PNG;BASE64,QUJD",
  ]) {
    assert.deepEqual(sourceOf(url), source, url);
  }
  const url = "HTTPS://example.org/A.png";
  assert.deepEqual(sourceOf(url), { type: "url", url });
  for (const other of ["data:image/png,QUJD", "data:;base64,QUJD", "data:image/png;base64,"]) {
    assert.throws(() => sourceOf(other), LakehouseError, other);
  }
});

test("a server that does not stream is understood", async (t) => {
  const server = await startAnthropicServer(t);
  server.next("whole");
  const provider = createAnthropicProvider({ base_url: server.url, api_key: "k" });
  const deltas = await collectDeltas(provider.chat(askRequest("claude-tiny")));
  assert.equal(textOf(deltas), ANSWER_TEXT);
  assert.deepEqual(deltas.at(-1)!.usage, {
    prompt_tokens: 11,
    completion_tokens: 7,
    total_tokens: 18,
  });
});

function readAll(events: readonly Record<string, unknown>[], json_tool = false) {
  const reader = createAnthropicReader(json_tool);
  return [...events.flatMap((event) => reader.read(event)), reader.last()];
}

const started = (index: number, content_block: object) => ({
  type: "content_block_start",
  index,
  content_block,
});

test("thinking is no part of the text, and a tool that takes nothing is called with {}", () => {
  const deltas = readAll([
    started(0, { type: "thinking", thinking: "" }),
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "x" } },
    { type: "content_block_stop", index: 0 },
    started(1, { type: "tool_use", id: "t1", name: "now", input: {} }),
    { type: "content_block_stop", index: 1 },
    started(2, { type: "tool_use", id: "t2", name: "later", input: {} }),
    { type: "content_block_stop", index: 2 },
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
  ]);
  assert.equal(textOf(deltas), "");
  assert.deepEqual(
    deltas.flatMap(({ tool_calls }) => tool_calls ?? []),
    [
      { index: 0, id: "t1", type: "function", function: { name: "now", arguments: "" } },
      { index: 0, function: { arguments: "{}" } },
      { index: 1, id: "t2", type: "function", function: { name: "later", arguments: "" } },
      { index: 1, function: { arguments: "{}" } },
    ],
  );
  assert.equal(deltas.at(-1)!.finish_reason, "tool_calls");
});

test("the input of a tool that is told at once is its arguments, with pieces or without", () => {
  const input = { a: 1 };
  const begun = started(0, { type: "tool_use", id: "t1", name: "f", input });
  const piece = { type: "input_json_delta", partial_json: '{"a":1}' };
  const end = { type: "content_block_stop", index: 0 };
  for (const pieces of [[], [{ type: "content_block_delta", index: 0, delta: piece }]]) {
    const calls = readAll([begun, ...pieces, end]).flatMap(({ tool_calls }) => tool_calls ?? []);
    const text = (calls as { function: { arguments: string } }[]).map(
      (call) => call.function.arguments,
    );
    assert.deepEqual(text, ["", '{"a":1}']);
    assert.equal(textOf(readAll([begun, ...pieces, end], true)), '{"a":1}');
  }
});

test("thoughts come signed and go back before the calls they led to", () => {
  const redacted = { type: "redacted_thinking", data: "XYZ" };
  const deltas = readAll([
    started(0, { type: "thinking", thinking: "", signature: "" }),
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "h" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "m" } },
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "S==" } },
    { type: "content_block_stop", index: 0 },
    started(1, redacted),
    { type: "content_block_stop", index: 1 },
    { type: "message_delta", delta: { stop_reason: "tool_use" } },
  ]);
  assert.equal(deltas.map(({ reasoning }) => reasoning ?? "").join(""), "hm");
  const thinking_blocks = deltas.flatMap(({ other }) => other?.["thinking_blocks"] ?? []);
  assert.deepEqual(thinking_blocks, [
    { type: "thinking", thinking: "hm", signature: "S==" },
    redacted,
  ]);

  const call = { id: "t1", type: "function", function: { name: "lookup", arguments: "{}" } };
  const spoken = { role: "assistant" as const, content: "I look.", tool_calls: [call] };
  const asked = (message: object) =>
    toAnthropicRequest(
      askRequest("claude-tiny", {
        messages: [
          { role: "user", content: "where?" },
          { ...spoken, ...message },
          { role: "tool", content: "here", tool_call_id: "t1" },
        ],
        tools: [LOOKUP],
        extra: { thinking: { type: "enabled", budget_tokens: 1024 } },
      }),
      4096,
    );
  const whole = asked({ thinking_blocks });
  const [, turn] = whole.body["messages"] as { content: { type: string }[] }[];
  const types = turn!.content.map(({ type }) => type);
  assert.deepEqual(types, ["thinking", "redacted_thinking", "text", "tool_use"]);
  assert.deepEqual([whole.notes, typeof whole.body["thinking"]], [[], "object"]);
  // Without them Anthropic would refuse the turn.
  const bare = asked({});
  assert.equal(bare.body["thinking"], undefined);
  assert.match(bare.notes.join(), /^thinking: left out/);
});

test("an answer that pauses says that it is not whole", () => {
  const [last] = readAll([{ type: "message_delta", delta: { stop_reason: "pause_turn" } }]);
  assert.match(last!.notes!.join(), /^pause_turn/);
});

test("thinking that is switched off is as if nothing were said of it", () => {
  const extra = { thinking: { type: "disabled" } };
  const { tool_choice } = bodyOf({ response_format: SCHEMA_FORMAT, extra });
  assert.equal((tool_choice as { type: string }).type, "tool");
});

const REASONS: [string, string][] = [
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["pause_turn", "length"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
];
for (const [stop_reason, finish_reason] of REASONS) {
  test(`stop_reason ${stop_reason} is finish_reason ${finish_reason}`, () => {
    const [last] = readAll([{ type: "message_delta", delta: { stop_reason } }]);
    assert.equal(last!.finish_reason, finish_reason);
  });
}
