// A house that is asked to stop gives the calls under way the time that its settings say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { sayJson, startRawProvider } from "../../test/support/raw-provider.ts";
import { tempDir, type HasAfter } from "../../test/support/temp-dir.ts";
import { serveHouse } from "./serve.ts";
import { houseSettings } from "./settings.ts";

const message = { role: "assistant", content: "late" };
const ANSWER = { choices: [{ index: 0, message, finish_reason: "stop" }] };

/** Asks, stops the house in the middle, and tells how the call ended, and after how long. */
async function stopped(t: HasAfter, stop_grace_ms: number, provider_ms: number) {
  const provider = await startRawProvider(t, (socket) => {
    setTimeout(() => sayJson(socket, 200, ANSWER), provider_ms).unref();
  });
  const settings = houseSettings.parse({
    data_dir: await tempDir(t),
    gateway: { port: 0, stop_grace_ms },
    providers: { ollama: "", endpoints: [{ name: "up", base_url: provider.url }] },
  });
  const only = ["journal", "usage", "chat", "observe"] as const;
  const options = { settings, only, variables: {}, log: silentLog, version: "0", gateway: true };
  const serving = await serveHouse(options);
  t.after(() => serving.stop());
  const answer = fetch(`${serving.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "up/m", messages: [{ role: "user", content: "hello" }] }),
  });
  await provider.first;
  const from = performance.now();
  const over = serving.stop();
  const { status } = await answer;
  await over;
  return { status, took_ms: performance.now() - from };
}

test("a call that ends within the grace is answered", async (t) => {
  assert.equal((await stopped(t, 60_000, 300)).status, 200);
});

test("one that takes longer is told so, and stopping goes on", async (t) => {
  const { status, took_ms } = await stopped(t, 50, 30_000);
  assert.equal(status, 503);
  assert.ok(took_ms < 1_500, `${Math.round(took_ms)} ms`);
});
