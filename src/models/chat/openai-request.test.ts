// What clients of OpenAI's API send: null for whatever is not wanted.
import assert from "node:assert/strict";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { ANSWER_TEXT, startOpenAiServer } from "../../../test/support/model-servers.ts";

const NOT_WANTED = {
  temperature: null,
  max_tokens: null,
  max_completion_tokens: null,
  stop: null,
  seed: null,
  stream: null,
  stream_options: { include_usage: null },
  tools: null,
  tool_choice: null,
  response_format: null,
  logprobs: null,
  top_logprobs: null,
  n: null,
  top_p: null,
  user: null,
};

eachTransport("null is as if it were not there, also for the provider", async (connect, t) => {
  const server = await startOpenAiServer(t);
  const providers = [
    createOpenAiCompatibleProvider({ name: "remote", base_url: `${server.url}/v1` }),
  ];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const { handlers } = await createChat(needs, chatSettings.parse({}));
  const client = await connect(chat, handlers);
  const messages = [{ role: "user" as const, content: "hi" }];
  const asked = { model: "remote/tiny", messages };
  const { body, content_type } = await client.completions({ ...asked, ...NOT_WANTED });
  assert.equal(content_type, "application/json");
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const { choices } = JSON.parse(Buffer.concat(chunks).toString()) as {
    choices: { message: { content: string } }[];
  };
  assert.equal(choices[0]!.message.content, ANSWER_TEXT);
  assert.deepEqual(server.requests[0]!.body, { model: "tiny", messages, stream: false });
});
