// The cache of answers in other words in a whole house: one question upstream, and said so.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import type { UsageLine } from "#contracts/usage.ts";
import { startScriptedModel } from "#work/iterate/scripted-model.suite.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { composeHouse } from "./compose.ts";
import { houseSettings } from "./settings.ts";

const WORDINGS = [
  "What is the capital of France?",
  "What is the capital of France?",
  "Please tell me, what is the capital of France?",
  "What is the capital of Spain?",
  "What is not the capital of France?",
];

async function askAll(cache: object) {
  const stops: (() => unknown)[] = [];
  const t = { after: (stop: () => unknown) => void stops.push(stop) };
  const server = await startScriptedModel(t, (_asked, number) => ({ content: `answer ${number}` }));
  const settings = houseSettings.parse({
    data_dir: await tempDir(t),
    domains: ["bookshop"],
    providers: { ollama: "", endpoints: [{ name: "script", base_url: server.base_url }] },
    chat: cache,
    usage: {
      prices: [
        { model: "script/*", prompt_per_million: 1_000_000, completion_per_million: 1_000_000 },
      ],
    },
  });
  const only = ["usage", "chat"] as const;
  const house = await composeHouse({ settings, log: silentLog, variables: {}, only });
  try {
    const said: string[] = [];
    for (const content of WORDINGS) {
      const messages = [{ role: "user" as const, content }];
      said.push((await house.clients.chat.chat({ model: "script/m", messages })).content);
    }
    const ledger = await readFile(join(settings.data_dir, "usage", "usage.jsonl"), "utf8");
    const lines = ledger.trim().split("\n");
    const calls = lines.map((line) => JSON.parse(line) as UsageLine);
    for (const { cache, cost, charged_tokens, total_tokens } of calls) {
      const paid = cache === "hit" || cache === "semantic" ? 0 : total_tokens!;
      assert.deepEqual([cost, charged_tokens], [paid, paid]);
    }
    return { said, caches: calls.map(({ cache }) => cache), asked: server.asked.length };
  } finally {
    await house.stop();
    for (const stop of stops.toReversed()) await stop();
  }
}

test("with the semantic cache the same request in other words is answered without asking", async () => {
  const { said, caches, asked } = await askAll({ cache_bytes_max: 1e6, cache_semantic: true });
  assert.deepEqual(said, ["answer 0", "answer 0", "answer 0", "answer 1", "answer 2"]);
  assert.deepEqual(caches, ["miss", "hit", "semantic", "miss", "miss"]);
  assert.equal(asked, 3);
});

test("without it only the very same request is, and by default none", async () => {
  const exact = await askAll({ cache_bytes_max: 1e6 });
  assert.deepEqual([exact.asked, exact.caches.filter((one) => one === "hit").length], [4, 1]);
  const none = await askAll({});
  assert.equal(none.asked, 5);
  assert.ok(none.caches.every((one) => one === "off"));
});
