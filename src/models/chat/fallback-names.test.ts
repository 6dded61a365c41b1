// Chains of stand-ins are found by whatever name their model is asked.
import { test } from "node:test";
import assert from "node:assert/strict";
import { connectLocal } from "#kernel/connect-local.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { createOllamaProvider } from "#adapters/chat-model/ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { chat } from "#contracts/chat.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { startOllamaServer, startOpenAiServer } from "../../../test/support/model-servers.ts";

test("the chain of a tier, or of a bare name, is that of its model by any of its names", async (t) => {
  const [ollama, openai] = await Promise.all([startOllamaServer(t), startOpenAiServer(t)]);
  const providers = [
    createOllamaProvider({ base_url: ollama.url }),
    createOpenAiCompatibleProvider({ name: "or", base_url: `${openai.url}/v1` }),
  ];
  const own = { providers, tiers: { fast: "ollama/tiny" }, log: silentLog, clock: systemClock };
  const messages = [{ role: "user" as const, content: "hello" }];
  for (const name of ["tier/fast", "tiny"]) {
    const fallbacks = { [name]: ["or/vendor/tiny"] };
    const service = await createChat(own, chatSettings.parse({ fallbacks, retries_max: 0 }));
    const client = connectLocal(chat, service.handlers, { strict: true });
    for (const model of ["tier/fast", "tiny", "ollama/tiny"]) {
      ollama.next("broken_500");
      const answer = await client.chat({ model, messages });
      assert.equal(answer.model, "or/vendor/tiny", `${name} for ${model}`);
    }
  }
});
