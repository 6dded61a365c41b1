// Older spellings of messages, for providers that have their own, and where schemas may stand.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { ChatMessage } from "#contracts/nouns.ts";
import { askRequest } from "#ports/chat-model.suite.ts";
import { toAnthropicRequest } from "./anthropic-request.ts";
import { toHeldAnswer, toHistory } from "./local-request.ts";
import { toOllamaRequest } from "./ollama-request.ts";
import { plainMessages } from "./plain-messages.ts";

const OLD: ChatMessage[] = [
  { role: "user", content: "x" },
  { role: "assistant", content: null, function_call: { name: "f", arguments: '{"a":1}' } },
  { role: "function", name: "f", content: "42" },
];

test("a function that was called is a tool that was called, for each of them", () => {
  const ollama = toOllamaRequest(askRequest("m", { messages: OLD }))["messages"];
  assert.deepEqual(ollama, [
    { role: "user", content: "x" },
    {
      role: "assistant",
      content: "",
      tool_calls: [{ function: { name: "f", arguments: { a: 1 } } }],
    },
    { role: "tool", content: "42", tool_name: "f" },
  ]);
  const { messages } = toAnthropicRequest(askRequest("m", { messages: OLD }), 1).body;
  const [, use, result] = messages as { content: Record<string, unknown>[] }[];
  assert.deepEqual(use!.content[0]!["input"], { a: 1 });
  assert.equal(result!.content[0]!["tool_use_id"], use!.content[0]!["id"]);
  assert.deepEqual(toHistory(OLD)[1], {
    type: "model",
    response: [{ type: "functionCall", name: "f", params: { a: 1 }, result: 42 }],
  });
});

test("an empty list of tool calls hides no function that was called", () => {
  const [, called] = plainMessages([OLD[0]!, { ...OLD[1]!, tool_calls: [] }, OLD[2]!]);
  assert.equal((called!["tool_calls"] as unknown[]).length, 1);
});

test("what an assistant refused is its text", () => {
  const refused = [{ type: "refusal", refusal: "no" }];
  for (const message of [{ content: refused }, { content: null, refusal: "no" }]) {
    const messages: ChatMessage[] = [{ role: "assistant", ...message }];
    assert.deepEqual(toHistory(messages), [{ type: "model", response: ["no"] }]);
    const told = toOllamaRequest(askRequest("m", { messages }))["messages"] as object[];
    assert.deepEqual(told, [{ role: "assistant", content: "no" }]);
  }
  const plain: ChatMessage[] = [{ role: "assistant", content: [{ type: "text", text: "yes" }] }];
  assert.equal(plainMessages(plain)[0], plain[0]);
});

test("Ollama is told what an assistant thought", () => {
  const messages: ChatMessage[] = [{ role: "assistant", content: "", reasoning_content: "hm" }];
  assert.deepEqual(toOllamaRequest(askRequest("m", { messages }))["messages"], [
    { role: "assistant", content: "", thinking: "hm" },
  ]);
});

test("a schema that stands beside the type json_object is held to", () => {
  const schema = { type: "object", properties: { a: { type: "boolean" } } };
  const asked = askRequest("m", { response_format: { type: "json_object", schema } });
  assert.deepEqual(toOllamaRequest(asked)["format"], schema);
  assert.deepEqual(toHeldAnswer(asked).grammar, { ...schema, additionalProperties: false });
  assert.equal(toAnthropicRequest(asked, 1).json_tool, true);
});
