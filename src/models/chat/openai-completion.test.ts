// Likelihoods of tokens in OpenAI's shapes: in a whole completion, in the chunks of a stream, and
// where nobody tells them.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { completionEvents, completionObject, NO_USAGE } from "./openai-completion.ts";
import { startOpenAiServer } from "../../../test/support/model-servers.ts";

const HEAD = { id: "1", created: 2, model: "p/m" };
const GOOD = { token: "good", logprob: -0.5, top_logprobs: [{ token: "bad", logprob: -1 }] };

test("a completion carries the likelihoods of its tokens, or null", () => {
  const answer = { content: "good", tool_calls: undefined, usage: NO_USAGE } as const;
  const choice = (rest: object) =>
    completionObject(HEAD, { ...answer, finish_reason: "stop", ...rest }).choices[0]!;
  assert.deepEqual(choice({ logprobs: [GOOD] }).logprobs, { content: [GOOD], refusal: null });
  assert.equal(choice({}).logprobs, null);
});

test("a chunk carries the likelihoods of its own tokens", async () => {
  async function* deltas(): AsyncGenerator<ChatDelta> {
    yield { content: "good", logprobs: [GOOD] };
    yield { content: "!" };
    yield { content: "", finish_reason: "stop" };
  }
  let text = "";
  for await (const piece of completionEvents(HEAD, deltas(), false)) {
    text += Buffer.from(piece).toString();
  }
  const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map((found) => JSON.parse(found[1]!));
  assert.deepEqual(
    chunks.map(({ choices: [{ delta, logprobs }] }) => [delta.content, logprobs]),
    [
      ["", null],
      ["good", { content: [GOOD], refusal: null }],
      ["!", null],
      [undefined, null],
    ],
  );
});

test("what nobody tells is noted; null asks for nothing; half a wish is an error", async (t) => {
  const server = await startOpenAiServer(t);
  const base_url = `${server.url}/v1`;
  const providers = [createOpenAiCompatibleProvider({ name: "remote", base_url })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const { handlers } = await createChat(needs, chatSettings.parse({}));
  const client = connectLocal(chat, handlers, { strict: true });
  const asked = { model: "remote/tiny", messages: [{ role: "user" as const, content: "hi" }] };
  const { notes, logprobs } = await client.chat({ ...asked, logprobs: true, top_logprobs: 2 });
  assert.deepEqual([notes, logprobs], [["logprobs: whoever answered tells none"], undefined]);
  await client.completions({ ...asked, logprobs: null, top_logprobs: null });
  assert.deepEqual(
    server.requests.map(({ body }) => [body["logprobs"], body["top_logprobs"]]),
    [
      [true, 2],
      [undefined, undefined],
    ],
  );
  await assert.rejects(
    client.chat({ ...asked, top_logprobs: 2 }),
    (error) => error instanceof LakehouseError && error.issues[0]?.path === "top_logprobs",
  );
  assert.equal(server.requests.length, 2);
});
