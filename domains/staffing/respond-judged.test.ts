// respond with a small model: candidates are judged one by one, through chat and a real provider.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { startScriptedModel, type AskedCompletion } from "#work/iterate/scripted-model.suite.ts";
import { respondHouse, type HasAfter } from "./respond-house.suite.ts";

const TASK = "Need 2 forklift operators in Toledo, OH";
const lastOf = ({ messages }: AskedCompletion) => String(messages.at(-1)!.content);

async function setUp(t: HasAfter, good: (says: string) => number) {
  const server = await startScriptedModel(t, (asked) => {
    const likely = good(lastOf(asked));
    return { content: "maybe", likely: { maybe: 0.01, good: likely, bad: 1 - likely } };
  });
  const provider = createOpenAiCompatibleProvider({ name: "script", base_url: server.base_url });
  const models = await createChat(
    { providers: [provider], tiers: {}, log: silentLog, clock: systemClock },
    { ...chatSettings.parse({}), default_model: "script/small" },
  );
  const house = await respondHouse(t, { chat: connectLocal(chat, models.handlers) });
  return { ...house, server };
}

const ask = { task: TASK, model: "script/small", guided: true } as const;

test("a small model finds what fits, candidate by candidate, and says nothing but a word", async (t) => {
  const { client, server } = await setUp(t, (says) => (says.includes("not ") ? 0.2 : 0.8));
  const answer = await client.respond(ask);
  assert.equal(answer.status, "accepted");
  assert.equal(answer.iterations, 1);
  assert.equal(answer.provider_kind, "model");
  assert.equal(server.asked.length, answer.retrieved.length);
  for (const asked of server.asked) {
    assert.equal(asked.logprobs, true);
    assert.equal(asked.max_tokens, 1);
    assert.match(lastOf(asked), /^(not )?active, (not )?allowed$/);
  }
});

test("a small model that sees all wrong is refused by the validator, and asked no more", async (t) => {
  const { client, server } = await setUp(t, (says) => (says.includes("not ") ? 0.8 : 0.2));
  const answer = await client.respond({ ...ask, max_iterations: 2 });
  assert.equal(answer.iterations, 2);
  const [first, second] = answer.history;
  assert.equal(first!.verdict, "validation_failed");
  assert.notDeepEqual(first!.artifact, second!.artifact);
  assert.equal(server.asked.length, answer.retrieved.length);
});
