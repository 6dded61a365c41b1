// What of a request marks Anthropic's prompt cache, its tools and its account; odd conversations.
import { test } from "node:test";
import assert from "node:assert/strict";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { createAnthropicProvider } from "./anthropic-provider.ts";
import { toAnthropicRequest, unreadByAnthropic } from "./anthropic-request.ts";
import { startScriptedServer } from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const cache_control = { type: "ephemeral" };
const made = (changes: Partial<ChatRequest>) =>
  toAnthropicRequest(askRequest("claude-tiny", changes), 4096);
const text = (words: string, more: object = {}) => ({ type: "text", text: words, ...more });
const SCHEMA = { type: "object", properties: { a: { type: "string" } } };

test("marks of the prompt cache stay where they were set", () => {
  const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
  const url = "data:image/jpg;base64,QUJD";
  const { body } = made({
    messages: [
      { role: "system", content: [text("long", { cache_control }), text(" ")] },
      { role: "developer", content: "brief" },
      {
        role: "user",
        content: [text("u"), { type: "image_url", image_url: { url }, cache_control }],
      },
      { role: "assistant", content: null, tool_calls: [{ ...call, cache_control }] },
      { role: "tool", tool_call_id: "c", content: "r", cache_control },
      { role: "user", content: "go on", cache_control },
    ],
    tools: [
      { type: "function", function: { name: "f", parameters: SCHEMA }, cache_control },
      { type: "function", function: { name: "g", parameters: SCHEMA, cache_control } },
    ],
    extra: { cache_control },
  });
  assert.deepEqual(body["system"], [text("long", { cache_control }), text("brief")]);
  const source = { type: "base64", media_type: "image/jpeg", data: "QUJD" };
  const result = { type: "tool_result", tool_use_id: "c", content: [text("r")], cache_control };
  assert.deepEqual(body["messages"], [
    { role: "user", content: [text("u"), { type: "image", source, cache_control }] },
    {
      role: "assistant",
      content: [{ type: "tool_use", id: "c", name: "f", input: {}, cache_control }],
    },
    { role: "user", content: [result, text("go on", { cache_control })] },
  ]);
  assert.deepEqual(body["tools"], [
    { name: "f", input_schema: SCHEMA, cache_control },
    { name: "g", input_schema: SCHEMA, cache_control },
  ]);
  assert.deepEqual(body["cache_control"], cache_control);
});

test("a tool's schema has a type, a strict one stays strict, one of plain text is noted", () => {
  const tool = (more: object) => ({ type: "function", function: { name: "f", ...more } });
  const sent = (more: object) => (made({ tools: [tool(more)] }).body["tools"] as object[])[0];
  const properties = {};
  assert.deepEqual(sent({}), { name: "f", input_schema: { type: "object", properties } });
  const input_schema = { type: "object", required: [] };
  assert.deepEqual(sent({ parameters: { required: [] } }), { name: "f", input_schema });
  assert.deepEqual(sent({ parameters: SCHEMA, strict: true }), {
    name: "f",
    input_schema: SCHEMA,
    strict: true,
  });
  assert.deepEqual(sent({ parameters: SCHEMA, strict: false }), {
    name: "f",
    input_schema: SCHEMA,
  });
  const custom = { type: "custom", custom: { name: "shell" } };
  const { body, notes } = made({ tools: [custom], tool_choice: "auto" });
  assert.deepEqual([body["tools"], body["tool_choice"]], [undefined, undefined]);
  assert.deepEqual(notes, ["tools: shell left out, since Anthropic's tools take JSON"]);
});

test("a model that refuses strict tools is asked again without strict, and it is noted", async (t) => {
  const asked: Record<string, unknown>[] = [];
  const base_url = await startScriptedServer(t, (body) => {
    asked.push(body);
    if (JSON.stringify(body["tools"]).includes("strict")) {
      const message = "tools.0.custom.strict: Extra inputs are not permitted";
      return { status: 400, body: { type: "error", error: { message } } };
    }
    return { body: { content: [text("yes")], stop_reason: "end_turn" } };
  });
  const provider = createAnthropicProvider({ base_url, api_key: "k" });
  const strict = { type: "function", function: { name: "f", parameters: SCHEMA, strict: true } };
  const deltas = await collectDeltas(provider.chat(askRequest("old", { tools: [strict] })));
  assert.equal(asked.length, 2);
  assert.match(deltas.at(-1)!.notes!.join(), /anthropic\/old does not take strict ones/);
});

