// Section [models]: tiers are texts, weak_models a list that the downgrade gate reads.
import { test } from "node:test";
import assert from "node:assert/strict";
import { modelsSettings, tiersOf, weakModels } from "./model-tiers.ts";

test("weak models come from [models] unless the matrix names its own; tiers become models", () => {
  const models = modelsSettings.parse({
    local_fast: "ollama/tiny",
    weak_models: ["tier/local_fast", "ollama/small"],
  });
  assert.deepEqual(tiersOf(models), { local_fast: "ollama/tiny" });
  assert.deepEqual(weakModels(models, []), ["ollama/tiny", "ollama/small"]);
  assert.deepEqual(weakModels(models, ["x/own"]), ["x/own"]);
  assert.deepEqual(weakModels(modelsSettings.parse(undefined), []), []);
});

test("a list where a tier stands, or a text where the list does, is refused by name", () => {
  for (const [bad, message] of [
    [{ weak_models: "ollama/tiny" }, /weak_models is a list/u],
    [{ local_fast: ["ollama/tiny"] }, /a tier is one model/u],
  ] as const) {
    const result = modelsSettings.safeParse(bad);
    assert.equal(result.success, false);
    assert.match(result.error!.issues[0]!.message, message);
    assert.deepEqual(result.error!.issues[0]!.path, [Object.keys(bad)[0]]);
  }
});
