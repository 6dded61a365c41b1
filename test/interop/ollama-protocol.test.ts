// Ollama's own client against the loopback server: what our adapter is tested on is the protocol.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Ollama } from "ollama";
import {
  ANSWER_PIECES,
  ANSWER_TEXT,
  FAKE_DIMENSION,
  fakeVector,
  startOllamaServer,
} from "../support/model-servers.ts";

const messages = [{ role: "user", content: "hello" }];

test("chat, whole and streamed", async (t) => {
  const { url } = await startOllamaServer(t);
  const client = new Ollama({ host: url });
  const whole = await client.chat({ model: "tiny", messages });
  assert.equal(whole.message.content, ANSWER_TEXT);
  assert.equal(whole.done_reason, "stop");
  const pieces: string[] = [];
  let counted = 0;
  for await (const part of await client.chat({ model: "tiny", messages, stream: true })) {
    if (part.message.content !== "") pieces.push(part.message.content);
    if (part.done) counted = part.eval_count;
  }
  assert.deepEqual(pieces, ANSWER_PIECES);
  assert.equal(counted, 7);
});

test("tool calls, bytes cut anywhere, and errors within a stream", async (t) => {
  const server = await startOllamaServer(t);
  const client = new Ollama({ host: server.url });
  server.next("tools", "half_lines", "error_inside", "no_model_404");
  const ask = async () => {
    let text = "";
    const calls: unknown[] = [];
    for await (const part of await client.chat({ model: "tiny", messages, stream: true })) {
      text += part.message.content;
      calls.push(...(part.message.tool_calls ?? []));
    }
    return { text, calls };
  };
  assert.deepEqual((await ask()).calls, [
    { function: { name: "lookup", arguments: { city: "Zürich" } } },
  ]);
  assert.equal((await ask()).text, ANSWER_TEXT);
  await assert.rejects(ask(), /the runner has crashed/);
  await assert.rejects(ask(), /no_model_404/);
});

test("embeddings and the list of models", async (t) => {
  const { url } = await startOllamaServer(t);
  const client = new Ollama({ host: url });
  const { embeddings } = await client.embed({ model: "tiny", input: ["a", "b"] });
  assert.deepEqual(embeddings, [fakeVector("a"), fakeVector("b")]);
  assert.equal(embeddings[0]!.length, FAKE_DIMENSION);
  assert.deepEqual(
    (await client.list()).models.map(({ name }) => name),
    ["tiny:latest"],
  );
});
