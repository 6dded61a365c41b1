// The list of models as a caller may ask them, and one of it by its id.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createOllamaProvider } from "#adapters/chat-model/ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { createChat, type MayAsk } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { startOpenAiServer } from "../../../test/support/model-servers.ts";
import { startScriptedServer } from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

async function open(t: HasAfter, mayAsk?: MayAsk, embedding_models?: string[]) {
  const { url } = await startOpenAiServer(t);
  const providers = [
    createOpenAiCompatibleProvider({ name: "up", base_url: `${url}/v1` }),
    createOllamaProvider({ name: "gone", base_url: "http://127.0.0.1:1" }),
  ];
  const tiers = { fast: "up/vendor/tiny", strong: "tier/fast", away: "openrouter/x" };
  const needs = { providers, tiers, log: silentLog, clock: systemClock, mayAsk };
  return createChat({ ...needs, embedding_models }, chatSettings.parse({}));
}

const LISTED = { id: "up/vendor/tiny", object: "model", created: 0, owned_by: "up" };

eachTransport("a model is found by its listed id, slashes and all", async (connect, t) => {
  const client = await connect(chat, (await open(t)).handlers);
  assert.deepEqual(await client.model({ id: "up/vendor/tiny" }), LISTED);
  for (const id of ["up/vendor", "vendor/tiny", "nobody", "up/vendor/tiny/more"]) {
    await assert.rejects(client.model({ id }), { code: "not_found", reason: "no_such_model" });
  }
  await assert.rejects(client.model({ id: "gone/tiny" }), { reason: "provider_unreachable" });
});

eachTransport("a bare name is unknown while its provider is away", async (connect) => {
  const providers = [createOllamaProvider({ name: "ollama", base_url: "http://127.0.0.1:1" })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const client = await connect(chat, (await createChat(needs, chatSettings.parse({}))).handlers);
  const said = { reason: "no_such_model", message: /"tiny"/ };
  await assert.rejects(client.model({ id: "tiny" }), said);
  await assert.rejects(client.model({ id: "ollama/tiny" }), { reason: "provider_unreachable" });
});

eachTransport("tiers that can be asked are listed beside the models", async (connect, t) => {
  const client = await connect(chat, (await open(t)).handlers);
  const ids = (await client.models({})).data.map(({ id }) => id);
  assert.deepEqual(ids.slice(-2), ["tier/fast", "tier/strong"]);
  assert.ok(ids.includes(LISTED.id) && !ids.includes("tier/away"), ids.join());
  const strong = { ...LISTED, id: "tier/strong" };
  assert.deepEqual(await client.model({ id: "tier/strong" }), strong);
  await assert.rejects(client.model({ id: "tier/away" }), { reason: "no_such_model" });
});

eachTransport("models that embed are listed last, once, and found", async (connect, t) => {
  const service = await open(t, undefined, ["builtin/mini", LISTED.id]);
  const client = await connect(chat, service.handlers);
  const ids = (await client.models({})).data.map(({ id }) => id);
  assert.deepEqual(ids, [LISTED.id, "tier/fast", "tier/strong", "builtin/mini"]);
  const mini = { ...LISTED, id: "builtin/mini", owned_by: "builtin" };
  assert.deepEqual(await client.model({ id: "builtin/mini" }), mini);
});

test("models that the caller may not ask are not listed, and not found", async (t) => {
  const mayAsk: MayAsk = async () => (full_name) => full_name.startsWith("other/");
  const { handlers } = await open(t, mayAsk, ["builtin/mini", "other/mini"]);
  const client = connectLocal(chat, handlers, { strict: true });
  assert.deepEqual(
    (await client.models({})).data.map(({ id }) => id),
    ["other/mini"],
  );
  await assert.rejects(client.model({ id: "builtin/mini" }), { reason: "no_such_model" });
  await assert.rejects(client.model({ id: LISTED.id }), { reason: "no_such_model" });
});

test("a model is found by a name without its provider, where that is asked by it", async (t) => {
  const base_url = await startScriptedServer(t, () => ({
    body: { models: [{ name: "qwen:latest" }] },
  }));
  const providers = [createOllamaProvider({ base_url })];
  const needs = { providers, tiers: {}, log: silentLog, clock: systemClock };
  const mayAsk: MayAsk = async () => (full_name) => full_name !== "ollama/secret";
  const { handlers } = await createChat({ ...needs, mayAsk }, chatSettings.parse({}));
  const client = connectLocal(chat, handlers, { strict: true });
  const qwen = { ...LISTED, id: "ollama/qwen:latest", owned_by: "ollama" };
  for (const id of ["qwen:latest", "qwen", "ollama/qwen"]) {
    assert.deepEqual(await client.model({ id }), qwen, id);
  }
  for (const id of ["secret", "qwe", "qwen:7b"]) {
    await assert.rejects(client.model({ id }), { reason: "no_such_model" });
  }
});
