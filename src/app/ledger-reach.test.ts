// Where usage runs apart nobody is told that keys and budgets hold when they do not.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceName } from "#contracts/all-contracts.ts";
import { silentLog } from "#kernel/log.ts";
import { composeHouse } from "./compose.ts";
import { checkLimitsHold } from "./ledger-reach.ts";
import { serveHouse } from "./serve.ts";
import { houseSettings } from "./settings.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

const CI = { name: "ci", token: "env:CI", scopes: ["write"] };

test("chat does not start beside the ledger of another process", async (t) => {
  const settings = houseSettings.parse({
    data_dir: await tempDir(t),
    services: { usage: "http://127.0.0.1:1" },
  });
  const options = { settings, log: silentLog, variables: {} };
  await assert.rejects(composeHouse({ ...options, only: ["chat"] }), {
    code: "invalid",
    reason: "usage_apart",
    hint: /--only …,chat,usage/,
  });
  await (await composeHouse({ ...options, only: ["usage", "chat"] })).stop();
  const without = houseSettings.parse({ data_dir: await tempDir(t) });
  await (await composeHouse({ ...options, settings: without, only: ["chat"] })).stop();
});

test("embed does not start beside it either, where it asks somebody who is paid", async (t) => {
  const endpoint = { name: "up", base_url: "http://127.0.0.1:1/v1" };
  const embeds = { ...endpoint, embedding_model: "m", embedding_dimension: 4 };
  const open = async (paid: object) => {
    const settings = houseSettings.parse({
      data_dir: await tempDir(t),
      services: { usage: "http://127.0.0.1:1" },
      providers: { endpoints: [paid] },
    });
    return composeHouse({ settings, log: silentLog, variables: {}, only: ["embed"] });
  };
  const refusal = { reason: "usage_apart", message: /embed, which asks up,/ };
  await assert.rejects(open(embeds), refusal);
  await assert.rejects(open({ ...endpoint, rerank_model: "m" }), refusal);
  await (await open(endpoint)).stop();
});

test("tokens with limits, and keys, are served only where they are held", () => {
  const plain = houseSettings.parse({ auth: { tokens: [CI] } });
  const limited = houseSettings.parse({ auth: { tokens: [{ ...CI, requests_per_minute: 1 }] } });
  const check = (here: ServiceName[], as_proxy: boolean, settings = limited) =>
    checkLimitsHold({ here: new Set(here), as_proxy }, settings);
  for (const [here, as_proxy] of [
    [[], true],
    [["embed"], false],
    [["usage"], true],
  ] as [ServiceName[], boolean][]) {
    assert.throws(() => check(here, as_proxy), { reason: "usage_apart" }, here.join());
  }
  check(["usage", "chat"], true);
  check(["query"], false);
  check(["embed"], true, plain);
});

test("a gateway apart from usage refuses virtual keys and says where they are good", async (t) => {
  const usage = "http://127.0.0.1:3999";
  const settings = houseSettings.parse({
    data_dir: await tempDir(t),
    gateway: { port: 0 },
    services: { usage },
  });
  const options = { settings, variables: {}, log: silentLog, version: "0", gateway: true };
  const serving = await serveHouse({ ...options, only: ["observe"] });
  t.after(() => serving.stop());
  const ask = async (secret: string) => {
    const headers = { authorization: `Bearer ${secret}` };
    return fetch(`${serving.url}/openapi.json`, { headers });
  };
  const refused = await ask(`lhk_0123456789abcdef_${"x".repeat(43)}`);
  const problem = (await refused.json()) as { reason: string; hint: string };
  assert.deepEqual([refused.status, problem.reason], [401, "unknown_key"]);
  assert.match(problem.hint, /where usage runs: http:\/\/127\.0\.0\.1:3999/);
  // Clients of OpenAI's API always send something.
  const other = await ask("sk-none");
  assert.equal(other.status, 200);
  await other.body?.cancel();
});
