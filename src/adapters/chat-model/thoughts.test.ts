// What models think on the way, as Anthropic and Ollama tell it; and signs that they are at work.
import { test } from "node:test";
import assert from "node:assert/strict";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import { STILL_THERE, type ChatDelta } from "#ports/chat-model.ts";
import { createAnthropicProvider } from "./anthropic-provider.ts";
import { createOllamaProvider } from "./ollama-provider.ts";
import { startScriptedServer, type ScriptedAnswer } from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

/** The deltas that say something, and how many only told that one is coming. */
async function deltasOf(t: HasAfter, name: "anthropic" | "ollama", answer: ScriptedAnswer) {
  const base_url = await startScriptedServer(t, () => answer);
  const provider =
    name === "ollama"
      ? createOllamaProvider({ base_url })
      : createAnthropicProvider({ base_url, api_key: "key-1" });
  const deltas = await collectDeltas(provider.chat(askRequest("tiny")));
  const said = deltas.filter((delta) => delta !== STILL_THERE);
  return { said, signs: deltas.length - said.length };
}

function assertThought(said: readonly ChatDelta[]): void {
  const text = (field: "content" | "reasoning") => said.map((one) => one[field] ?? "").join("");
  assert.deepEqual([text("reasoning"), text("content")], ["hm, well", "yes"]);
  assert.equal(said.at(-1)!.finish_reason, "stop");
}

const THINKING = { type: "content_block_delta", index: 0 };
const EVENTS = [
  { type: "message_start", message: { usage: { input_tokens: 3, output_tokens: 0 } } },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
  { ...THINKING, delta: { type: "thinking_delta", thinking: "hm, " } },
  { type: "ping" },
  { ...THINKING, delta: { type: "thinking_delta", thinking: "well" } },
  { ...THINKING, delta: { type: "signature_delta", signature: "x" } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "yes" } },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 4 } },
  { type: "message_stop" },
];

test("Anthropic's thoughts are told, and every event is a sign of life", async (t) => {
  const { said, signs } = await deltasOf(t, "anthropic", { events: EVENTS });
  assertThought(said);
  assert.equal(signs, 5);
  const blocks = said.flatMap(({ other }) => other?.["thinking_blocks"] ?? []);
  assert.equal(blocks.length, 1);
});

test("Anthropic's thoughts are told in a whole message too", async (t) => {
  const body = {
    content: [
      { type: "thinking", thinking: "hm, well", signature: "x" },
      { type: "text", text: "yes" },
    ],
    stop_reason: "end_turn",
    usage: { input_tokens: 3, output_tokens: 4 },
  };
  assertThought((await deltasOf(t, "anthropic", { body })).said);
});

test("Ollama's thoughts are told; counts that it does not tell are not made up", async (t) => {
  const line = (message: object, done = false) => `${JSON.stringify({ message, done })}\n`;
  const body = [
    line({ content: "", thinking: "hm, " }),
    line({ content: "" }),
    line({ content: "", thinking: "well" }),
    line({ content: "yes" }),
    line({ content: "" }, true),
  ].join("");
  const { said, signs } = await deltasOf(t, "ollama", { body });
  assertThought(said);
  assert.equal(signs, 1);
  assert.equal(said.at(-1)!.usage, undefined);
});
