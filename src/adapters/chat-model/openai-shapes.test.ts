// Completions of OpenAI-compatible servers: what stands beside the message, and parts of contents.
import { test } from "node:test";
import assert from "node:assert/strict";
import { BESIDE_MESSAGE } from "#contracts/nouns.ts";
import { choiceOf, createBesideReader } from "./openai-shapes.ts";

test("beside the message is what completions tell; pings and notes are not passed on", () => {
  const reader = createBesideReader();
  reader.read({ choices: [], system_fingerprint: "f", notes: ["left out: everything"] });
  reader.read({ type: "ping", time_ms: 5 });
  assert.deepEqual(reader.members(), { [BESIDE_MESSAGE]: { system_fingerprint: "f" } });
});

test("a part without any words of its own is not lost for saying so", () => {
  const picture = {
    type: "image_url",
    image_url: { url: "data:image/png;base64,AA==" },
    text: null,
  };
  const message = { content: [{ type: "text", text: "see" }, picture] };
  const choice = choiceOf({ choices: [{ message }] });
  assert.equal(choice!.content, "see");
  assert.deepEqual(choice!.other, { content_parts: [picture] });
});
