// Wrong names of models in the settings stop the start; providers without a key do not.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { LakehouseError } from "#kernel/problem.ts";
import { loadSettings } from "./settings.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

async function load(t: TestContext, text: string) {
  const file = join(await tempDir(t), "lakehouse.toml");
  await writeFile(file, text);
  return loadSettings({ file, variables: {} });
}

const GOOD = `[models]
local_fast = "tiny"
strong = "tier/local_fast"
weak_models = ["whatever/this-is"]
[chat]
default_model = "tier/strong"
[chat.fallbacks]
"tier/local_fast" = ["up/ok", "openrouter/vendor/m", "hf.co/user/model", "gpt-oss:cloud"]
"bare" = ["tier/local_fast", "up/ok"]
[chat.provider_concurrency]
up = 3
[[providers.endpoints]]
name = "up"
base_url = "http://127.0.0.1:1/v1"
api_key = "env:NOT_THERE"
`;

test("names that lead to a known provider are taken, whether it has a key or not", async (t) => {
  const { chat } = await load(t, GOOD);
  assert.equal(chat.default_model, "tier/strong");
});

test("names that lead nowhere are refused with their line and the known ones", async (t) => {
  const tiers = /\(tiers in \[models\]: local_fast, strong\)/;
  const providers = /known: anthropic, .*builtin, up/;
  for (const [from, to, where, known] of [
    ['"tier/strong"', '"tier/nope"', /:6: chat\.default_model: .*no tier "nope"/, tiers],
    ['"tier/strong"', '"nope/m"', /:6: chat\.default_model: "nope\/m" names no/, providers],
    ['"tiny"', '"olama/tiny"', /:2: models\.local_fast: "olama\/tiny" names no/, providers],
    ['"tier/local_fast" =', '"tier/local" =', /:8: chat\.fallbacks\.tier\/local: /, tiers],
    ['"bare" =', '"nope/m" =', /:9: chat\.fallbacks\.nope\/m: /, providers],
    ['["up/ok"', '["upp/ok"', /:8: chat\.fallbacks\.tier\/local_fast: "upp\/ok" /, providers],
    ['"tier/local_fast", "up', '"tier/x", "up', /:9: chat\.fallbacks\.bare: .*"x"/, tiers],
    ["up = 3", "upp = 3", /:11: chat\.provider_concurrency\.upp: /, providers],
    ['"bare" =', '"ollama/tiny" =', /"tier\/local_fast" is the same model, ollama\/tiny/, /one/],
  ] as const) {
    assert.ok(GOOD.includes(from));
    await assert.rejects(load(t, GOOD.replace(from, to)), (error: LakehouseError) => {
      assert.equal(error.reason, "bad_settings");
      assert.match(error.message, where);
      assert.match(error.message, known);
      return true;
    });
  }
});
