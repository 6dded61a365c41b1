// Which provider a name leads to: the whole table.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { routeModel, type RoutingTable } from "./route-model.ts";

const ALL = [
  "anthropic",
  "ollama",
  "ollama_cloud",
  "openrouter",
  "opencode",
  "kimi",
  "local",
  "builtin",
  "mine",
];
const table: RoutingTable = {
  registered: ALL,
  tiers: { local_fast: "qwen3:4b", local_judge: "tier/local_fast", turns: "tier/turns" },
  default_model: "builtin/solver",
};

const ROUTES: [{ model?: string; provider?: string }, string, string][] = [
  [{}, "builtin", "solver"],
  [{ provider: "builtin" }, "builtin", "solver"],
  [{ model: "qwen3:4b" }, "ollama", "qwen3:4b"],
  [{ model: "ollama/qwen3:4b" }, "ollama", "qwen3:4b"],
  [{ model: "ollama/user/model" }, "ollama", "user/model"],
  [{ model: "hf.co/user/model:Q4_K_M" }, "ollama", "hf.co/user/model:Q4_K_M"],
  [{ model: "gpt-oss:cloud" }, "ollama_cloud", "gpt-oss"],
  [{ model: "ollama_cloud/gpt-oss:120b" }, "ollama_cloud", "gpt-oss:120b"],
  [{ model: "openrouter/vendor/model" }, "openrouter", "vendor/model"],
  [{ model: "openrouter/vendor/model:free" }, "openrouter", "vendor/model:free"],
  [{ model: "anthropic/claude-tiny" }, "anthropic", "claude-tiny"],
  [{ model: "openrouter/anthropic/claude-tiny" }, "openrouter", "anthropic/claude-tiny"],
  [{ model: "opencode/m" }, "opencode", "m"],
  [{ model: "kimi/m" }, "kimi", "m"],
  [{ model: "local/file" }, "local", "file"],
  [{ model: "mine/m" }, "mine", "m"],
  [{ model: "builtin/solver" }, "builtin", "solver"],
  [{ model: "tier/local_fast" }, "ollama", "qwen3:4b"],
  [{ model: "tier/local_judge" }, "ollama", "qwen3:4b"],
  [{ model: "openrouter/vendor/model", provider: "ollama" }, "ollama", "openrouter/vendor/model"],
  [{ model: "vendor/model", provider: "openrouter" }, "openrouter", "vendor/model"],
  [{ model: "openrouter/vendor/model", provider: "openrouter" }, "openrouter", "vendor/model"],
  [{ model: "gpt-oss:cloud", provider: "ollama" }, "ollama", "gpt-oss:cloud"],
  [{ model: "tier/local_fast", provider: "mine" }, "mine", "qwen3:4b"],
];

for (const [asked, provider, model] of ROUTES) {
  test(`${JSON.stringify(asked)} leads to ${provider} and its ${model}`, () => {
    assert.deepEqual(routeModel(asked, table), { provider, model });
  });
}

function refusal(asked: { model?: string; provider?: string }, registered = ALL): LakehouseError {
  try {
    routeModel(asked, { ...table, registered });
  } catch (error) {
    assert.ok(error instanceof LakehouseError);
    return error;
  }
  throw new Error("it was not refused");
}

test("a provider that is not registered is not found, with the registered ones in the hint", () => {
  for (const asked of [
    { model: "qwen3:4b" },
    { model: "openrouter/vendor/model" },
    { model: "m:cloud" },
    { model: "x", provider: "kimi" },
    { provider: "kimi" },
    { model: "nobody/model" },
  ]) {
    const { code, reason, hint } = refusal(asked, ["builtin"]);
    assert.deepEqual([code, reason], ["not_found", "no_such_provider"], JSON.stringify(asked));
    assert.match(hint!, /registered: builtin/);
  }
});

test("a provider of the settings that lacks its key is told apart from one that nobody knows", () => {
  const lacks = "gamma is in the settings, but env:GAMMA is not set";
  const table = { registered: ["builtin"], keyless: new Map([["gamma", lacks]]) };
  for (const asked of [{ model: "gamma/m" }, { model: "m", provider: "gamma" }]) {
    assert.throws(
      () => routeModel(asked, { ...table, tiers: {}, default_model: "builtin/solver" }),
      (error) =>
        error instanceof LakehouseError &&
        error.reason === "no_such_provider" &&
        error.message === lacks &&
        /registered now: builtin/.test(error.hint!),
    );
  }
});

test("an unknown tier is not found, and a tier that leads to itself ends", () => {
  assert.equal(refusal({ model: "tier/none" }).reason, "no_such_model");
  assert.match(refusal({ model: "tier/none" }).hint!, /local_fast/);
  assert.equal(refusal({ model: "tier/__proto__" }).reason, "no_such_model");
  assert.match(refusal({ model: "tier/turns" }).message, /leads back to itself/);
});

test("a provider without a model is asked for one", () => {
  assert.equal(refusal({ model: "ollama/" }).code, "invalid");
  assert.equal(refusal({ provider: "ollama" }).code, "invalid");
});