/** One that refuses strict tools with what `refuses` says; how often it was asked, and how. */
async function refusing(t: HasAfter, refuses: (tools: string) => string | undefined) {
  const strict: boolean[] = [];
  const base_url = await startScriptedServer(t, (body) => {
    const tools = JSON.stringify(body["tools"]);
    strict.push(tools.includes('"strict"'));
    const message = refuses(tools);
    if (message !== undefined) return { status: 400, body: { type: "error", error: { message } } };
    return { body: { content: [text("yes")], stop_reason: "end_turn" } };
  });
  const provider = createAnthropicProvider({ base_url, api_key: "k" });
  const ask = (name: string) => {
    const tool = { type: "function", function: { name, parameters: SCHEMA, strict: true } };
    return collectDeltas(provider.chat(askRequest("old", { tools: [tool] })));
  };
  return { ask, strict };
}

test("a schema that is too loose for strict goes without it, other schemas keep it", async (t) => {
  const { ask, strict } = await refusing(t, (tools) =>
    tools.includes('"strict"') && tools.includes('"loose"')
      ? "input_schema: 'additionalProperties' must be explicitly set to false"
      : undefined,
  );
  for (const name of ["loose", "loose", "held"]) await ask(name);
  assert.deepEqual(strict, [true, false, false, true]);
});

test("a model that knows no strict at all is asked with it once", async (t) => {
  const { ask, strict } = await refusing(t, (tools) =>
    tools.includes('"strict"')
      ? "tools.0.custom.strict: Extra inputs are not permitted"
      : undefined,
  );
  for (const name of ["f", "g"]) await ask(name);
  assert.deepEqual(strict, [true, false, false]);
});

test("what is refused without strict too says nothing of strict", async (t) => {
  const { ask, strict } = await refusing(t, () => "tools: names must be unique");
  for (const name of ["f", "f"]) await assert.rejects(ask(name), /names must be unique/);
  assert.deepEqual(strict, [true, false, true, false]);
  const poor = await refusing(t, () => "Your credit balance is too low");
  for (const name of ["f", "f"]) await assert.rejects(poor.ask(name), /too low/);
  assert.deepEqual(poor.strict, [true, true]);
});

test("of metadata the user is sent, of tiers of service those that Anthropic has", () => {
  const sent = (extra: object) => {
    const { body, notes } = made({ extra: { ...extra } });
    return [body["metadata"], body["service_tier"], notes];
  };
  assert.deepEqual(sent({ metadata: { team: "x" }, user: "u", service_tier: "default" }), [
    { user_id: "u" },
    "standard_only",
    [],
  ]);
  assert.deepEqual(sent({ metadata: { user_id: "own" }, user: "u", service_tier: "auto" }), [
    { user_id: "own" },
    "auto",
    [],
  ]);
  assert.deepEqual(sent({ metadata: { user_id: 7 }, user: "u" }), [
    { user_id: "u" },
    undefined,
    ["metadata.user_id: Anthropic takes a text there, left out"],
  ]);
  assert.deepEqual(sent({ metadata: { team: "x" }, service_tier: "flex" }), [
    undefined,
    undefined,
    ['service_tier: Anthropic has no "flex", left out'],
  ]);
  assert.deepEqual(unreadByAnthropic(askRequest("m", { extra: { metadata: { team: "x" } } })), [
    "metadata.team: this provider has no such field, left out",
  ]);
});

test("what the assistant is to go on with ends without white space", () => {
  const { body } = made({
    messages: [
      { role: "user", content: "x" },
      { role: "assistant", content: "Answer: \n" },
    ],
  });
  assert.deepEqual((body["messages"] as object[])[1], {
    role: "assistant",
    content: [text("Answer:")],
  });
});

test("a system message alone is sent as the user's, with a note", () => {
  const messages = [{ role: "system" as const, content: "Say hi" }];
  const { body, notes } = made({ messages });
  assert.deepEqual(body["messages"], [{ role: "user", content: [text("Say hi")] }]);
  assert.equal(body["system"], undefined);
  assert.match(notes.join(), /^messages: the system message is sent as the user's/);
  const response_format = { type: "json_object" };
  assert.match(String(made({ messages, response_format }).body["system"]), /JSON value/);
});
