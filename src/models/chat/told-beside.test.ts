// What providers tell beside the message reaches clients; answers of an unknown end are not kept.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import {
  chunksOf,
  completionOf,
  startScriptedServer,
  type ScriptedAnswer,
} from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const ASK = { model: "up/ok", messages: [{ role: "user" as const, content: "hi" }] };

async function open(t: HasAfter, answer: ScriptedAnswer) {
  const asked: Record<string, unknown>[] = [];
  const base_url = await startScriptedServer(t, (body) => {
    asked.push(body);
    return answer;
  });
  const providers = [createOpenAiCompatibleProvider({ name: "up", base_url })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ retries_max: 0, cache_bytes_max: 1_000_000 });
  const { handlers } = await createChat(needs, settings);
  const client = connectLocal(chat, handlers, { strict: true });
  const completion = async (more: object) => {
    let text = "";
    const { body } = await client.completions({ ...ASK, ...more });
    for await (const piece of body) text += Buffer.from(piece).toString();
    const events = [...text.matchAll(/^data: (\{.*)$/gm)].map((found) => found[1]!);
    return (events.length > 0 ? events : [text]).map((one) => JSON.parse(one));
  };
  return { client, asked, completion };
}

const BESIDE = { citations: ["https://a"], service_tier: "flex", system_fingerprint: "fp_1" };

test("citations, tier and fingerprint are told, whole and streamed, as its own members", async (t) => {
  const message = { role: "assistant", content: "hi" };
  const whole = await open(t, { body: completionOf(message, BESIDE) });
  const [{ citations, service_tier, system_fingerprint, choices }] = await whole.completion({});
  assert.deepEqual({ citations, service_tier, system_fingerprint }, BESIDE);
  assert.deepEqual(choices[0].message, { ...message, refusal: null });
  assert.deepEqual((await whole.client.chat(ASK)).other, { beside_message: BESIDE });
  const [first, ...others] = chunksOf([{ content: "hi" }]);
  const told = { ...BESIDE, obfuscation: "xyz" };
  const events = [{ ...first, ...told, citations: ["old"] }, ...others.map(withTold)];
  function withTold(one: object) {
    return { ...one, ...told };
  }
  const streamed = await open(t, { events });
  for (let times = 0; times < 2; times++) {
    const chunks = await streamed.completion({ stream: true });
    const { id: _id, object: _object, created: _created, model: _model, ...last } = chunks.at(-1);
    assert.equal(last.choices[0].finish_reason, "stop");
    assert.deepEqual(last, { ...BESIDE, choices: last.choices });
  }
  assert.equal(streamed.asked.length, 1, "the second one is from the cache");
});

test("parts that are no text are told beside it, and likelihoods of a refusal", async (t) => {
  const picture = { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } };
  const content = [{ type: "text", text: "see" }, picture, { type: "text", text: "" }];
  for (const answer of [
    { body: completionOf({ content }) },
    { events: chunksOf([{ content: content.slice(0, 1) }, { content: content.slice(1) }]) },
  ]) {
    const { client } = await open(t, answer);
    const told = await client.chat(ASK);
    assert.deepEqual([told.content, told.other], ["see", { content_parts: [picture] }]);
  }
  const no = { token: "No", logprob: -0.1, bytes: [78, 111] };
  const logprobs = { content: null, refusal: [no] };
  const choice = { index: 0, message: { refusal: "No" }, finish_reason: "stop", logprobs };
  const { completion } = await open(t, { body: { choices: [choice] } });
  const [{ choices, notes }] = await completion({ logprobs: true });
  assert.deepEqual([choices[0].logprobs, notes], [logprobs, undefined]);
  const chunk = { choices: [{ index: 0, delta: { refusal: "No" }, logprobs }] };
  const streamed = await open(t, { events: [chunk, ...chunksOf([])] });
  const chunks = await streamed.completion({ logprobs: true, stream: true });
  const told = chunks.flatMap((one) => one.choices[0].logprobs ?? []);
  assert.deepEqual(told, [logprobs]);
});

test("an answer that ended in a word nobody knows is noted and not kept", async (t) => {
  for (const [word, times] of [
    ["weariness", 2],
    ["model_length", 2],
    ["EOS", 1],
  ] as const) {
    for (const answer of [
      { body: completionOf({ content: "half an" }, {}, word) },
      { events: chunksOf([{ content: "half an" }], undefined, word) },
    ]) {
      const { client, asked } = await open(t, answer);
      const [{ notes }] = [await client.chat(ASK), await client.chat(ASK)];
      assert.equal(asked.length, times, word);
      assert.equal(notes?.length, word === "weariness" ? 1 : undefined);
    }
  }
});

test("a seed of 64 bits is passed on; one that is not whole is refused", async (t) => {
  const { client, asked } = await open(t, { body: completionOf({ content: "x" }) });
  await client.chat({ ...ASK, seed: 2 ** 62 });
  assert.equal(asked[0]!["seed"], 2 ** 62);
  for (const seed of [0.5, 2 ** 70]) {
    await assert.rejects(client.chat({ ...ASK, seed }), { code: "invalid" });
  }
});

test("an old client's function message is passed on as it is", async (t) => {
  const { completion, asked } = await open(t, { body: completionOf({ content: "x" }) });
  const messages = [{ role: "function", name: "f", content: "1" }];
  await completion({ messages });
  assert.deepEqual(asked[0]!["messages"], messages);
});
