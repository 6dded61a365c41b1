// Why an answer ended: what providers say of it, in the words of the house.
import { test } from "node:test";
import assert from "node:assert/strict";
import { UNKNOWN_END } from "#contracts/nouns.ts";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import type { ChatProvider } from "#ports/chat-model.ts";
import { createAnthropicProvider } from "./anthropic-provider.ts";
import { endOf } from "./finish-reasons.ts";
import { createOllamaProvider } from "./ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible-provider.ts";
import {
  chunksOf,
  completionOf,
  startScriptedServer,
  type ScriptedAnswer,
} from "../../../test/support/scripted-server.ts";

test("the words of many servers are read, in whichever case they are written", () => {
  for (const [reason, words] of [
    ["stop", ["stop", "STOP", "end_turn", "eos", "COMPLETE", "stop_sequence"]],
    ["length", ["length", "MAX_TOKENS", "model_length", "max_output_tokens", "token_limit"]],
    ["tool_calls", ["tool_calls", "tool_use", "function_call"]],
    [
      "content_filter",
      ["content_filter", "content_filter: RECITATION", "SAFETY", "prohibited_content", "sensitive"],
    ],
    ["content_filter", ["guardrail_intervened", "ERROR_TOXIC"]],
    ["error", ["function_call_filter: UNEXPECTED", "error_limit", "user_cancel", "time_limit"]],
    ["error", ["error", "abort", "cancelled", "insufficient_system_resource", "network_error"]],
  ] as const) {
    for (const word of words) assert.deepEqual(endOf(word), { finish_reason: reason }, word);
  }
  const { finish_reason, note } = endOf("x".repeat(1_000));
  assert.equal(finish_reason, "stop");
  assert.ok(note!.startsWith(`${UNKNOWN_END}"xxx`) && note!.length < 200, note);
});

const said = (word: string): readonly [string, (url: string) => ChatProvider, ScriptedAnswer][] => {
  const compatible = (url: string) =>
    createOpenAiCompatibleProvider({ name: "up", base_url: url, api_key: "k" });
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { content: [{ type: "text", text: "half an" }], stop_reason: word, usage };
  const line = { message: { content: "half an" }, done: true, done_reason: word };
  return [
    ["a compatible stream", compatible, { events: chunksOf([{ content: "half an" }], {}, word) }],
    ["a compatible whole", compatible, { body: completionOf({ content: "half an" }, {}, word) }],
    [
      "Anthropic",
      (base_url) => createAnthropicProvider({ base_url, api_key: "k" }),
      { body: message },
    ],
    ["Ollama", (base_url) => createOllamaProvider({ base_url }), { body: line }],
  ];
};

test("no provider's half answer passes for a whole one; a word nobody knows is noted", async (t) => {
  for (const [word, reason] of [
    ["model_length", "length"],
    ["SAFETY", "content_filter"],
    ["abort", "error"],
    ["weariness", "stop"],
  ] as const) {
    for (const [what, make, answer] of said(word)) {
      const provider = make(await startScriptedServer(t, () => answer));
      const last = (await collectDeltas(provider.chat(askRequest("m")))).at(-1)!;
      assert.equal(last.finish_reason, reason, `${what}: ${word}`);
      const notes = word === "weariness" ? [endOf(word).note] : undefined;
      assert.deepEqual(last.notes, notes, `${what}: ${word}`);
    }
  }
});
