// Settings that would be taken and do nothing, or fail later: refused at the start, where they are.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { loadSettings } from "./settings.ts";

const ENDPOINT = '[[providers.endpoints]]\nname = "up"\nbase_url = "http://127.0.0.1:1/v1"\n';
const TOKEN = '[[auth.tokens]]\nname = "ci"\nscopes = ["write"]\n';
const REFERENCE = /by reference only: env:NAME or file:\/path/;

for (const [what, text, where, why] of [
  ["what is no TOML", "[chat]\nx = = 3\n", "lakehouse.toml:2:5: ", /invalid value/],
  [
    "a key itself",
    '[providers.anthropic]\napi_key = "sk-1"\n',
    ":2: providers.anthropic.api_key",
    REFERENCE,
  ],
  ["a token itself", `${TOKEN}token = "sk-1"\n`, "auth.tokens.0.token", REFERENCE],
  [
    "an endpoint's key itself",
    `${ENDPOINT}api_key = "sk-1"\n`,
    "providers.endpoints.0.api_key",
    REFERENCE,
  ],
  [
    "a bucket's key itself",
    '[storage.buckets.cold]\nbackend = "s3"\nsecret_key = "sk-1"\n',
    "secret_key",
    REFERENCE,
  ],
  [
    "vectors of no length",
    `${ENDPOINT}embedding_model = "m"\n`,
    "embedding_dimension",
    /how many numbers/,
  ],
  [
    "a collector without http",
    '[telemetry]\notlp_url = "localhost:4318"\n',
    ":2: telemetry.otlp_url",
    /http:\/\//,
  ],
  [
    "a cache that keeps nothing",
    "[chat]\ncache_semantic = true\n",
    "chat.cache_semantic",
    /needs cache_bytes_max/,
  ],
  ["a door without http", '[s3]\npublic_url = "lake:9000"\n', ":2: s3.public_url", /http:\/\//],
  [
    "a bare model",
    `${TOKEN}token = "env:CI"\nmodels = ["qwen:1b"]\n`,
    "auth.tokens.0.models.0",
    /e\.g\. ollama\/qwen:1b/,
  ],
  [
    "a tier",
    `${TOKEN}token = "env:CI"\nmodels = ["tier/fast"]\n`,
    "models.0",
    /is a tier: name the/,
  ],
  [
    "a price of a bare model",
    '[[usage.prices]]\nmodel = "gpt-4o"\nprompt_per_million = 1\ncompletion_per_million = 1\n',
    "usage.prices.0.model",
    /"gpt-4o" fits no model: write provider\/model/,
  ],
] as const) {
  test(`${what} is refused with its place, and no secret is told`, async (t) => {
    const file = join(await tempDir(t), "lakehouse.toml");
    await writeFile(file, text);
    await assert.rejects(loadSettings({ file, variables: {} }), (error: LakehouseError) => {
      assert.equal(error.reason, "bad_settings");
      assert.ok(error.message.includes(where), error.message);
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /sk-1/);
      return true;
    });
  });
}
